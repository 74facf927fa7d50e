/** Every dialogue in test/golden/kubectl, held by stock kubectl of several generations with one cluster. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Namespace } from '../../src/api/kinds/namespace.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { startCluster, type TestCluster } from '../../src/launch/start_cluster.ts'
import { dialogues, hold, VERSIONS, type Dialogue } from './dialogue.ts'
import { findKubectl, type KubectlVersion } from './kubectl.ts'

const kubectls = await Promise.all(VERSIONS.map(findKubectl))

export function holdDialogues(isHeld: (dialogue: Dialogue, version: KubectlVersion) => boolean): void {
  describe('stock kubectl', () => {
    let cluster: TestCluster
    let directory: string
    before(async () => {
      cluster = await startCluster({ seed: 'kubectl' })
      directory = await mkdtemp(join(tmpdir(), 'poise-compat-'))
      await runMetered(cluster)
      await pullImages(cluster)
    })
    after(async () => {
      await cluster.stop()
      await rm(directory, { recursive: true, force: true })
    })

    for (const [index, version] of VERSIONS.entries()) {
      const { path: kubectl, skip } = kubectls[index]!
      describe(`kubectl ${version}`, { concurrency: 4 }, () => {
        for (const dialogue of dialogues().filter(one => isHeld(one, version))) {
          test(`kubectl ${version}: ${dialogue.sentence}`, { skip }, () =>
            hold(dialogue, { version, kubectl: kubectl!, kubeconfig: cluster.kubeconfig, directory }),
          )
        }
      })
    }
  })
}

/** For `kubectl top`: it takes half a minute until there are figures, so these run from the start. */
async function runMetered({ client }: TestCluster): Promise<void> {
  await client.create(Namespace, { metadata: { name: 'metered' } } as never)
  // Just below a whole number of thousandths: kubectl rounds up, and clocks tick between two readings.
  const uses = { busy: { main: 'cpu=0.2495,memory=64Mi', side: 'cpu=0.0991,memory=32Mi,listen=none' }, calm: { main: 'cpu=0.0095,memory=128Mi' } }
  for (const [name, containers] of Object.entries(uses))
    await client.create(Pod, {
      metadata: {
        name,
        namespace: 'metered',
        labels: { app: name },
        annotations: Object.fromEntries(Object.entries(containers).map(([container, use]) => [`simulate.poise.dev/${container}`, use])),
      },
      spec: { containers: Object.keys(containers).map(container => ({ name: container, image: 'busybox:1.28' })) },
    } as never)
}

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
