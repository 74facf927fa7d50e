/** Services as Pods see them, in virtual time; and the init containers of article c, to the second. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import { Pod } from '../../src/api/kinds/pod.ts'
import { Service } from '../../src/api/kinds/service.ts'
import { isReady } from '../../src/api/pod.ts'
import type { Draft } from '../../src/client/client.ts'
import { startVirtualCluster, type VirtualCluster } from '../../src/launch/virtual_cluster.ts'
import { testServices } from '../contracts/services.ts'

const clusters: VirtualCluster[] = []
const namespace = 'default'

testServices({
  name: 'simulated',
  concurrency: 1,
  async begin(scenario) {
    const cluster = await startVirtualCluster({ seed: scenario, nodes: 2, runtime: { programMs: [2, 20] } })
    clusters.push(cluster)
    return { client: cluster.client, namespace, run: promise => cluster.run(promise), pause: ms => cluster.advance(ms) }
  },
  async close() {
    for (const cluster of clusters) await cluster.stop()
  },
})

const manifests = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'test', 'manifests')
const manifest = (name: string): string => readFileSync(join(manifests, `${name}.yaml`), 'utf8')

test('c1: each init container ends with the first look that finds its Service of c2, mended, and not before', async () => {
  const cluster = await startVirtualCluster({ seed: 1 })
  await using _ = cluster
  const { client, run, world } = cluster
  const [c1] = parseAllDocuments(manifest('c1-init-containers')).map(document => document.toJS() as Draft<Pod>)
  const services = parseAllDocuments(manifest('c2-services').replace(/^ports:/m, '  ports:')).map(document => document.toJS() as Draft<Service>)
  const key = { namespace, name: c1!.metadata.name! }
  await run(client.create(Pod, { ...c1!, metadata: { ...c1!.metadata, namespace } }))
  const states = async () => ((await run(client.get(Pod, key))).status.initContainerStatuses ?? []).map(({ state }) => Object.keys(state ?? {})[0])
  const until = async (holds: () => Promise<boolean>) => {
    const beganAt = world.now()
    while (!(await holds())) {
      assert.ok(world.now() - beganAt < 60_000, 'it does not come about')
      await cluster.advance(50)
    }
    return world.now() - beganAt
  }
  await until(async () => (await states())[0] === 'running')
  await cluster.advance(120_000)
  assert.deepEqual(await states(), ['running', 'waiting'], 'two minutes on, still the first one')
  for (const [index, service] of services.entries()) {
    await run(client.create(Service, { ...service, metadata: { ...service.metadata, namespace } }))
    const tookMs = await until(async () => (await states())[index] === 'terminated')
    assert.ok(tookMs <= 3_000, `it looks every 2 s: ${tookMs} ms`)
    if (index === 0) {
      await until(async () => (await states())[1] === 'running')
      await cluster.advance(60_000)
      assert.deepEqual(await states(), ['terminated', 'running'])
    }
  }
  await until(async () => isReady(await run(client.get(Pod, key))))
})
