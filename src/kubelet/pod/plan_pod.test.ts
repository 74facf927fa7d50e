/** Cases of what a Pod's worker does next. Each line reads: this is wanted, this is seen, so this is done. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/kinds/pod.ts'
import type { ContainerState, ContainerStatus, PodSandboxStatus } from '../../runtime/runtime.ts'
import { podCgroupLimits } from '../cgroup/cgroup_values.ts'
import { containerAnnotations, containerLabels } from '../container/labels.ts'
import { planPod } from './plan_pod.ts'
import { containersOf } from './pod_nouns.ts'
import { emptyMemory, type Health, type PodMemory, type PodStep, type Termination } from './pod_state.ts'

const NOW = 1_000_000
const healthy: Health = { started: true, ready: true, failed: undefined }

function podOf(spec: { init?: object[]; containers?: object[] } & Record<string, unknown> = {}): Pod {
  const { init = [], containers = [{ name: 'web' }], ...rest } = spec
  const named = (container: object) => ({ image: 'web:1', resources: {}, ...container })
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', uid: 'u' },
    spec: { restartPolicy: 'Always', terminationGracePeriodSeconds: 30, ...rest, initContainers: init.map(named), containers: containers.map(named) },
    status: { phase: 'Pending', qosClass: 'BestEffort' },
  } as unknown as Pod
}

const sandbox = (rest: Partial<PodSandboxStatus> = {}): PodSandboxStatus => ({
  id: 's0',
  metadata: { name: 'web', namespace: 'default', uid: 'u', attempt: 0 },
  ready: true,
  createdAt: 1,
  labels: {},
  annotations: {},
  ips: ['10.0.0.9'],
  networkMode: 'POD',
  ...rest,
})

/** `running` or `exited 1`, with how often it was started before. */
function instance(pod: Pod, name: string, what: string, restartCount = 0, rest: Partial<ContainerStatus> = {}): ContainerStatus {
  const [state = '', exitCode = '0'] = what.split(' ')
  const { container } = containersOf(pod).find(named => named.container.name === name)!
  return {
    id: `${name}-${restartCount}`,
    sandboxId: 's0',
    metadata: { name, attempt: restartCount },
    state: state as ContainerState,
    createdAt: 10 + restartCount,
    startedAt: 10,
    finishedAt: state === 'exited' ? NOW - 1000 : 0,
    exitCode: Number(exitCode),
    reason: '',
    message: '',
    image: '',
    imageRef: '',
    logPath: '',
    mounts: [],
    resources: undefined,
    labels: containerLabels(pod, container),
    annotations: containerAnnotations(pod, container, restartCount, ''),
    ...rest,
  }
}

interface Case {
  pod?: Pod
  sandboxes?: PodSandboxStatus[]
  containers?: (pod: Pod) => ContainerStatus[]
  memory?: Partial<PodMemory>
  health?: Partial<Health>
  termination?: Termination
}

function plan({ pod = podOf(), sandboxes = [sandbox()], containers = () => [], memory = {}, health = {}, termination }: Case): PodStep {
  const remembered: PodMemory = { ...emptyMemory('2026-01-01T00:00:00Z'), volumes: 'mounted', podLimits: podCgroupLimits(pod), ...memory }
  return planPod({ pod, termination }, { sandboxes, containers: containers(pod) }, remembered, () => ({ ...healthy, ...health }), NOW)
}

/** `startContainers web`, `signal web-0 30000`: what is done, in a few words. */
const said = ({ actions, end, finished }: PodStep): string[] => [
  ...actions.map(action => {
    switch (action.do) {
      case 'startContainers':
        return `start ${action.orders.map(({ named, restartCount }) => `${named.container.name}${restartCount > 0 ? `#${restartCount}` : ''}`).join(' ')}`
      case 'startSandbox':
        return `sandbox ${action.attempt}`
      case 'stopSandboxes':
        return `stop sandbox ${action.ids.join(' ')}`
      case 'beginStop':
        return `begin to stop ${action.id}${action.hook ? ' with its hook' : ''}`
      case 'signal':
        return `signal ${action.id} ${action.timeoutMs / 1000}s`
      case 'reportBackOff':
        return `back-off ${action.named.container.name}`
      case 'removeSandboxes':
        return `remove sandbox ${action.ids.join(' ')}`
      case 'removeContainers':
        return `remove ${action.ids.join(' ')}`
      default:
        return action.do
    }
  }),
  ...(end ? [`ends: ${end.failure?.reason ?? end.because}`] : []),
  ...(finished ? ['finished'] : []),
]

const cases = (title: string, table: readonly [why: string, given: Case, wanted: string[]][]) => {
  for (const [why, given, wanted] of table) test(`planPod, ${title}: ${why}`, () => assert.deepEqual(said(plan(given)), wanted))
}

cases('sandbox', [
  [
    'a new Pod gets its volumes, its sandbox and its cgroup at the same time',
    { sandboxes: [], memory: { volumes: 'unmounted' } },
    ['sandbox 0', 'mountVolumes', 'setPodLimits'],
  ],
  ['nothing is done while it is being made', { sandboxes: [], memory: { sandbox: 'starting' } }, []],
  ['one that is not ready any more is replaced', { sandboxes: [sandbox({ ready: false })] }, ['sandbox 1', 'setPodLimits']],
  ['one without an address is stopped first', { sandboxes: [sandbox({ ips: [] })] }, ['stop sandbox s0']],
  [
    'with restartPolicy Never a Pod that has run does not get another',
    { pod: podOf({ restartPolicy: 'Never' }), sandboxes: [sandbox({ ready: false })], containers: pod => [instance(pod, 'web', 'exited 1')] },
    ['ends: finished'],
  ],
  [
    'one that was replaced goes when none of its containers is kept',
    {
      sandboxes: [sandbox({ id: 's2' }), sandbox({ id: 's1', ready: false }), sandbox({ ready: false })],
      containers: pod => [instance(pod, 'web', 'running', 1, { sandboxId: 's2' }), instance(pod, 'web', 'exited 0')],
    },
    ['remove sandbox s1'],
  ],
  ['containers wait for the volumes', { memory: { volumes: 'mounting' } }, []],
])

const withInit = podOf({ init: [{ name: 'first' }, { name: 'second' }] })
cases('init containers', [
  ['the first starts alone', { pod: withInit }, ['start first']],
  ['while it runs nothing else starts', { pod: withInit, containers: pod => [instance(pod, 'first', 'running')] }, []],
  ['when it has succeeded the next starts', { pod: withInit, containers: pod => [instance(pod, 'first', 'exited 0')] }, ['start second']],
  [
    'when all have, the containers start',
    { pod: withInit, containers: pod => [instance(pod, 'second', 'exited 0'), instance(pod, 'first', 'exited 0')] },
    ['start web'],
  ],
  ['one that failed is started again', { pod: withInit, containers: pod => [instance(pod, 'first', 'exited 1')] }, ['start first#1']],
  [
    'with restartPolicy Never one that failed ends the Pod',
    { pod: podOf({ init: [{ name: 'first' }], restartPolicy: 'Never' }), containers: pod => [instance(pod, 'first', 'exited 1')] },
    ['ends: finished'],
  ],
  [
    'in a new sandbox they all run again',
    {
      pod: withInit,
      containers: pod => [instance(pod, 'web', 'exited 0', 0, { sandboxId: 'old' }), instance(pod, 'first', 'exited 0', 0, { sandboxId: 'old' })],
    },
    ['start first#1'],
  ],
  ['once a container has started they are never run again', { pod: withInit, containers: pod => [instance(pod, 'web', 'running')] }, []],
])

const withSidecar = podOf({ init: [{ name: 'proxy', restartPolicy: 'Always' }, { name: 'setup' }] })
cases('sidecars', [
  ['the next waits until it has started', { pod: withSidecar, containers: pod => [instance(pod, 'proxy', 'running')], health: { started: false } }, []],
  ['then goes on beside it', { pod: withSidecar, containers: pod => [instance(pod, 'proxy', 'running')] }, ['start setup']],
  [
    'it is started again even with restartPolicy Never',
    {
      pod: podOf({ init: [{ name: 'proxy', restartPolicy: 'Always' }], restartPolicy: 'Never' }),
      containers: pod => [instance(pod, 'web', 'running'), instance(pod, 'proxy', 'exited 0')],
    },
    ['start proxy#1'],
  ],
  [
    'it does not hold a Pod whose containers are done',
    {
      pod: podOf({ init: [{ name: 'proxy', restartPolicy: 'Always' }], restartPolicy: 'OnFailure' }),
      containers: pod => [instance(pod, 'web', 'exited 0'), instance(pod, 'proxy', 'running')],
    },
    ['ends: finished'],
  ],
])

const key = '{"image":"web:1","name":"web","resources":{}}'
cases('restart policy', [
  ['containers start together, in their order', { pod: podOf({ containers: [{ name: 'b' }, { name: 'a' }] }) }, ['start b a']],
  ['Always: after its first end a container starts again at once', { containers: pod => [instance(pod, 'web', 'exited 0')] }, ['start web#1']],
  [
    'after its second it waits ten seconds',
    { containers: pod => [instance(pod, 'web', 'exited 1', 1)], memory: { crashes: new Map([[key, { delayMs: 10_000, countedAt: NOW - 2000 }]]) } },
    ['back-off web'],
  ],
  [
    'and starts when they are over',
    {
      containers: pod => [instance(pod, 'web', 'exited 1', 1, { finishedAt: NOW - 10_000 })],
      memory: { crashes: new Map([[key, { delayMs: 10_000, countedAt: NOW - 20_000 }]]) },
    },
    ['start web#2'],
  ],
  [
    'ten quiet minutes forget the back-off',
    { containers: pod => [instance(pod, 'web', 'exited 1', 1)], memory: { crashes: new Map([[key, { delayMs: 300_000, countedAt: NOW - 700_000 }]]) } },
    ['start web#2'],
  ],
  [
    'OnFailure: what failed starts again',
    { pod: podOf({ restartPolicy: 'OnFailure' }), containers: pod => [instance(pod, 'web', 'exited 1')] },
    ['start web#1'],
  ],
  [
    'OnFailure: what succeeded does not',
    { pod: podOf({ restartPolicy: 'OnFailure' }), containers: pod => [instance(pod, 'web', 'exited 0')] },
    ['ends: finished'],
  ],
  ['Never: nothing starts twice', { pod: podOf({ restartPolicy: 'Never' }), containers: pod => [instance(pod, 'web', 'exited 1')] }, ['ends: finished']],
  [
    'two instances are kept, older ones go',
    { containers: pod => [instance(pod, 'web', 'running', 2), instance(pod, 'web', 'exited 1', 1), instance(pod, 'web', 'exited 1', 0)] },
    ['remove web-0'],
  ],
  [
    'what only the API remembers is never removed: the runtime has nothing of it',
    {
      containers: pod => [
        instance(pod, 'web', 'running', 2),
        instance(pod, 'web', 'exited 1', 1, { sandboxId: '' }),
        instance(pod, 'web', 'unknown', 0, { sandboxId: '' }),
      ],
    },
    [],
  ],
  ['what is being started is not started twice', { memory: { starting: new Set(['web']) } }, []],
])

cases('replacement', [
  [
    'a failed liveness probe stops the container',
    { containers: pod => [instance(pod, 'web', 'running')], health: { failed: 'liveness' } },
    ['begin to stop web-0', 'signal web-0 30s'],
  ],
  [
    'with the grace of the probe, where it has one',
    {
      pod: podOf({ containers: [{ name: 'web', livenessProbe: { terminationGracePeriodSeconds: 5 } }] }),
      containers: pod => [instance(pod, 'web', 'running')],
      health: { failed: 'liveness' },
    },
    ['begin to stop web-0', 'signal web-0 5s'],
  ],
  [
    'another image does too',
    {
      containers: pod => [
        instance(pod, 'web', 'running', 0, {
          annotations: { ...containerAnnotations(pod, pod.spec.containers[0]!, 0, ''), 'io.kubernetes.container.hash': 'other' },
        }),
      ],
    },
    ['begin to stop web-0', 'signal web-0 30s'],
  ],
])

const leave = (graceSeconds: number): Termination => ({ because: 'deleted', graceMs: graceSeconds * 1000 })
const stopping = (beganSecondsAgo: number, graceSeconds: number, rest: object = {}) =>
  new Map([['web-0', { graceMs: graceSeconds * 1000, beganAt: NOW - beganSecondsAgo * 1000, hook: 'none' as const, killAt: undefined, retryAt: 0, ...rest }]])
const running = (pod: Pod) => [instance(pod, 'web', 'running')]
const hooked = podOf({ containers: [{ name: 'web', lifecycle: { preStop: { sleep: { seconds: 5 } } } }] })
cases('termination', [
  ['a running container gets its signal', { termination: leave(30), containers: running }, ['begin to stop web-0', 'signal web-0 30s']],
  ['with a preStop hook, the hook first', { pod: hooked, termination: leave(30), containers: running }, ['begin to stop web-0 with its hook']],
  [
    'and the signal when the hook is done, with what is left of the grace',
    { pod: hooked, termination: leave(30), containers: running, memory: { stops: stopping(12, 30, { hook: 'done' }) } },
    ['signal web-0 18s'],
  ],
  [
    'a hook that takes all of the grace leaves two seconds',
    { pod: hooked, termination: leave(30), containers: running, memory: { stops: stopping(30, 30, { hook: 'running' }) } },
    ['signal web-0 2s'],
  ],
  ['a signal is sent once', { termination: leave(30), containers: running, memory: { stops: stopping(5, 30, { killAt: NOW + 25_000 }) } }, []],
  [
    'less grace than before counts from now',
    { termination: leave(3), containers: running, memory: { stops: stopping(5, 30, { killAt: NOW + 25_000 }) } },
    ['begin to stop web-0', 'signal web-0 3s'],
  ],
  ['what is being started is called off', { termination: leave(30), sandboxes: [sandbox()], memory: { starting: new Set(['web']) } }, ['cancelStart']],
  [
    'a sidecar waits for the containers',
    { pod: withSidecar, termination: leave(30), containers: pod => [instance(pod, 'web', 'running'), instance(pod, 'proxy', 'running')] },
    ['begin to stop web-0', 'signal web-0 30s', 'begin to stop proxy-0'],
  ],
  [
    'and goes when they are gone',
    { pod: withSidecar, termination: leave(30), containers: pod => [instance(pod, 'web', 'exited 0'), instance(pod, 'proxy', 'running')] },
    ['begin to stop proxy-0', 'signal proxy-0 30s'],
  ],
  ['when nothing runs the sandbox is stopped', { termination: leave(30), containers: pod => [instance(pod, 'web', 'exited 0')] }, ['stop sandbox s0']],
  [
    'and then it is over',
    { termination: leave(30), sandboxes: [sandbox({ ready: false })], containers: pod => [instance(pod, 'web', 'exited 0')] },
    ['finished'],
  ],
  ['nothing starts any more, whatever the restart policy says', { termination: leave(30), sandboxes: [] }, ['finished']],
])

test('planPod, deadline: a Pod that has been active for longer ends as Failed', () => {
  const pod = podOf({ activeDeadlineSeconds: 20 })
  pod.status = { ...pod.status, startTime: new Date(NOW - 20_000).toISOString() }
  assert.deepEqual(said(plan({ pod })), ['ends: DeadlineExceeded'])
})
