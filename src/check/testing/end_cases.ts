/** Pods that end by their own program, and connections that break in peace. Instants are milliseconds after the change began. */
import { stays, leaves, drains, type DiagnosisCase } from './diagnosis_case.ts'
import { answered, closed, pod, refused, reset, timedOut, unreachable } from './observed.ts'

export const END: Readonly<Record<string, DiagnosisCase>> = {
  'refused after its process had ended, while node-a still sent requests there': {
    pods: [stays, leaves],
    requests: [refused(1, 30, 'old'), refused(2, 170, 'old'), answered(3, 171, 'stays')],
    because: { 'refused-after-exit': [1, 2] },
  },
  'the process is still there, and has closed its port': {
    pods: [stays, drains],
    requests: [refused(1, 30, 'old'), answered(2, 1, 'old', { took: 900 })],
    because: { 'refused-after-exit': [1] },
  },
  'its address was gone with its sandbox': {
    pods: [stays, leaves],
    requests: [unreachable(1, 150, 'old', { took: 3_000 }), timedOut(2, 160, 'old', { took: 5_000, during: 'connect' })],
    because: { 'refused-after-exit': [1, 2] },
  },
  'accepted by the kernel, and broken as the port was closed': {
    pods: [stays, drains],
    requests: [reset(1, 12, 'old'), answered(2, 1, 'old', { took: 900 })],
    because: { 'refused-after-exit': [1] },
  },
  'the hook itself closed the port, long before TERM': {
    pods: [
      stays,
      pod('old', {
        deleted: 0,
        preStop: [3, 2_000],
        term: 2_001,
        exit: 2_020,
        unrouted: 180,
        container: { lifecycle: { preStop: { exec: { command: ['nginx', '-s', 'quit'] } } } },
      }),
    ],
    requests: [refused(1, 90, 'old')],
    because: { 'refused-after-exit': [1] },
  },
  'a hook that only sleeps closes nothing': {
    pods: [
      stays,
      pod('old', {
        deleted: 0,
        preStop: [3, 5_000],
        term: 5_001,
        exit: 5_020,
        unrouted: 180,
        container: { lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } } },
      }),
    ],
    requests: [answered(1, -500, 'old'), refused(2, 90, 'old')],
    because: { unknown: [2] },
  },
  'it answers 503 to what comes after TERM': {
    pods: [stays, drains],
    requests: [answered(1, 60, 'old', { status: 503 })],
    because: { 'refused-after-exit': [1] },
  },
  'under way at TERM, and broken as the process ended': {
    pods: [stays, leaves],
    requests: [reset(1, -200, 'old', { took: 221 }), closed(2, -10, 'old', { took: 30 })],
    because: { 'reset-at-term': [1, 2] },
  },
  'under way on a kept connection at TERM': {
    pods: [stays, leaves],
    requests: [closed(1, -200, 'old', { took: 221, idle: 40 })],
    because: { 'reset-at-term': [1] },
  },
  'written to an idle connection as the server drained': {
    pods: [stays, drains],
    requests: [closed(1, 8, 'old', { idle: 40 }), answered(2, 1, 'old', { took: 900 })],
    because: { 'idle-connection-closed': [1] },
  },
  'the same, when the process is seen to break what it had: then it does not drain': {
    pods: [stays, leaves],
    requests: [reset(1, -200, 'old', { took: 221 }), closed(2, 12, 'old', { idle: 40, took: 8 })],
    because: { 'reset-at-term': [1, 2] },
  },
  'written to an idle connection of a server in peace': {
    pods: [stays],
    requests: [reset(1, -900, 'stays', { idle: 5_001 }), closed(2, 900, 'stays', { idle: 5_003 }), answered(3, 950, 'stays', { idle: 4_000 })],
    because: { 'idle-connection-closed': [1, 2] },
  },
  'a kept connection that broke long after it was written to': {
    pods: [stays],
    requests: [reset(1, 100, 'stays', { idle: 40, took: 900 })],
    because: { unknown: [1] },
  },
  'a new connection that broke in peace': {
    pods: [stays],
    requests: [reset(1, 100, 'stays')],
    because: { unknown: [1] },
  },
}
