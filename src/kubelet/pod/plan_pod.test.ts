/** Cases of what a Pod's worker does next. Each line reads: this is wanted, this is seen, so this is done. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/kinds/pod.ts'
import { containerAnnotations } from '../container/labels.ts'
import { instance, NOW, plan, podOf, said, sandbox, type Case } from './plan_cases.ts'

const cases = (title: string, table: readonly [why: string, given: Case, wanted: string[]][]) => {
  for (const [why, given, wanted] of table) test(`planPod, ${title}: ${why}`, () => assert.deepEqual(said(plan(given)), wanted))
}

cases('sandbox', [
  ['a new Pod gets its volumes first', { sandboxes: [], memory: { volumes: 'unmounted', podLimits: undefined } }, ['mountVolumes']],
  ['its sandbox waits for them', { sandboxes: [], memory: { volumes: 'mounting' } }, []],
  ['when they are there it gets its sandbox and its cgroup at the same time', { sandboxes: [] }, ['sandbox 0', 'setPodLimits']],
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

const never = podOf({ restartPolicy: 'Never' })
const madeFromAnother = (pod: Pod) => ({ ...containerAnnotations(pod, pod.spec.containers[0]!, 0, ''), 'io.kubernetes.container.hash': 'other' })
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
    { containers: pod => [instance(pod, 'web', 'running', 0, { annotations: madeFromAnother(pod) })] },
    ['begin to stop web-0', 'signal web-0 30s'],
  ],
  [
    'what was stopped for another image starts again, even with restartPolicy Never',
    {
      pod: never,
      containers: pod => [instance(pod, 'web', 'exited 0', 0, { annotations: madeFromAnother(pod) })],
      memory: { stops: new Map([['web-0', { graceMs: 30_000, beganAt: NOW - 2000, hook: 'none', killAt: NOW + 28_000, retryAt: 0 }]]) },
    },
    ['start web#1'],
  ],
  [
    'what had ended before by itself does not',
    { pod: never, containers: pod => [instance(pod, 'web', 'exited 0', 0, { annotations: madeFromAnother(pod) })] },
    ['ends: finished'],
  ],
  [
    'a postStart hook that failed stops its container',
    {
      containers: pod => [instance(pod, 'web', 'running')],
      memory: { startFailures: new Map([['web', { reason: 'PostStartHookError', message: '', retryAt: 0, unwanted: 'web-0' }]]) },
    },
    ['begin to stop web-0', 'signal web-0 30s'],
  ],
  [
    'but not the next instance, which has a hook of its own',
    {
      containers: pod => [instance(pod, 'web', 'running', 1)],
      memory: { startFailures: new Map([['web', { reason: 'PostStartHookError', message: '', retryAt: 0, unwanted: 'web-0' }]]) },
    },
    [],
  ],
])

const debugged = podOf({ init: [{ name: 'first' }], ephemeralContainers: [{ name: 'debug', image: 'busybox:1' }] })
cases('ephemeral containers', [
  [
    'they start as soon as there is a sandbox, beside init containers',
    { pod: debugged, containers: pod => [instance(pod, 'first', 'running')] },
    ['start debug'],
  ],
  ['and are started once', { pod: debugged, containers: pod => [instance(pod, 'first', 'running'), instance(pod, 'debug', 'exited 1')] }, []],
])

test('planPod, deadline: a Pod that has been active for longer ends as Failed', () => {
  const pod = podOf({ activeDeadlineSeconds: 20 })
  pod.status = { ...pod.status, startTime: new Date(NOW - 20_000).toISOString() }
  assert.deepEqual(said(plan({ pod })), ['ends: DeadlineExceeded'])
})
