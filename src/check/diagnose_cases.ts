/**
 * What is diagnosed from what. Read each as: these Pods, these requests, hence these causes. Those that are easily mistaken for
 * each other stand together. Instants are milliseconds after the change began; `stays` is a Pod that is Ready all the time.
 */
import type { Cause } from './causes.ts'
import type { LoadRequest } from './observation.ts'
import { answered, closed, habits, nameless, pod, refused, reset, timedOut, unreachable, type ObservedWords } from './testing/observed.ts'

export interface DiagnosisCase {
  readonly pods: readonly ReturnType<typeof pod>[]
  readonly requests: readonly LoadRequest[]
  readonly words?: ObservedWords
  /** Ids of requests, by cause. */
  readonly because: Readonly<Partial<Record<Cause, readonly number[]>>>
}

const stays = pod('stays')
/** Obeys TERM at once; node-a follows 180 ms after the deletion. */
const leaves = pod('old', { deleted: 0, term: 5, exit: 20, code: 0, unrouted: 180 })
/** Closes its port at TERM, and answers what it has for three seconds. */
const drains = pod('old', { deleted: 0, term: 5, exit: 3_000, code: 0, unrouted: 180 })
/** Five seconds of grace, and the program does not end. */
const killed = pod('old', { deleted: 0, term: 5, kill: 5_000, exit: 5_010, code: 137, unrouted: 50, grace: 5 })
const RECREATE = { strategy: { type: 'Recreate' } }
const DRAIN = { change: { rollout: 'drain', workload: 'Deployment/web', beganMs: 0, settledMs: 30_000 } } as const

export const START: Readonly<Record<string, DiagnosisCase>> = {
  'refused by a Pod that is Ready and was never heard: its port is not open yet': {
    pods: [stays, pod('new', { started: 100, ready: 110, routed: 130 })],
    requests: [refused(1, 200, 'new'), refused(2, 1_900, 'new'), answered(3, 2_100, 'new')],
    because: { 'ready-before-listening': [1, 2] },
  },
  'it never listens at all': {
    pods: [stays, pod('new', { started: 100, ready: 110, routed: 130 })],
    requests: [refused(1, 200, 'new'), refused(2, 9_000, 'new')],
    because: { 'ready-before-listening': [1, 2] },
  },
  'refused by a Pod that has been heard before is something else': {
    pods: [stays, pod('new', { started: 100, ready: 110, routed: 130 })],
    requests: [answered(1, 200, 'new'), refused(2, 900, 'new')],
    because: { unknown: [2] },
  },
  'a probe over the network has heard it as well': {
    pods: [stays, pod('new', { started: 100, ready: 110, routed: 130, probed: 105, container: { readinessProbe: { tcpSocket: { port: 8080 } } } })],
    requests: [refused(1, 900, 'new')],
    because: { unknown: [1] },
  },
  'a probe that runs a command says nothing of the port': {
    pods: [stays, pod('new', { started: 100, ready: 110, routed: 130, probed: 105, container: { readinessProbe: { exec: { command: ['true'] } } } })],
    requests: [refused(1, 900, 'new')],
    because: { 'ready-before-listening': [1] },
  },
  'it listens, and answers 503 in its first seconds': {
    pods: [stays, pod('new', { started: 100, ready: 110, routed: 130 })],
    requests: [answered(1, 300, 'new', { status: 503 }), answered(2, 4_000, 'new', { status: 503 }), answered(3, 5_000, 'new')],
    because: { 'slow-start': [1, 2] },
  },
  'it is slow in its first seconds': {
    pods: [stays, pod('new', { started: 100, ready: 110, routed: 130 })],
    requests: [answered(1, 300, 'new', { took: 1_500 }), answered(2, 300, 'stays', { took: 20 })],
    because: { 'slow-start': [1] },
  },
  'it crashes in its first seconds, and is refused until it is heard again': {
    pods: [stays, pod('new', { started: 100, ready: 110, routed: 130, exit: 900, code: 1, again: 2_000 })],
    requests: [answered(1, 300, 'new'), reset(2, 880, 'new', { took: 21 }), refused(3, 1_200, 'new'), refused(4, 2_100, 'new'), answered(5, 2_500, 'new')],
    because: { 'slow-start': [2, 3, 4] },
  },
  'a 503 from a Pod that has long been Ready is the application’s own': {
    pods: [stays],
    requests: [answered(1, 300, 'stays', { status: 503 })],
    because: { unknown: [1] },
  },
  'slow from a Pod that has long been Ready, with all others there': {
    pods: [stays, pod('other')],
    requests: [answered(1, 300, 'stays', { took: 1_500 })],
    because: { unknown: [1] },
  },
}

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
  'killed for its memory, not for its time': {
    pods: [stays, pod('old', { kill: 700, exit: 700, code: 137, reason: 'OOMKilled', again: 1_800 })],
    requests: [reset(1, 650, 'old', { took: 51 })],
    because: { unknown: [1] },
  },
}

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
    pods: [stays, leaves],
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
