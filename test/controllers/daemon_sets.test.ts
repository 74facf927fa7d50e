/** DaemonSets over a whole cluster in virtual time (behaviour 8.3). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DaemonSet } from '../../src/api/kinds/daemon_set.ts'
import { Node } from '../../src/api/kinds/node.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { controllerOf } from '../../src/api/meta.ts'
import { isDeleting, podCondition } from '../../src/api/pod.ts'
import { beginSets, image, MISSING, namespace, template, type SetsStory } from './sets.ts'

const daemonSet = (spec: object = {}) => ({
  metadata: { name: 'web', namespace },
  spec: { selector: { matchLabels: { app: 'web' } }, template: template(), ...spec },
})
const get = (story: SetsStory) => story.get(DaemonSet)
const available = (story: SetsStory, count: number) =>
  story.until(async () => {
    const { status } = await get(story)
    return (status.numberAvailable ?? 0) === count && (status.updatedNumberScheduled ?? 0) === count && status.desiredNumberScheduled === count
  })
/** `node-0 nginx:1`, in the order of the nodes, of those that are not on their way out. */
const placed = async (story: SetsStory) =>
  (await story.pods())
    .filter(pod => !isDeleting(pod))
    .map(({ spec }) => `${spec.nodeName} ${spec.containers[0]!.image}`)
    .sort()
const taint = (story: SetsStory, node: string, ...taints: { key: string; effect: string }[]) => story.patch(Node, { spec: { taints } }, node)

test('every node has one Pod, sent there by the scheduler', async () => {
  await using story = await beginSets(1, { nodes: 3 })
  await story.create(DaemonSet, daemonSet())
  await available(story, 3)
  assert.deepEqual(await placed(story), ['node-0 nginx:1', 'node-1 nginx:1', 'node-2 nginx:1'])
  const [pod] = await story.pods()
  const [revision] = await story.revisions()
  assert.deepEqual(pod!.metadata.labels, {
    app: 'web',
    'controller-revision-hash': revision!.metadata.labels!['controller-revision-hash'],
    'pod-template-generation': '1',
  })
  assert.deepEqual(pod!.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms, [
    { matchFields: [{ key: 'metadata.name', operator: 'In', values: [pod!.spec.nodeName!] }] },
  ])
  assert.deepEqual(
    pod!.spec.tolerations?.map(({ key, operator, effect }) => `${key}:${effect} ${operator}`),
    [
      'node.kubernetes.io/not-ready:NoExecute Exists',
      'node.kubernetes.io/unreachable:NoExecute Exists',
      'node.kubernetes.io/disk-pressure:NoSchedule Exists',
      'node.kubernetes.io/memory-pressure:NoSchedule Exists',
      'node.kubernetes.io/pid-pressure:NoSchedule Exists',
      'node.kubernetes.io/unschedulable:NoSchedule Exists',
    ],
  )
  assert.deepEqual((await get(story)).status, {
    currentNumberScheduled: 3,
    desiredNumberScheduled: 3,
    numberAvailable: 3,
    numberMisscheduled: 0,
    numberReady: 3,
    observedGeneration: 1,
    updatedNumberScheduled: 3,
  })
  assert.deepEqual(new Set(await story.said('SuccessfulCreate')), new Set((await story.pods()).map(({ metadata }) => `Created pod: ${metadata.name}`)))
})

test('nodes that are cordoned keep their Pod and get one, tainted ones keep it and get none, and NoExecute takes it away', async () => {
  await using story = await beginSets(2, { nodes: 3 })
  await story.patch(Node, { spec: { unschedulable: true } }, 'node-0')
  await taint(story, 'node-1', { key: 'mine', effect: 'NoSchedule' })
  await story.create(DaemonSet, daemonSet())
  await available(story, 2)
  assert.deepEqual(await placed(story), ['node-0 nginx:1', 'node-2 nginx:1'])
  await taint(story, 'node-1')
  await available(story, 3)
  await taint(story, 'node-2', { key: 'mine', effect: 'NoSchedule' })
  await story.until(async () => (await get(story)).status.numberMisscheduled === 1)
  assert.equal((await placed(story)).length, 3)
  assert.equal((await get(story)).status.desiredNumberScheduled, 2)
  await taint(story, 'node-2', { key: 'mine', effect: 'NoExecute' })
  await story.until(async () => (await story.pods()).length === 2)
  assert.deepEqual(await placed(story), ['node-0 nginx:1', 'node-1 nginx:1'])
  assert.equal((await get(story)).status.numberMisscheduled, 0)
})

test('a node that goes takes its Pod with it, and gets another one when it comes back', async () => {
  await using story = await beginSets(3, { nodes: 2 })
  await story.create(DaemonSet, daemonSet())
  await available(story, 2)
  const node = story.cluster.nodes.get('node-1')!
  node.crash()
  await story.remove(Node, 'node-1')
  await story.until(async () => (await get(story)).status.desiredNumberScheduled === 1)
  await story.run(node.restart())
  await story.until(async () => (await get(story)).status.numberReady === 2, 300_000)
  assert.deepEqual(await placed(story), ['node-0 nginx:1', 'node-1 nginx:1'])
})

test('a rolling update with a surge makes the new Pod first; no node is without one at any time', async () => {
  await using story = await beginSets(4, { nodes: 3 })
  await story.create(DaemonSet, daemonSet({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } }))
  await available(story, 3)
  await story.patch(DaemonSet, { spec: { template: image('nginx:2') } })
  let fewest = 3
  let most = 3
  await story.until(async () => {
    const { status } = await get(story)
    fewest = Math.min(fewest, status.numberAvailable ?? 0)
    most = Math.max(most, (await placed(story)).length)
    return status.updatedNumberScheduled === 3 && status.numberAvailable === 3
  })
  assert.deepEqual([fewest, most], [3, 4])
  await story.until(async () => (await placed(story)).join() === ['node-0 nginx:2', 'node-1 nginx:2', 'node-2 nginx:2'].join())
})

test('an update waits until the new Pod has been ready for minReadySeconds', async () => {
  await using story = await beginSets(5, { nodes: 2 })
  await story.create(DaemonSet, daemonSet({ minReadySeconds: 30 }))
  await available(story, 2)
  await story.patch(DaemonSet, { spec: { template: image('nginx:2') } })
  await available(story, 2)
  const [first, second] = (await story.pods()).toSorted((a, b) => (a.metadata.creationTimestamp! < b.metadata.creationTimestamp! ? -1 : 1))
  const readyAt = Date.parse(podCondition(first!, 'Ready')!.lastTransitionTime!)
  const madeAt = Date.parse(second!.metadata.creationTimestamp!)
  assert.ok(madeAt >= readyAt + 30_000 && madeAt <= readyAt + 32_000, `${madeAt - readyAt} ms`)
})

test('an update that breaks stops at the Pods that may be unavailable; bringing the template back mends only those', async () => {
  await using story = await beginSets(6, { nodes: 3 })
  await story.create(DaemonSet, daemonSet())
  await available(story, 3)
  const before = (await story.pods()).map(({ metadata }) => metadata.uid)
  await story.patch(DaemonSet, { spec: { template: image(MISSING) } })
  await story.cluster.advance(120_000)
  const broken = (await placed(story)).filter(line => line.endsWith(MISSING))
  assert.deepEqual([broken.length, (await placed(story)).length], [1, 3])
  const { status } = await get(story)
  assert.deepEqual([status.numberAvailable, status.numberUnavailable, status.updatedNumberScheduled], [2, 1, 1])
  const [good] = await story.revisions()
  await story.patch(DaemonSet, good!.data as object)
  await available(story, 3)
  assert.equal((await story.pods()).filter(({ metadata }) => before.includes(metadata.uid)).length, 2)
  assert.deepEqual(
    (await story.revisions()).map(({ revision }) => revision),
    [2, 3],
  )
})

test('OnDelete waits until somebody deletes the Pods', async () => {
  await using story = await beginSets(7, { nodes: 2 })
  await story.create(DaemonSet, daemonSet({ updateStrategy: { type: 'OnDelete' } }))
  await available(story, 2)
  await story.patch(DaemonSet, { spec: { template: image('nginx:2') } })
  await story.cluster.advance(10_000)
  assert.deepEqual(await placed(story), ['node-0 nginx:1', 'node-1 nginx:1'])
  const victim = (await story.pods()).find(({ spec }) => spec.nodeName === 'node-1')
  await story.remove(Pod, victim!.metadata.name)
  await story.until(async () => (await placed(story)).join() === 'node-0 nginx:1,node-1 nginx:2')
})

test('a Pod that fails is replaced at once, and then after 1, 2 and 4 seconds', async () => {
  await using story = await beginSets(8)
  const spec = { template: template({ containers: [{ name: 'main', image: 'busybox:1', command: ['sleep', '36000'] }] }) }
  await story.create(DaemonSet, daemonSet(spec))
  const replacedAt: number[] = []
  for (let n = 0; n < 4; n++) {
    let pod: Pod | undefined
    await story.until(async () => (pod = (await story.pods())[0])?.status.phase === 'Running')
    await story.patch(Pod, { status: { phase: 'Failed' } }, pod!.metadata.name, 'status')
    await story.until(async () => (await story.pods()).every(({ metadata }) => metadata.uid !== pod!.metadata.uid))
    replacedAt.push(story.cluster.world.now())
  }
  const gaps = replacedAt.slice(1).map((at, n) => at - replacedAt[n]!)
  // Looked at every 100 ms.
  for (const [n, wantedMs] of [1_000, 2_000, 4_000].entries()) assert.ok(Math.abs(gaps[n]! - wantedMs) <= 200, gaps.join())
  assert.equal((await story.said('FailedDaemonPod')).length, 4)
})

test('Pods that are there already are adopted, and of several on a node the first one stays', async () => {
  await using story = await beginSets(9)
  for (const name of ['first', 'second']) {
    await story.create(Pod, { metadata: { name, namespace, labels: { app: 'web' } }, spec: { ...template().spec, nodeName: 'node-0' } })
    await story.cluster.advance(1_500)
  }
  await story.create(DaemonSet, daemonSet({ updateStrategy: { type: 'OnDelete' } }))
  await story.until(async () => (await story.pods()).length === 1)
  const [pod] = await story.pods()
  assert.deepEqual([pod!.metadata.name, controllerOf(pod!)?.name], ['first', 'web'])
})
