/** Node-pressure eviction as Kubernetes documents it, on one node in virtual time: memory and processes. Disk: eviction_disk.test.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Node } from '../../src/api/kinds/node.ts'
import { beginStory, isAt, isReady, MACHINE, sh, simulated, stateOf, verdictOf, web, type Story } from './story.ts'

const MI = 2 ** 20

/** A Pod whose container uses this much memory, in MiB. */
const uses = (story: Story, name: string, mib: number, container: object = {}, spec: object = {}, settings = '') =>
  story.run({ metadata: { name, ...simulated(`listen=80, memory=${mib}Mi${settings}`) }, spec: web(container, spec) })

const asksFor = (request: string, limit?: string) => ({
  resources: { requests: { memory: request, cpu: '100m' }, ...(limit && { limits: { memory: limit, cpu: '100m' } }) },
})

/** The system takes all but this many MiB of what containers do not use now. */
const leaveMemory = (story: Story, mib: number) =>
  story.machineStats.set({ systemMemoryBytes: MACHINE.memoryBytes - mib * MI - story.runtime.usage().memoryBytes })

const evicted = (story: Story) => story.events.filter(({ reason }) => reason === 'Evicted')
const nodeSaid = (story: Story, ...reasons: string[]) => story.nodeEvents.filter(({ reason }) => reasons.includes(reason))
const nodeVerdict = (story: Story, type: string) => {
  const { status, reason, message } = story.api.get(Node, 'node-a', '')!.status.conditions!.find(condition => condition.type === type)!
  return `${status} ${reason}: ${message}`
}

test('§ eviction: short of memory, whoever uses the most beyond its request goes first, one at a time, until there is enough', async () => {
  const story = await beginStory()
  uses(story, 'guaranteed', 900, asksFor('1Gi', '1Gi'))
  uses(story, 'within', 500, asksFor('1Gi'))
  uses(story, 'over', 300, asksFor('100Mi'))
  uses(story, 'best-effort', 250)
  uses(story, 'important', 400, {}, { priority: 1000 })
  uses(story, 'critical', 600, {}, { priority: 2_000_000_000 })
  await story.at(5)
  // Without the two that go first it is at 97 MiB: not enough.
  leaveMemory(story, -450 - 3)
  await story.at(60)

  const order = ['best-effort', 'over', 'important']
  assert.deepEqual(
    evicted(story).map(({ name }) => name),
    order,
    'then nobody: the others use what they asked for, or cannot be done without',
  )
  // The first look that finds it, and then one look as soon as the last Pod is gone, asked for once a second.
  for (const [i, { at }] of evicted(story).entries()) isAt(at, 10 + i, order[i])
  assert.deepEqual(
    nodeSaid(story, 'EvictionThresholdMet').map(({ type, message }) => `${type} ${message}`),
    Array.from({ length: 3 }, () => 'Warning Attempting to reclaim memory'),
  )
  for (const name of ['guaranteed', 'within', 'critical']) assert.ok(isReady(story.pod(name)!), name)
})

test('§ eviction: an evicted Pod is Failed for the reason Evicted, says DisruptionTarget with its terminal phase, and stays in the API', async () => {
  const story = await beginStory()
  uses(story, 'web', 200, asksFor('100Mi'))
  await story.at(5)
  leaveMemory(story, 56)
  const message =
    'The node was low on resource: memory. Threshold quantity: 100Mi, available: 56Mi. Container web was using 200Mi, request is 100Mi, has larger consumption of memory. '
  await story.at(30)

  const { status } = story.pod()!
  assert.deepEqual([status.phase, status.reason, status.message], ['Failed', 'Evicted', message])
  assert.equal(verdictOf(story.pod()!, 'DisruptionTarget'), `True TerminationByKubelet: ${message}`)
  assert.deepEqual(story.said('Evicted'), [`Evicted: ${message}`])
  assert.equal(stateOf(story.pod(), 'web'), 'Terminated Completed 0')
  for (const { phase, conditions } of story.statuses())
    assert.equal(conditions?.some(({ type }) => type === 'DisruptionTarget') ?? false, phase === 'Failed', phase)

  await story.restartKubelet()
  await story.at(60)
  assert.deepEqual(story.pod()!.status, status, 'a restarted kubelet leaves it as it is')
})

test('§ eviction: a hard threshold gives no Pod its own grace, only the second that every Pod has and the two before a KILL', async () => {
  const story = await beginStory()
  uses(story, 'web', 200, {}, { terminationGracePeriodSeconds: 300 }, ', term=ignore')
  await story.at(5)
  leaveMemory(story, 50)
  const gone = await story.until(({ status }) => status.phase === 'Failed', 60)
  isAt(story.seconds(), 12, 'seen at 10 s, killed two seconds later')
  assert.equal(stateOf(gone, 'web'), 'Terminated Error 137')
})

test('§ eviction: the node shows its pressure for five minutes after it was last seen, and meanwhile refuses who asked for no memory', async () => {
  const story = await beginStory()
  uses(story, 'hog', 600)
  await story.at(5)
  leaveMemory(story, 50)
  await story.at(25)
  assert.equal(nodeVerdict(story, 'MemoryPressure'), 'True KubeletHasInsufficientMemory: kubelet has insufficient memory available')
  assert.equal(nodeVerdict(story, 'DiskPressure'), 'False KubeletHasNoDiskPressure: kubelet has no disk pressure')

  // It was last seen at 10 s: the first look after 310 s finds it over.
  await story.at(305)
  uses(story, 'refused', 1)
  uses(story, 'asked', 1, asksFor('1Mi'))
  uses(story, 'tolerant', 1, {}, { tolerations: [{ key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' }] })
  uses(story, 'critical', 1, {}, { priority: 2_000_001_000 })
  await story.at(309)
  const { phase, reason, message, containerStatuses } = story.pod('refused')!.status
  assert.deepEqual(
    [phase, reason, message, containerStatuses],
    ['Failed', 'Evicted', 'Pod was rejected: The node had condition: [MemoryPressure]. ', undefined],
  )
  assert.equal(evicted(story).find(({ name }) => name === 'refused')?.message, 'The node had condition: [MemoryPressure]. ')
  for (const name of ['asked', 'tolerant', 'critical']) assert.ok(isReady(story.pod(name)!), name)
  assert.match(nodeVerdict(story, 'MemoryPressure'), /^True/)

  await story.at(312)
  uses(story, 'late', 1)
  await story.at(330)
  assert.ok(isReady(story.pod('late')!))
  assert.equal(nodeVerdict(story, 'MemoryPressure'), 'False KubeletHasSufficientMemory: kubelet has sufficient memory available')
  const [hadEnough, hadTooLittle, hasEnough] = nodeSaid(story, 'NodeHasSufficientMemory', 'NodeHasInsufficientMemory')
  assert.deepEqual(
    [hadEnough?.reason, hadTooLittle?.reason, hasEnough?.reason],
    ['NodeHasSufficientMemory', 'NodeHasInsufficientMemory', 'NodeHasSufficientMemory'],
  )
  isAt(hadTooLittle!.at, 10)
  isAt(hasEnough!.at, 311, 'a second after the first look, the evicted Pod was gone: since then every ten seconds')
})

const SOFT = {
  evictionHard: {},
  evictionSoft: { 'memory.available': '500Mi' },
  evictionSoftGracePeriodMs: { 'memory.available': 30_000 },
  evictionMaxPodGracePeriod: 20,
}

test('§ soft eviction: only when the threshold was met for its grace period, and then the Pod gets its own grace up to the most that is set', async () => {
  const story = await beginStory(1, { eviction: SOFT })
  uses(story, 'web', 600, {}, { terminationGracePeriodSeconds: 60 }, ', term=ignore')
  await story.at(5)
  leaveMemory(story, 400)
  await story.at(25)
  assert.match(nodeVerdict(story, 'MemoryPressure'), /^True/, 'the condition does not wait')
  await story.until(({ status }) => status.phase === 'Failed', 120)
  assert.equal(evicted(story).length, 1)
  isAt(evicted(story)[0]!.at, 40, 'met since 10 s')
  isAt(story.seconds(), 60, 'killed')
  assert.match(story.pod()!.status.message ?? '', /^The node was low on resource: memory\. Threshold quantity: 500Mi, available: 400Mi\. /)
})

test('§ soft eviction: a threshold that is no longer met begins its grace period anew', async () => {
  const story = await beginStory(1, { eviction: SOFT })
  uses(story, 'web', 600)
  await story.at(5)
  leaveMemory(story, 400)
  await story.at(25)
  leaveMemory(story, 800)
  await story.at(35)
  leaveMemory(story, 400)
  await story.until(({ status }) => status.phase === 'Failed', 120)
  isAt(evicted(story)[0]!.at, 70, 'met since 40 s')
})

test('§ eviction: the minimum to reclaim decides how many must go', async () => {
  const story = await beginStory(1, { eviction: { evictionMinimumReclaim: { 'memory.available': '500Mi' } } })
  for (const [name, mib] of Object.entries({ a: 400, b: 300, c: 200 })) uses(story, name, mib)
  await story.at(5)
  leaveMemory(story, 50)
  await story.at(60)
  assert.deepEqual(
    evicted(story).map(({ name }) => name),
    ['a', 'b'],
    '50 + 400 Mi is above the threshold, but not by 500 Mi',
  )
})

test('§ eviction: short of processes, the lower priority goes first, then whoever has the most', async () => {
  const story = await beginStory(1, { eviction: { evictionHard: { 'pid.available': '100' } } })
  const forks = (name: string, count: number, priority = 0) =>
    story.run({ metadata: { name }, spec: web({ image: 'busybox:1', command: sh(`${'sleep 10000 & '.repeat(count)} wait`) }, { priority }) })
  forks('many', 9)
  forks('few', 2)
  forks('important', 30, 1000)
  await story.at(5)
  const { processes } = story.runtime.usage()
  story.machineStats.set({ processesMax: 1000, systemProcesses: 1000 - processes - 95 })
  await story.at(25)
  assert.deepEqual(
    evicted(story).map(({ name, message }) => `${name}: ${message}`),
    ['many: The node was low on resource: pids. Threshold quantity: 100, available: 95. '],
  )
  assert.equal(nodeVerdict(story, 'PIDPressure'), 'True KubeletHasInsufficientPID: kubelet has insufficient PID available')
  assert.deepEqual(
    nodeSaid(story, 'EvictionThresholdMet', 'NodeHasInsufficientPID').map(({ message }) => message),
    ['Attempting to reclaim pids', 'Node node-a status is now: NodeHasInsufficientPID'],
  )
})

test('§ eviction: a Pod that is ending already is not evicted, and one that will not end holds the next up for no longer than 40 s', async () => {
  const story = await beginStory(1, {
    // A runtime that does not stop anything.
    between: () => ({ stopContainer: () => new Promise(() => undefined) }),
  })
  uses(story, 'leaving', 900, {}, { terminationGracePeriodSeconds: 600 })
  uses(story, 'a', 500)
  uses(story, 'b', 400)
  await story.at(4)
  await story.delete('leaving')
  await story.at(5)
  leaveMemory(story, 50)
  await story.at(100)
  const [first, second] = evicted(story)
  assert.deepEqual([first?.name, second?.name, evicted(story).length], ['a', 'b', 2])
  isAt(second!.at - first!.at, 40)
})

test('§ allocatable: what a hard threshold keeps free is not for Pods to ask for', async () => {
  const story = await beginStory()
  const { capacity, allocatable } = story.api.get(Node, 'node-a', '')!.status
  assert.deepEqual([capacity?.['memory'], allocatable?.['memory']], ['8Gi', '8092Mi'])
  uses(story, 'web', 1, { resources: { requests: { memory: '8Gi' } } })
  await story.at(2)
  assert.equal(
    story.pod()!.status.message,
    `Pod was rejected: Node didn't have enough resource: memory, requested: ${8 * 1024 * MI}, used: 0, capacity: ${8092 * MI}`,
  )
})
