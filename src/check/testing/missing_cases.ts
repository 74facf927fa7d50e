/** Pods that are not there, or that nobody should ask. Instants are milliseconds after the change began. */
import { stays, leaves, type DiagnosisCase } from './diagnosis_case.ts'
import { answered, nameless, pod, refused, reset, timedOut } from './observed.ts'

const RECREATE = { strategy: { type: 'Recreate' } }
const DRAIN = { change: { rollout: 'drain', workload: 'Deployment/web', beganMs: 0, settledMs: 30_000 } } as const

export const MISSING: Readonly<Record<string, DiagnosisCase>> = {
  'broken by the restart after failed liveness probes, and refused until it is heard again': {
    pods: [stays, pod('sick', { failing: { probe: 'liveness', from: 500, count: 3 }, term: 2_500, exit: 2_600, code: 143, again: 2_700 })],
    requests: [
      answered(1, 400, 'sick'),
      reset(2, 2_450, 'sick', { took: 151 }),
      refused(3, 2_650, 'sick'),
      refused(4, 3_900, 'sick'),
      answered(5, 4_000, 'sick'),
    ],
    because: { 'liveness-restart': [2, 3, 4] },
  },
  'the only Pod is restarted by its liveness probe, and the rules hold nobody': {
    pods: [pod('sick', { failing: { probe: 'liveness', from: 500, count: 3 }, term: 2_500, exit: 2_600, unready: 2_600, unrouted: 2_620, again: 2_700 })],
    requests: [answered(1, 400, 'sick'), refused(2, 2_800)],
    words: { replicas: 1 },
    because: { 'liveness-restart': [2] },
  },
  'another is Ready after a restart, and node-a has not heard of it yet': {
    pods: [
      pod('sick', { failing: { probe: 'liveness', from: 500, count: 3 }, term: 2_500, exit: 2_600, unready: 2_600, unrouted: 2_620, again: 9_000 }),
      pod('new', { started: -60_000, ready: 3_000, routed: 3_100 }),
    ],
    requests: [answered(1, 400, 'sick'), refused(2, 2_800), refused(3, 3_060), answered(4, 3_200, 'new')],
    because: { 'liveness-restart': [2, 3] },
  },
  'a Pod that had to go anyway was not restarted by its probe': {
    pods: [stays, pod('old', { failing: { probe: 'liveness', from: -900, count: 1 }, deleted: 0, term: 5, exit: 20, unrouted: 180 })],
    requests: [refused(1, 90, 'old')],
    because: { 'refused-after-exit': [1] },
  },
  'all replicas were taken away at once': {
    pods: [
      pod('old-1', { deleted: 0, term: 5, exit: 20, unrouted: 60 }),
      pod('old-2', { deleted: 0, term: 5, exit: 25, unrouted: 60 }),
      pod('new', { started: 900, ready: 1_900, routed: 1_950 }),
    ],
    requests: [answered(1, -50, 'old-1'), refused(2, 40, 'old-1'), refused(3, 800), refused(4, 1_920), answered(5, 2_000, 'new')],
    words: RECREATE,
    because: { 'no-surge': [2, 3, 4] },
  },
  'the only replica was deleted': {
    pods: [pod('old', { deleted: 0, term: 5, exit: 20, unrouted: 60 }), pod('new', { started: 900, ready: 1_900, routed: 1_950 })],
    requests: [answered(1, -50, 'old'), refused(2, 40, 'old'), refused(3, 800), answered(4, 2_000, 'new')],
    words: { replicas: 1, change: { rollout: 'delete', workload: 'Deployment/web', beganMs: 0, settledMs: 5_000 } },
    because: { 'single-replica': [2, 3] },
  },
  'the only replica was replaced after the new one was Ready: late rules, and no lack of Pods': {
    pods: [pod('old', { deleted: 2_000, term: 2_005, exit: 2_020, unrouted: 2_180 }), pod('new', { started: 900, ready: 1_900, routed: 1_950 })],
    requests: [refused(1, 2_100, 'old'), answered(2, 2_110, 'new')],
    words: { replicas: 1 },
    because: { 'refused-after-exit': [1] },
  },
  'node-a had heard of the end of one, and not yet of the other': {
    pods: [pod('old', { deleted: 2_000, term: 2_005, exit: 2_020, unrouted: 2_180 }), pod('new', { started: 900, ready: 1_900, routed: 2_400 })],
    requests: [answered(1, 1_000, 'old'), refused(2, 2_300), answered(3, 2_500, 'new')],
    because: { 'refused-after-exit': [2] },
  },
  'none is Ready because probes fail, and nobody was taken away': {
    pods: [pod('sick-1', { unready: 500, unrouted: 520 }), pod('sick-2', { unready: 500, unrouted: 520 })],
    requests: [answered(1, 400, 'sick-1'), refused(2, 900)],
    because: { unknown: [2] },
  },
  'a drain evicted all replicas': {
    pods: [pod('old-1', { deleted: 0, term: 5, exit: 20, unrouted: 60 }), pod('old-2', { deleted: 1, term: 5, exit: 25, unrouted: 60 })],
    requests: [answered(1, -50, 'old-1'), refused(2, 800)],
    words: DRAIN,
    because: { 'no-surge': [2] },
  },
  'what was under way when all were taken away was still broken by its own program': {
    pods: [pod('old-1', { deleted: 0, term: 5, exit: 20, unrouted: 60 }), pod('old-2', { deleted: 0, term: 5, exit: 25, unrouted: 60 })],
    requests: [reset(1, -100, 'old-1', { took: 122 }), refused(2, 800)],
    words: RECREATE,
    because: { 'reset-at-term': [1], 'no-surge': [2] },
  },
  'late, while one of two did all the work': {
    pods: [stays, pod('old', { deleted: 0, term: 5, exit: 20, unrouted: 60 })],
    requests: [answered(1, -50, 'stays'), answered(2, 900, 'stays', { took: 1_700 })],
    because: { 'no-surge': [2] },
  },
  'late before the change as well: not for that': {
    pods: [stays, pod('old', { deleted: 0, term: 5, exit: 20, unrouted: 60 })],
    requests: [answered(1, -5_000, 'stays', { took: 1_700 }), answered(2, 900, 'stays', { took: 1_700 })],
    because: { unknown: [1, 2] },
  },
  'a client that keeps addresses asks a Pod that is leaving': {
    pods: [stays, leaves],
    requests: [refused(1, 90, 'old', { client: 'direct' }), timedOut(2, 9_000, 'old', { client: 'direct', took: 5_000, during: 'connect' })],
    because: { 'bypassed-service': [1, 2] },
  },
  'its request was under way before the Pod had to go: any client would have lost it': {
    pods: [stays, leaves],
    requests: [reset(1, -100, 'old', { client: 'direct', took: 121 })],
    because: { 'reset-at-term': [1] },
  },
  'DNS had no answer': {
    pods: [stays, leaves],
    requests: [nameless(1, 90, undefined, { client: 'direct' })],
    because: { 'bypassed-service': [1] },
  },
  'an address that no Pod of the timelines had': {
    pods: [stays],
    requests: [refused(1, 90, { address: '10.9.9.9' }, { client: 'direct' }), refused(2, 95, { address: '10.9.9.9' })],
    because: { 'bypassed-service': [1], unknown: [2] },
  },
}
