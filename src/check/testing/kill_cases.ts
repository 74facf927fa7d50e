/** Pods that are killed. Instants are milliseconds after the change began. */
import { killed, stays, type DiagnosisCase } from './diagnosis_case.ts'
import { answered, closed, habits, pod, reset } from './observed.ts'

export const KILL: Readonly<Record<string, DiagnosisCase>> = {
  'still under way when the grace was over': {
    pods: [stays, killed],
    requests: [reset(1, -100, 'old', { took: 5_105 }), reset(2, -50, 'old', { took: 5_061, idle: 3 })],
    words: { signals: [habits('old', true)] },
    because: { 'killed-at-grace-end': [1, 2] },
  },
  'its first process drops TERM': {
    pods: [stays, killed],
    requests: [reset(1, 4_900, 'old', { took: 105, idle: 3 })],
    words: { signals: [habits('old', false, ['sh', '-c', 'server; echo bye'])] },
    because: { 'term-not-delivered': [1] },
  },
  'nobody could look at its signals, and it is a shell': {
    pods: [stays, killed],
    requests: [reset(1, 4_900, 'old', { took: 105, idle: 3 })],
    words: { signals: [habits('old', undefined, ['/bin/sh', '-c', 'server; echo bye'])] },
    because: { 'term-not-delivered': [1] },
  },
  'it catches the signal, and goes on taking requests as if nothing had happened': {
    pods: [stays, killed],
    requests: [
      answered(1, 2_000, 'old', { idle: 3, connection: 7 }),
      answered(2, 3_000, 'old', { idle: 900, connection: 7 }),
      reset(3, 4_900, 'old', { took: 105, idle: 3, connection: 7 }),
    ],
    words: { signals: [habits('old', true)] },
    because: { 'term-not-delivered': [3] },
  },
  'one answer more on each kept connection is how servers drain': {
    pods: [stays, killed],
    requests: [answered(1, 2_000, 'old', { idle: 3, connection: 7 }), reset(2, -100, 'old', { took: 5_105 })],
    words: { signals: [habits('old', true)] },
    because: { 'killed-at-grace-end': [2] },
  },
  'written to a kept connection just after KILL': {
    pods: [stays, killed],
    requests: [closed(1, 5_030, 'old', { idle: 90 })],
    words: { signals: [habits('old', false)] },
    because: { 'term-not-delivered': [1] },
  },
  'the hook took all of the grace': {
    pods: [stays, pod('old', { deleted: 0, preStop: [3, 5_000], term: 5_001, kill: 7_001, exit: 7_010, code: 137, unrouted: 50, grace: 5 })],
    requests: [reset(1, 4_500, 'old', { took: 2_506, idle: 3 })],
    words: { signals: [habits('old', true)] },
    because: { 'prestop-exceeds-grace': [1] },
  },
  'the hook never came to an end': {
    pods: [stays, pod('old', { deleted: 0, preStop: [3], term: 5_001, kill: 7_001, exit: 7_010, code: 137, unrouted: 50, grace: 5 })],
    requests: [reset(1, 4_500, 'old', { took: 2_506, idle: 3 })],
    because: { 'prestop-exceeds-grace': [1] },
  },
  'the hook left more than the least grace: the work was too long': {
    pods: [stays, pod('old', { deleted: 0, preStop: [3, 2_000], term: 2_001, kill: 5_001, exit: 5_010, code: 137, unrouted: 50, grace: 5 })],
    requests: [reset(1, 1_500, 'old', { took: 3_506, idle: 3 })],
    because: { 'killed-at-grace-end': [1] },
  },
  'the hook took all, and TERM would not have been heard anyway': {
    pods: [stays, pod('old', { deleted: 0, preStop: [3, 5_000], term: 5_001, kill: 7_001, exit: 7_010, code: 137, unrouted: 50, grace: 5 })],
    requests: [reset(1, 6_500, 'old', { took: 506, idle: 3 })],
    words: { signals: [habits('old', false)] },
    because: { 'term-not-delivered': [1] },
  },
  'KILL is told when the end of the process is heard of; clients feel it before': {
    pods: [stays, pod('old', { deleted: 0, term: 5, kill: 5_200, exit: 5_200, code: 137, unrouted: 50, grace: 5 })],
    requests: [reset(1, -100, 'old', { took: 5_110 }), closed(2, 4_990, 'old', { took: 15, idle: 60 })],
    words: { signals: [habits('old', true)] },
    because: { 'killed-at-grace-end': [1, 2] },
  },
  'nobody told of KILL: the exit code does': {
    pods: [stays, pod('old', { deleted: 0, term: 5, exit: 5_200, code: 137, unrouted: 50, grace: 5 })],
    requests: [reset(1, -100, 'old', { took: 5_110 })],
    because: { 'killed-at-grace-end': [1] },
  },
  'killed for its memory, not for its time': {
    pods: [stays, pod('old', { kill: 700, exit: 700, code: 137, reason: 'OOMKilled', again: 1_800 })],
    requests: [reset(1, 650, 'old', { took: 51 })],
    because: { unknown: [1] },
  },
}
