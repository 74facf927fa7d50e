import assert from 'node:assert/strict'
import { test } from 'node:test'
import { podColumns, podRowConditions } from './pod_columns.ts'
import type { Pod } from './pod.ts'

const NOW = Date.parse('2024-01-01T01:00:00Z')
const running = { running: { startedAt: '2024-01-01T00:00:00Z' } }
const waiting = (reason?: string) => ({ waiting: { reason } })
const ended = (exitCode: number, reason?: string, signal?: number) => ({ terminated: { exitCode, reason, signal } })
const status = (name: string, state: object, more: object = {}) => ({ name, state, lastState: {}, ready: false, started: false, restartCount: 0, ...more })
const READY = [{ type: 'Ready', status: 'True' }]

interface Case {
  spec?: object
  status?: object
  metadata?: object
}

function row({ spec, status: podStatus, metadata }: Case): string {
  const pod = {
    metadata: { name: 'web', creationTimestamp: '2024-01-01T00:00:00Z', ...metadata },
    spec: { containers: [{ name: 'a' }], ...spec },
    status: { phase: 'Pending', ...podStatus },
  } as unknown as Pod
  return podColumns
    .slice(1, 4)
    .map(column => column.cell(pod, NOW))
    .join(' | ')
}

const INIT = { initContainers: [{ name: 'i' }, { name: 'j' }] }
const SIDECAR = { initContainers: [{ name: 's', restartPolicy: 'Always' }] }

test('READY, STATUS and RESTARTS say what the Pod is doing', () => {
  const cases: [string, Case, string][] = [
    ['nothing known yet', {}, '0/1 | Pending | 0'],
    ['image is being pulled', { status: { containerStatuses: [status('a', waiting('ContainerCreating'))] } }, '0/1 | ContainerCreating | 0'],
    ['waiting at a gate', { status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] } }, '0/1 | SchedulingGated | 0'],
    [
      'first of two init containers runs',
      { spec: INIT, status: { initContainerStatuses: [status('i', running), status('j', waiting('PodInitializing'))] } },
      '0/1 | Init:0/2 | 0',
    ],
    [
      'second of two init containers runs',
      { spec: INIT, status: { initContainerStatuses: [status('i', ended(0, 'Completed')), status('j', running)] } },
      '0/1 | Init:1/2 | 0',
    ],
    [
      'init container failed',
      { spec: INIT, status: { initContainerStatuses: [status('i', ended(1, 'Error'), { restartCount: 2 }), status('j', waiting('PodInitializing'))] } },
      '0/1 | Init:Error | 2',
    ],
    [
      'init container backs off',
      { spec: INIT, status: { initContainerStatuses: [status('i', waiting('CrashLoopBackOff'), { restartCount: 3 })] } },
      '0/1 | Init:CrashLoopBackOff | 3',
    ],
    ['init container ended without a reason', { spec: INIT, status: { initContainerStatuses: [status('i', ended(7))] } }, '0/1 | Init:ExitCode:7 | 0'],
    ['init container was killed', { spec: INIT, status: { initContainerStatuses: [status('i', ended(137, undefined, 9))] } }, '0/1 | Init:Signal:9 | 0'],
    [
      'init is over',
      {
        spec: INIT,
        status: { initContainerStatuses: [status('i', ended(0)), status('j', ended(0))], containerStatuses: [status('a', waiting('PodInitializing'))] },
      },
      '0/1 | PodInitializing | 0',
    ],
    ['running and ready', { status: { phase: 'Running', conditions: READY, containerStatuses: [status('a', running, { ready: true })] } }, '1/1 | Running | 0'],
    ['running, not ready', { status: { phase: 'Running', containerStatuses: [status('a', running)] } }, '0/1 | Running | 0'],
    [
      'a sidecar counts',
      {
        spec: SIDECAR,
        status: {
          phase: 'Running',
          initContainerStatuses: [status('s', running, { ready: true, started: true, restartCount: 1 })],
          containerStatuses: [status('a', running, { ready: true })],
        },
      },
      '2/2 | Running | 1',
    ],
    ['a sidecar has not started', { spec: SIDECAR, status: { initContainerStatuses: [status('s', running)] } }, '0/2 | Init:0/1 | 0'],
    [
      'back-off with the time of the last restart',
      {
        status: {
          phase: 'Running',
          containerStatuses: [
            status('a', waiting('CrashLoopBackOff'), { restartCount: 3, lastState: { terminated: { exitCode: 1, finishedAt: '2024-01-01T00:59:48Z' } } }),
          ],
        },
      },
      '0/1 | CrashLoopBackOff | 3 (12s ago)',
    ],
    ['all done', { status: { phase: 'Succeeded', containerStatuses: [status('a', ended(0, 'Completed'))] } }, '0/1 | Completed | 0'],
    ['out of memory', { status: { phase: 'Failed', containerStatuses: [status('a', ended(137, 'OOMKilled'))] } }, '0/1 | OOMKilled | 0'],
    [
      'one done, one ready',
      {
        spec: { containers: [{ name: 'a' }, { name: 'b' }] },
        status: { phase: 'Running', conditions: READY, containerStatuses: [status('a', ended(0, 'Completed')), status('b', running, { ready: true })] },
      },
      '1/2 | Running | 0',
    ],
    [
      'one done, one ready, but the Pod is not',
      {
        spec: { containers: [{ name: 'a' }, { name: 'b' }] },
        status: { phase: 'Running', containerStatuses: [status('a', ended(0, 'Completed')), status('b', running, { ready: true })] },
      },
      '1/2 | NotReady | 0',
    ],
    [
      'the first container speaks',
      {
        spec: { containers: [{ name: 'a' }, { name: 'b' }] },
        status: { containerStatuses: [status('a', waiting('ImagePullBackOff')), status('b', waiting('ErrImagePull'))] },
      },
      '0/2 | ImagePullBackOff | 0',
    ],
    ['evicted', { status: { phase: 'Failed', reason: 'Evicted' } }, '0/1 | Evicted | 0'],
    [
      'being deleted',
      { metadata: { deletionTimestamp: '2024-01-01T01:00:30Z' }, status: { phase: 'Running', containerStatuses: [status('a', running, { ready: true })] } },
      '1/1 | Terminating | 0',
    ],
    [
      'deleted after it was done',
      { metadata: { deletionTimestamp: '2024-01-01T01:00:30Z' }, status: { phase: 'Succeeded', containerStatuses: [status('a', ended(0, 'Completed'))] } },
      '0/1 | Completed | 0',
    ],
    ['its node is lost', { metadata: { deletionTimestamp: '2024-01-01T01:00:30Z' }, status: { phase: 'Running', reason: 'NodeLost' } }, '0/1 | Unknown | 0'],
  ]
  for (const [name, pod, expected] of cases) assert.equal(row(pod), expected, name)
})

test('rows of finished Pods say so, and kubectl can hide them', () => {
  assert.deepEqual(podRowConditions({ status: { phase: 'Failed' } } as Pod), [
    { type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' },
  ])
  assert.deepEqual(podRowConditions({ status: { phase: 'Running' } } as Pod), [])
})
