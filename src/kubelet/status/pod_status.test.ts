/** Tables of what a Pod's status says, from what became of its containers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/kinds/pod.ts'
import type { PodStatus } from '../../api/types/pod_status.ts'
import type { ContainerState, ContainerStatus } from '../../runtime/runtime.ts'
import { containerAnnotations, containerLabels } from '../container/labels.ts'
import { containersOf } from '../pod/pod_nouns.ts'
import { emptyMemory, type Health, type Termination, type Waiting } from '../pod/pod_state.ts'
import { computePhase } from './phase.ts'
import { computePodStatus } from './pod_status.ts'
import { statusPatch } from './status_manager.ts'

const WALL = Date.UTC(2026, 0, 1, 12)

function podOf(restartPolicy: string, init: object[] = [], rest: object = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', uid: 'u', generation: 1 },
    spec: {
      restartPolicy,
      initContainers: init,
      containers: [
        { name: 'a', image: 'x' },
        { name: 'b', image: 'x' },
      ],
      ...rest,
    },
    status: { phase: 'Pending', qosClass: 'BestEffort' },
  } as unknown as Pod
}

/** `a: running, b: exited 1`. */
function seen(pod: Pod, text: string): ContainerStatus[] {
  return text
    .split(', ')
    .filter(Boolean)
    .map((part, index) => {
      const [name = '', what = ''] = part.split(': ')
      const [state = '', exitCode = '0'] = what.split(' ')
      const { container } = containersOf(pod).find(named => named.container.name === name)!
      return {
        id: `${name}${index}`,
        sandboxId: 's',
        metadata: { name, attempt: 0 },
        state: state as ContainerState,
        createdAt: WALL,
        startedAt: WALL,
        finishedAt: WALL,
        exitCode: Number(exitCode),
        reason: '',
        message: '',
        image: '',
        imageRef: '',
        logPath: '',
        mounts: [],
        resources: undefined,
        labels: containerLabels(pod, container),
        annotations: containerAnnotations(pod, container, 0, ''),
      }
    })
}

const plain = [{ name: 'first', image: 'x' }]
const sidecar = [{ name: 'proxy', image: 'x', restartPolicy: 'Always' }]
const phases: readonly [restartPolicy: string, init: object[], seen: string, started: boolean, phase: string][] = [
  ['Always', [], '', true, 'Pending'],
  ['Always', [], 'a: running', true, 'Pending'],
  ['Always', [], 'a: running, b: running', true, 'Running'],
  ['Always', [], 'a: running, b: exited 1', true, 'Running'],
  ['Always', [], 'a: exited 0, b: exited 1', true, 'Running'],
  ['OnFailure', [], 'a: exited 0, b: exited 0', true, 'Succeeded'],
  ['OnFailure', [], 'a: exited 0, b: exited 1', true, 'Running'],
  ['Never', [], 'a: exited 0, b: exited 0', true, 'Succeeded'],
  ['Never', [], 'a: exited 0, b: exited 1', true, 'Failed'],
  ['Never', [], 'a: running, b: exited 1', true, 'Running'],
  ['Always', plain, 'first: running', true, 'Pending'],
  ['Always', plain, 'first: exited 1', true, 'Pending'],
  ['Never', plain, 'first: exited 1', true, 'Failed'],
  ['Always', plain, 'first: exited 0', true, 'Pending'],
  ['Always', plain, 'first: exited 0, a: running, b: running', true, 'Running'],
  ['Always', plain, 'first: running, a: exited 137, b: exited 137', true, 'Pending'],
  ['Always', plain, 'a: running, b: running', true, 'Running'],
  ['Always', plain, 'first: exited 1, a: exited 137, b: exited 137', true, 'Running'],
  ['Always', sidecar, 'proxy: running', false, 'Pending'],
  ['Always', sidecar, '', false, 'Pending'],
  ['Always', sidecar, 'proxy: running, a: exited 1, b: exited 1', false, 'Running'],
  ['Never', sidecar, 'proxy: exited 1, a: running, b: exited 0', true, 'Running'],
  ['Never', sidecar, 'proxy: running, a: exited 0, b: exited 0', true, 'Running'],
  ['Never', sidecar, 'proxy: exited 137, a: exited 0, b: exited 0', true, 'Succeeded'],
]
for (const [restartPolicy, init, what, started, phase] of phases) {
  const names = init.map(container => (container as { name: string }).name).join(' ')
  test(`phase: ${restartPolicy}${names && `, init ${names}`}, ${what || 'nothing has begun'}${started ? '' : ' (not started)'} is ${phase}`, () => {
    const pod = podOf(restartPolicy, init)
    const health: Health = { started, ready: started, failed: undefined }
    assert.equal(
      computePhase(pod, { sandboxes: [], containers: seen(pod, what) }, () => health),
      phase,
    )
  })
}

interface Given {
  pod?: Pod
  seen?: string
  ready?: boolean
  waiting?: [string, Waiting][]
  termination?: Termination
  previous?: PodStatus
}
function statusOf({ pod = podOf('Always'), seen: what = '', ready = true, waiting = [], termination, previous }: Given): PodStatus {
  return computePodStatus({
    pod,
    previous,
    termination,
    observed: { sandboxes: [], containers: seen(pod, what) },
    waiting: new Map(waiting),
    healthOf: () => ({ started: true, ready, failed: undefined }),
    memory: emptyMemory('2026-01-01T12:00:00Z'),
    hostIPs: ['10.0.0.1'],
    runtimeName: 'containerd',
    now: WALL,
  })
}
const condition = (status: PodStatus, type: string) => {
  const { status: value, reason, message } = status.conditions!.find(other => other.type === type)!
  return [value, reason, message].filter(Boolean).join(' | ')
}

test('conditions: unready containers are named', () => {
  assert.equal(
    condition(statusOf({ seen: 'a: running, b: running', ready: false }), 'Ready'),
    'False | ContainersNotReady | containers with unready status: [a b]',
  )
  assert.equal(condition(statusOf({ seen: 'a: running, b: exited 1' }), 'ContainersReady'), 'False | ContainersNotReady | containers with unready status: [b]')
  assert.equal(condition(statusOf({ seen: 'a: running, b: running' }), 'Ready'), 'True')
})

test('conditions: a readiness gate that nobody has set keeps the Pod from being ready, not its containers', () => {
  const pod = podOf('Always', [], { readinessGates: [{ conditionType: 'example.com/gate' }] })
  const status = statusOf({ pod, seen: 'a: running, b: running' })
  assert.equal(condition(status, 'ContainersReady'), 'True')
  assert.equal(condition(status, 'Ready'), 'False | ReadinessGatesNotReady | corresponding condition of pod readiness gate "example.com/gate" does not exist.')
})

test('conditions: an ended Pod is not ready, and says how it ended', () => {
  const termination: Termination = { because: 'finished', graceMs: 0 }
  const done = statusOf({ pod: podOf('Never', plain), seen: 'first: exited 0, a: exited 0, b: exited 0', termination })
  assert.deepEqual([done.phase, condition(done, 'Ready'), condition(done, 'Initialized')], ['Succeeded', 'False | PodCompleted', 'True | PodCompleted'])
  const failed = statusOf({ pod: podOf('Never'), seen: 'a: exited 0, b: exited 1', termination })
  assert.deepEqual([failed.phase, condition(failed, 'ContainersReady')], ['Failed', 'False | PodFailed'])
})

test('conditions: the time of a transition changes only when the status does', () => {
  const before = statusOf({ seen: 'a: running, b: running' })
  before.conditions = before.conditions!.map(other => ({ ...other, lastTransitionTime: '2025-12-31T00:00:00Z' }))
  const after = statusOf({ seen: 'a: running, b: exited 1', previous: before })
  const times = Object.fromEntries(after.conditions!.map(({ type, lastTransitionTime }) => [type, lastTransitionTime]))
  assert.deepEqual([times.Initialized, times.Ready], ['2025-12-31T00:00:00Z', '2026-01-01T12:00:00Z'])
})

test('phase: a terminal one is withheld while a container runs, and never left', () => {
  const termination: Termination = { because: 'deleted', graceMs: 1000 }
  const running = statusOf({ seen: 'a: running, b: exited 0', termination, previous: { phase: 'Running', qosClass: 'BestEffort' } })
  assert.equal(running.phase, 'Running')
  const stopped = statusOf({ seen: 'a: exited 143, b: exited 0', termination, previous: running })
  assert.equal(stopped.phase, 'Failed')
  assert.equal(statusOf({ seen: 'a: running, b: running', previous: stopped }).phase, 'Failed')
})

test('conditions: a Pod that the kubelet ends for its node says DisruptionTarget together with its terminal phase, never before', () => {
  const termination: Termination = {
    because: 'killed',
    graceMs: 1000,
    failure: { reason: 'Preempting', message: 'Preempted in order to admit critical pod' },
    disruption: 'Pod was preempted by Kubelet to accommodate a critical pod.',
  }
  const types = (status: PodStatus) => (status.conditions ?? []).map(({ type }) => type)
  const before = statusOf({ seen: 'a: running, b: running', termination })
  assert.deepEqual([before.phase, types(before).includes('DisruptionTarget')], ['Pending', false])
  const after = statusOf({ seen: 'a: exited 0, b: exited 0', termination })
  assert.deepEqual([after.phase, after.reason, types(after)[0]], ['Failed', 'Preempting', 'DisruptionTarget'])
  assert.equal(after.conditions![0]!.reason, 'TerminationByKubelet')
  const order = statusPatch(before, after)!['$setElementOrder/conditions'] as { type: string }[]
  assert.deepEqual(order[0], { type: 'DisruptionTarget' })
})

test('containers: one that waits after a crash shows both why it waits and how it ended', () => {
  const waiting: [string, Waiting] = ['a', { reason: 'CrashLoopBackOff', message: 'back-off 10s' }]
  const [a, b] = statusOf({ seen: 'a: exited 1', waiting: [waiting] }).containerStatuses!
  assert.deepEqual(a!.state, { waiting: waiting[1] })
  assert.equal(a!.lastState?.terminated?.exitCode, 1)
  assert.deepEqual(b!.state, { waiting: { reason: 'ContainerCreating' } })
  assert.equal(statusOf({ seen: 'a: exited 1' }).containerStatuses![0]!.state?.terminated?.reason, 'Error')
})

test('statusPatch: only what differs is sent, and what no longer holds is taken away by name', () => {
  const before = statusOf({ seen: 'a: running, b: running', ready: false })
  assert.equal(statusPatch(before, before), undefined)
  const after = statusOf({ seen: 'a: running, b: running', previous: before })
  const patch = statusPatch(before, after)!
  assert.deepEqual(Object.keys(patch).sort(), ['$setElementOrder/conditions', 'conditions', 'containerStatuses'])
  assert.deepEqual(
    (patch.conditions as { type: string; reason: null }[]).map(({ type, reason }) => [type, reason]),
    [
      ['Ready', null],
      ['ContainersReady', null],
    ],
  )
  assert.deepEqual(statusPatch({ ...before, podIPs: [{ ip: '10.0.0.1' }] }, { ...before, podIPs: [{ ip: '10.0.0.2' }] }), {
    podIPs: [{ ip: '10.0.0.2' }, { $patch: 'delete', ip: '10.0.0.1' }],
  })
})

test('containers: one that the runtime has lost says so, and no time is made up', () => {
  const pod = podOf('Never')
  const lost = seen(pod, 'a: unknown 137, b: exited 0').map(container => ({ ...container, finishedAt: container.state === 'unknown' ? 0 : WALL }))
  const status = computePodStatus({
    pod,
    previous: undefined,
    termination: { because: 'finished', graceMs: 0 },
    observed: { sandboxes: [], containers: lost },
    waiting: new Map(),
    healthOf: () => ({ started: true, ready: true, failed: undefined }),
    memory: emptyMemory('2026-01-01T12:00:00Z'),
    hostIPs: [],
    runtimeName: 'containerd',
    now: WALL,
  })
  assert.deepEqual(
    [status.phase, status.containerStatuses![0]!.state],
    [
      'Failed',
      {
        terminated: {
          exitCode: 137,
          reason: 'ContainerStatusUnknown',
          containerID: 'containerd://a0',
          message: 'The container could not be located when the pod was terminated',
          startedAt: '2026-01-01T12:00:00Z',
          finishedAt: null,
        },
      },
    ],
  )
})
