/** Every dialogue in test/golden/kubectl, held by stock kubectl of four generations with one cluster. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Pod } from '../../src/api/kinds/pod.ts'
import { startCluster, type TestCluster } from '../../src/launch/start_cluster.ts'
import { dialogues, hold, VERSIONS } from './dialogue.ts'
import { findKubectl } from './kubectl.ts'

const kubectls = await Promise.all(VERSIONS.map(findKubectl))
const all = dialogues()

describe('stock kubectl', () => {
  let cluster: TestCluster
  let directory: string
  before(async () => {
    cluster = await startCluster({ seed: 'kubectl' })
    directory = await mkdtemp(join(tmpdir(), 'poise-compat-'))
    await pullImages(cluster)
  })
  after(async () => {
    await cluster.stop()
    await rm(directory, { recursive: true, force: true })
  })

  for (const [index, version] of VERSIONS.entries()) {
    const { path: kubectl, skip } = kubectls[index]!
    describe(`kubectl ${version}`, { concurrency: 4 }, () => {
      for (const dialogue of all) {
        test(`kubectl ${version}: ${dialogue.sentence}`, { skip }, () =>
          hold(dialogue, { version, kubectl: kubectl!, kubeconfig: cluster.kubeconfig, directory }),
        )
      }
    })
  }
})

/** So that every dialogue finds the images on the node, whichever comes first. */
async function pullImages({ client }: TestCluster): Promise<void> {
  const containers = ['nginx:1.27', 'nginx:1.28', 'busybox:1.28'].map((image, index) => ({ name: `c${index}`, image }))
  await client.create(Pod, { metadata: { name: 'images', namespace: 'default' }, spec: { containers } } as never)
  for (;;) {
    const { status } = await client.get(Pod, { namespace: 'default', name: 'images' })
    if (status.containerStatuses?.length === containers.length && status.containerStatuses.every(({ imageID }) => imageID)) return
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}
