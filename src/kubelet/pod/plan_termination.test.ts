/** Cases of how a Pod ends. Each line reads: this is wanted, this is seen, so this is done. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/kinds/pod.ts'
import { instance, NOW, plan, podOf, said, sandbox, type Case } from './plan_cases.ts'
import type { Termination } from './pod_state.ts'

const cases = (title: string, table: readonly [why: string, given: Case, wanted: string[]][]) => {
  for (const [why, given, wanted] of table) test(`planPod, ${title}: ${why}`, () => assert.deepEqual(said(plan(given)), wanted))
}

const leave = (graceSeconds: number): Termination => ({ because: 'deleted', graceMs: graceSeconds * 1000 })
const stopping = (beganSecondsAgo: number, graceSeconds: number, rest: object = {}) =>
  new Map([['web-0', { graceMs: graceSeconds * 1000, beganAt: NOW - beganSecondsAgo * 1000, hook: 'none' as const, killAt: undefined, retryAt: 0, ...rest }]])
const running = (pod: Pod) => [instance(pod, 'web', 'running')]
const withSidecar = podOf({ init: [{ name: 'proxy', restartPolicy: 'Always' }, { name: 'setup' }] })
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
