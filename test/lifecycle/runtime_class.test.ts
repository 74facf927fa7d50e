/** A Pod of a RuntimeClass runs with the class's handler, and what the class costs is counted wherever requests are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../../src/api/kinds/pod.ts'
import { RuntimeClass } from '../../src/api/kinds/runtime_class.ts'
import { startVirtualCluster, type VirtualCluster } from '../../src/launch/virtual_cluster.ts'
import { beginStory, isReady } from './story.ts'

const classOf = (name: string, handler: string, more: object = {}) => ({ metadata: { name }, handler, ...more }) as never
const sleeper = { name: 'main', image: 'busybox:1', command: ['sleep', '3600'] }

test('the sandbox is made by the handler of the class; one the runtime does not have is refused in its words, and tried again', async () => {
  const story = await beginStory()
  story.api.create(RuntimeClass as never, { metadata: { name: 'kata' }, handler: 'kata-qemu' })
  story.run({ spec: { runtimeClassName: 'kata', containers: [sleeper] } })
  await story.world.advance(5_000)
  const refusals = story.events.filter(({ reason }) => reason === 'FailedCreatePodSandBox')
  assert.ok(refusals.length >= 2)
  assert.equal(refusals[0]!.message, 'Failed to create pod sandbox: failed to get sandbox runtime: no runtime for "kata-qemu" is configured')
  assert.equal(story.pod()?.status.phase, 'Pending')

  await story.world.finish(story.api.client.delete(RuntimeClass, { namespace: '', name: 'kata' }))
  await story.world.advance(20_000)
  assert.equal(story.events.at(-1)!.message, 'Failed to create pod sandbox: runtimeclass.node.k8s.io "kata" not found')

  story.api.create(RuntimeClass as never, { metadata: { name: 'kata' }, handler: 'runc' })
  await story.until(isReady, 60)
})

const run = async (cluster: VirtualCluster, name: string, spec: object): Promise<void> => {
  const draft = { metadata: { name, namespace: 'default' }, spec: { containers: [{ ...sleeper, resources: { requests: { cpu: '1' } } }], ...spec } }
  await cluster.run(cluster.client.create(Pod, draft as never))
}
const podNamed = (cluster: VirtualCluster, name: string) => cluster.run(cluster.client.get(Pod, { namespace: 'default', name }))

test('the overhead of a class counts when the scheduler looks for a node, and when the kubelet takes a Pod', async () => {
  await using cluster = await startVirtualCluster({ seed: 1, runtime: { images: ['busybox:1'] } })
  await cluster.run(cluster.client.create(RuntimeClass, classOf('heavy', 'runc', { overhead: { podFixed: { cpu: '2' } } })))
  // Four cores: the first takes three of them, and another one does not fit any more.
  await run(cluster, 'first', { runtimeClassName: 'heavy' })
  await cluster.advance(5_000)
  assert.equal((await podNamed(cluster, 'first')).status.phase, 'Running')
  await run(cluster, 'second', { runtimeClassName: 'heavy' })
  await run(cluster, 'by-name', { runtimeClassName: 'heavy', nodeName: 'node-0' })
  await cluster.advance(5_000)
  const unscheduled = (await podNamed(cluster, 'second')).status.conditions?.find(({ type }) => type === 'PodScheduled')
  assert.match(unscheduled?.message ?? '', /^0\/1 nodes are available: 1 Insufficient cpu/)
  const { status } = await podNamed(cluster, 'by-name')
  assert.deepEqual(
    [status.phase, status.reason, status.message],
    ['Failed', 'OutOfcpu', "Pod was rejected: Node didn't have enough resource: cpu, requested: 3000, used: 3000, capacity: 4000"],
  )
})

test('Pods of a class run only where the class can', async () => {
  await using cluster = await startVirtualCluster({ seed: 2, runtime: { images: ['busybox:1'] } })
  await cluster.run(cluster.client.create(RuntimeClass, classOf('picky', 'runc', { scheduling: { nodeSelector: { 'kubernetes.io/arch': 'riscv64' } } })))
  await run(cluster, 'nowhere', { runtimeClassName: 'picky' })
  await cluster.advance(5_000)
  const condition = (await podNamed(cluster, 'nowhere')).status.conditions?.find(({ type }) => type === 'PodScheduled')
  assert.match(condition?.message ?? '', /^0\/1 nodes are available: 1 node\(s\) didn't match Pod's node affinity\/selector/)
})
