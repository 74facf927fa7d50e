import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/kinds/pod.ts'
import type { PodStats } from '../stats/stats.ts'
import { refusalUnderPressure } from './admission.ts'
import { planEviction, planLocalStorageEvictions } from './plan_eviction.ts'
import type { Candidate } from './pod_usage.ts'
import { rankCandidates } from './rank.ts'
import { DEFAULT_EVICTION } from './settings.ts'
import type { Observations, Signal } from './signals.ts'
import { parseThresholds } from './thresholds.ts'

const MI = 2 ** 20

interface Usage {
  readonly memory?: number
  readonly layer?: number
  readonly logs?: number
  readonly volumes?: Readonly<Record<string, number>>
  readonly inMemory?: Readonly<Record<string, number>>
  readonly processes?: number
}

/** A Pod with one container `c`; amounts of usage in MiB. `usage` undefined: nothing has been measured of it. */
function candidate(name: string, spec: object, usage?: Usage): Candidate {
  const { resources, priority, tolerations, terminationGracePeriodSeconds, volumes, annotations, sidecar } = spec as Record<string, never>
  const pod = {
    metadata: { name, namespace: 'default', uid: name, annotations },
    spec: {
      priority,
      tolerations,
      volumes,
      terminationGracePeriodSeconds,
      containers: [{ name: 'c', resources }],
      ...(sidecar !== undefined && { initContainers: [{ name: 's', restartPolicy: 'Always', resources: sidecar }] }),
    },
    status: {},
  } as unknown as Pod
  const space = (mib: number) => ({ at: 0, usedBytes: mib * MI, inodesUsed: mib })
  const memory = (mib: number) => ({ at: 0, workingSetBytes: mib * MI, usageBytes: 0, rssBytes: 0 })
  const volumesOf = (all: Readonly<Record<string, number>> = {}, isInMemory: boolean) =>
    Object.entries(all).map(([volume, mib]) => ({ name: volume, isInMemory, isEmptyDir: true, ...space(mib) }))
  const container = (own: string) => ({
    name: own,
    id: own,
    startedAt: undefined,
    cpu: undefined,
    memory: memory(usage?.memory ?? 0),
    writableLayer: space(usage?.layer ?? 0),
    logs: space(usage?.logs ?? 0),
  })
  const stats: PodStats | undefined = usage && {
    pod: { namespace: 'default', name, uid: name },
    startTime: undefined,
    cpu: undefined,
    memory: memory(usage.memory ?? 0),
    containers: [container('c'), ...(sidecar ? [container('s')] : [])],
    volumes: [...volumesOf(usage.volumes, false), ...volumesOf(usage.inMemory, true)],
    ephemeralStorage: space(0),
    processes: usage.processes,
  }
  return { pod, stats }
}

const memoryRequest = (text: string) => ({ resources: { requests: { memory: text } } })
const ranked = (signal: Signal, candidates: Candidate[], hasSeparateImageFilesystem = false) =>
  rankCandidates({ candidates, signal, hasSeparateImageFilesystem }).map(({ pod }) => pod.metadata.name)

test('memory: who uses more than it asked for goes first, then the lower priority, then who uses the most beyond its request', () => {
  assert.deepEqual(
    ranked('memory.available', [
      candidate('within', memoryRequest('500Mi'), { memory: 400 }),
      candidate('important', { ...memoryRequest('10Mi'), priority: 1000 }, { memory: 900 }),
      candidate('over', memoryRequest('100Mi'), { memory: 150 }),
      candidate('far-over', memoryRequest('100Mi'), { memory: 300 }),
      candidate('best-effort', {}, { memory: 100 }),
      candidate('at', memoryRequest('100Mi'), { memory: 100 }),
    ]),
    ['far-over', 'best-effort', 'over', 'important', 'at', 'within'],
  )
})

test('memory: a Pod that nothing is known of goes first', () => {
  assert.deepEqual(ranked('memory.available', [candidate('over', {}, { memory: 900 }), candidate('unknown', { priority: 5 })]), ['unknown', 'over'])
})

test('processes: the lower priority, then the larger number', () => {
  assert.deepEqual(
    ranked('pid.available', [
      candidate('few', {}, { processes: 3 }),
      candidate('many', {}, { processes: 30 }),
      candidate('important', { priority: 1 }, { processes: 300 }),
    ]),
    ['many', 'few', 'important'],
  )
})

test('disk: writable layer, logs and volumes count, but not volumes in memory; on separate filesystems, only what lies on the full one', () => {
  const pods = [
    candidate('layer', {}, { layer: 50 }),
    candidate('logs', {}, { logs: 60 }),
    candidate('volume', {}, { volumes: { v: 70 } }),
    candidate('tmpfs', {}, { inMemory: { v: 500 } }),
    candidate('asked', { resources: { requests: { 'ephemeral-storage': '1Gi' } } }, { volumes: { v: 1000 } }),
  ]
  assert.deepEqual(ranked('nodefs.available', pods), ['volume', 'logs', 'layer', 'tmpfs', 'asked'])
  assert.deepEqual(ranked('imagefs.available', pods, true)[0], 'layer')
  assert.deepEqual(ranked('nodefs.available', pods, true).slice(0, 2), ['volume', 'logs'])
  assert.deepEqual(ranked('nodefs.inodesFree', pods)[0], 'asked', 'nobody can ask for inodes')
})

function plan(candidates: Candidate[], settings: Partial<typeof DEFAULT_EVICTION>, figures: Partial<Record<Signal, [available: number, capacity: number]>>) {
  const observations: Observations = new Map(
    Object.entries(figures).map(([signal, [available, capacity]]) => [signal as Signal, { available, capacity, at: 0 }]),
  )
  const all = { ...DEFAULT_EVICTION, evictionHard: {}, ...settings }
  return planEviction({ ...all, candidates, met: parseThresholds(all), observations, hasSeparateImageFilesystem: false })
}

const lowMemory = { 'memory.available': [56 * MI, 1000 * MI] } as const

test('the message is Kubernetes’ to the letter, and names the containers that use more than they asked for', () => {
  const hard = { evictionHard: { 'memory.available': '100Mi' } }
  const termination = (pod: Candidate) => plan([pod], hard, { 'memory.available': [...lowMemory['memory.available']] })?.termination
  const message =
    'The node was low on resource: memory. Threshold quantity: 100Mi, available: 56Mi. Container c was using 200Mi, request is 100Mi, has larger consumption of memory. '
  assert.deepEqual(termination(candidate('p', memoryRequest('100Mi'), { memory: 200 })), {
    because: 'killed',
    graceMs: 1000,
    failure: { reason: 'Evicted', message },
    disruption: message,
  })
  assert.match(
    termination(candidate('p', { sidecar: { requests: { memory: '1Mi' } } }, { memory: 2 }))!.disruption!,
    /available: 56Mi\. Container c was using 2Mi, request is 0, has larger consumption of memory\. Container s was using 2Mi, request is 1Mi, has larger consumption of memory\. $/,
  )
  assert.equal(
    termination(candidate('p', memoryRequest('1Gi'), { memory: 200 }))!.disruption,
    'The node was low on resource: memory. Threshold quantity: 100Mi, available: 56Mi. ',
  )
})

test('the message for disk, inodes and processes', () => {
  const pod = candidate('p', {}, { layer: 2, logs: 1, processes: 9 })
  assert.equal(
    plan([pod], { evictionHard: { 'nodefs.available': '10%' } }, { 'nodefs.available': [1000, 20480] })?.termination.disruption,
    'The node was low on resource: ephemeral-storage. Threshold quantity: 2Ki, available: 1k. Container c was using 3Mi, request is 0, has larger consumption of ephemeral-storage. ',
  )
  assert.equal(
    plan([pod], { evictionHard: { 'nodefs.inodesFree': '5%' } }, { 'nodefs.inodesFree': [10, 1000] })?.termination.disruption,
    'The node was low on resource: inodes. Threshold quantity: 50, available: 10. ',
  )
  assert.equal(
    plan([pod], { evictionHard: { 'pid.available': '100' } }, { 'pid.available': [99, 1000] })?.termination.disruption,
    'The node was low on resource: pids. Threshold quantity: 100, available: 99. ',
  )
})

test('critical Pods are passed over: static Pods, their mirrors, and the system’s priority classes', () => {
  const critical = [
    candidate('system', { priority: 2_000_000_000 }, { memory: 900 }),
    candidate('mirror', { annotations: { 'kubernetes.io/config.mirror': 'x' } }, { memory: 900 }),
    candidate('static', { annotations: { 'kubernetes.io/config.source': 'file' } }, { memory: 900 }),
  ]
  const hard = { evictionHard: { 'memory.available': '100Mi' } }
  const figures = { 'memory.available': [56 * MI, 1000 * MI] as [number, number] }
  assert.equal(plan(critical, hard, figures), undefined)
  assert.equal(plan([...critical, candidate('plain', { priority: 1_999_999_999 }, { memory: 1 })], hard, figures)?.pod.metadata.name, 'plain')
})

test('a soft eviction gives a Pod its own grace, up to the most that is set, and never less than a second', () => {
  const soft = { evictionSoft: { 'memory.available': '200Mi' }, evictionSoftGracePeriodMs: { 'memory.available': 30_000 } }
  const graceMs = (podSeconds: number | undefined, evictionMaxPodGracePeriod: number) =>
    plan([candidate('p', { terminationGracePeriodSeconds: podSeconds }, {})], { ...soft, evictionMaxPodGracePeriod }, { 'memory.available': [1, 2] })!
      .termination.graceMs
  assert.deepEqual([graceMs(60, 20), graceMs(5, 20), graceMs(undefined, 60), graceMs(60, 0)], [20_000, 5_000, 30_000, 1_000])
})

const storageLimit = (text: string) => ({ resources: { limits: { 'ephemeral-storage': text } } })
const excess = (pod: Candidate, isSeparate = false) => planLocalStorageEvictions([pod], isSeparate).map(({ termination }) => termination.failure?.message)[0]

test('local storage: what a Pod may not use more of than it said', () => {
  const scratch = { volumes: [{ name: 'v', emptyDir: { sizeLimit: '1Mi' } }] }
  assert.equal(excess(candidate('p', scratch, { volumes: { v: 1 } })), undefined)
  assert.equal(excess(candidate('p', scratch, { volumes: { v: 2 } })), 'Usage of EmptyDir volume "v" exceeds the limit "1Mi". ')
  assert.equal(excess(candidate('p', scratch)), undefined, 'nothing is known yet')
  assert.equal(excess(candidate('p', { volumes: [{ name: 'v', emptyDir: { sizeLimit: '0' } }] }, { volumes: { v: 2 } })), undefined, 'zero is no limit')

  assert.equal(excess(candidate('p', storageLimit('2Mi'), { layer: 1, logs: 1 })), undefined)
  assert.equal(
    excess(candidate('p', storageLimit('2M'), { volumes: { v: 3 } })),
    'Pod ephemeral local storage usage exceeds the total limit of containers 2M. ',
    'volumes count for the Pod as a whole',
  )
  assert.equal(excess(candidate('p', storageLimit('2Mi'), { inMemory: { v: 3 } })), undefined, 'volumes in memory do not')
  assert.equal(excess(candidate('p', storageLimit('0'), { layer: 0 })), undefined)
})

test('local storage: a container over its own limit, in a Pod that has not used up the sum', () => {
  const two = candidate('p', { ...storageLimit('2Mi'), sidecar: { limits: { 'ephemeral-storage': '10Mi' } } }, { layer: 1, logs: 2 })
  assert.equal(excess(two), 'Container c exceeded its local ephemeral storage limit "2Mi". ')
  assert.equal(excess(two, true), undefined, 'a writable layer on a filesystem of its own is not counted')
})

test('local storage: the Pod gets a second and says nothing of a disruption; critical Pods stay', () => {
  const scratch = { volumes: [{ name: 'v', emptyDir: { sizeLimit: '1Mi' } }] }
  const [eviction] = planLocalStorageEvictions([candidate('p', scratch, { volumes: { v: 2 } })], false)
  assert.deepEqual([eviction?.termination.graceMs, eviction?.termination.disruption], [1000, undefined])
  assert.deepEqual(planLocalStorageEvictions([candidate('p', { ...scratch, priority: 2e9 }, { volumes: { v: 2 } })], false), [])
})

test('admission: short of memory alone, a node takes who asked for memory or tolerates it; otherwise only critical Pods', () => {
  const refusal = (spec: object, ...conditions: Parameters<typeof refusalUnderPressure>[1]) => refusalUnderPressure(candidate('p', spec).pod, conditions)
  const tolerant = (key: string) => ({ tolerations: [{ key: `node.kubernetes.io/${key}`, operator: 'Exists', effect: 'NoSchedule' }] })
  assert.equal(refusal({}), undefined)
  assert.deepEqual(refusal({}, 'MemoryPressure'), { reason: 'Evicted', message: 'The node had condition: [MemoryPressure]. ' })
  assert.equal(refusal(memoryRequest('1Mi'), 'MemoryPressure'), undefined)
  assert.equal(refusal(tolerant('memory-pressure'), 'MemoryPressure'), undefined)
  assert.deepEqual(refusal(tolerant('disk-pressure'), 'DiskPressure'), { reason: 'Evicted', message: 'The node had condition: [DiskPressure]. ' })
  assert.deepEqual(refusal(memoryRequest('1Mi'), 'MemoryPressure', 'DiskPressure')?.message, 'The node had condition: [MemoryPressure DiskPressure]. ')
  assert.equal(refusal(memoryRequest('1Mi'), 'PIDPressure')?.reason, 'Evicted')
  assert.equal(refusal({ priority: 2e9 }, 'DiskPressure'), undefined)
})
