/** What is not seen, or only to the second; and everything at once. Instants are milliseconds after the change began. */
import { stays, leaves, type DiagnosisCase } from './diagnosis_case.ts'
import { answered, closed, pod, refused, reset } from './observed.ts'

const unseen = { unseen: true } as const
/** Enough to be sure that each of two or three Pods has had its share. */
const soFar = Array.from({ length: 20 }, (_, index) => answered(100 + index, -5_000 + index * 100, undefined, unseen))
const old = (words: object) => pod('old', { deleted: 0, origin: 'derived', code: 0, ...words })

export const UNCERTAIN: Readonly<Record<string, DiagnosisCase>> = {
  'no address is seen, and only one Pod that the rules held can have refused': {
    pods: [stays, leaves],
    requests: [...soFar, refused(1, 90, 'old', unseen), answered(2, 91, 'stays', unseen)],
    because: { 'refused-after-exit': [1] },
  },
  'no address is seen, and the load has just begun: the other one may never have listened': {
    pods: [pod('young', { started: -8_000 }), leaves],
    requests: [refused(1, 90, 'old', unseen)],
    because: { unknown: [1] },
  },
  'no address is seen, and two Pods can have refused, for different reasons': {
    pods: [leaves, pod('new', { started: 10, ready: 20, routed: 40 })],
    requests: [refused(1, 90, 'old', unseen)],
    because: { unknown: [1] },
  },
  'two Pods can have refused, for the same reason': {
    pods: [stays, leaves, pod('older', { deleted: 0, term: 5, exit: 22, unrouted: 180 })],
    requests: [...soFar, refused(1, 90, 'old', unseen)],
    because: { 'refused-after-exit': [1] },
  },
  'no address is seen, and the rules no longer held the Pod that ended': {
    pods: [stays, leaves],
    requests: [...soFar, refused(1, 400, 'old', unseen)],
    because: { unknown: [1] },
  },
  'a kept connection is for the Pod it was opened to, though the rules have changed since': {
    pods: [stays, pod('old', { deleted: 0, term: 2_000, exit: 2_020, unrouted: 50 })],
    requests: [
      answered(1, -500, 'old', { connection: 9, client: 'keep-alive' }),
      closed(2, 1_900, 'old', { ...unseen, connection: 9, idle: 2_400, took: 121 }),
    ],
    because: { 'reset-at-term': [2] },
  },
  'to the second: long after its end, refused is refused after its end': {
    pods: [pod('stays', { origin: 'derived' }), old({ exit: 1_000 })],
    requests: [refused(1, 2_900, 'old')],
    because: { 'refused-after-exit': [1] },
  },
  'to the second: close to its end, and nothing else can be': {
    pods: [pod('stays', { origin: 'derived' }), old({ exit: 1_000 })],
    requests: [answered(2, -900, 'old'), refused(1, 1_200, 'old')],
    because: { 'refused-after-exit': [1] },
  },
  'to the second: broken so close to its end that it may have been under way, or have come too late': {
    pods: [pod('stays', { origin: 'derived' }), old({ exit: 1_000 })],
    requests: [reset(1, 1_200, 'old', { took: 20 })],
    because: { unknown: [1] },
  },
  'to the second: whether another one was Ready by then cannot be told': {
    pods: [old({ exit: 1_000 }), pod('new', { started: 900, ready: 2_000, origin: 'derived' })],
    requests: [refused(1, 2_300, 'old')],
    because: { unknown: [1] },
  },
  'nothing is known of any Pod': {
    pods: [],
    requests: [refused(1, 100), reset(2, 200), answered(3, 300, undefined, { took: 1_500 })],
    because: { unknown: [1, 2, 3] },
  },
  'nothing is known of any Pod, and a kept connection broke as it was written to': {
    pods: [],
    requests: [reset(1, 200, undefined, { idle: 60_000 })],
    because: { 'idle-connection-closed': [1] },
  },
  'a gateway tells in a status what became of its own connection': {
    pods: [stays, leaves],
    requests: [...soFar, answered(1, 90, 'old', { ...unseen, status: 503 }), answered(2, -100, 'old', { ...unseen, status: 502, took: 121 })],
    words: { entrance: { service: 'web', through: 'url', url: 'https://shop.example/', node: 'node-a' } },
    because: { 'refused-after-exit': [1], 'reset-at-term': [2] },
  },
}

/** One careless rollout, with everything in it. */
export const MIXED: Readonly<Record<string, DiagnosisCase>> = {
  'a rollout with a bit of everything': {
    pods: [
      pod('old', { deleted: 300, term: 305, exit: 320, code: 0, unrouted: 480 }),
      pod('stuck', { deleted: 300, term: 305, kill: 2_300, exit: 2_310, code: 137, unrouted: 480, grace: 2 }),
      pod('new', { started: 100, ready: 110, routed: 150 }),
      stays,
    ],
    requests: [
      refused(1, 160, 'new'),
      reset(2, 100, 'old', { took: 221 }),
      refused(3, 400, 'old'),
      answered(4, 400, 'new'),
      answered(5, 450, 'new', { status: 500 }),
      reset(6, 200, 'stuck', { took: 2_105 }),
      reset(7, 900, 'stays', { idle: 60_000 }),
      answered(8, 1_000, 'stays'),
    ],
    because: {
      'ready-before-listening': [1],
      'refused-after-exit': [3],
      'reset-at-term': [2],
      'killed-at-grace-end': [6],
      'idle-connection-closed': [7],
      'slow-start': [5],
    },
  },
}
