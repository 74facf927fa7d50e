/**
 * Observations made by hand, in few words. The change begins at 0; all instants are milliseconds after it.
 *
 *   observed([pod('old', { deleted: 0, term: 5, exit: 20, unrouted: 180 })], [refused(1, 100, 'old')])
 */
import type { Pod } from '../../api/kinds/pod.ts'
import type { PodTimeline } from '../../api/kinds/pod_timeline.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import type { TimelineSpan } from '../../api/types/pod_timeline.ts'
import type { Millis } from '../../base/clock.ts'
import type { LoadRequest, Observation, RequestOutcome, SignalHabits, Symptom } from '../observation.ts'

export interface PodWords {
  /** The container's process runs. Default: a minute ago. */
  readonly started?: Millis
  /** Default: as it started. null: never. */
  readonly ready?: Millis | null
  readonly unready?: Millis
  /** Since when node-a sends requests to it. Default: as it became Ready. */
  readonly routed?: Millis
  /** Its readiness probe was answered first. */
  readonly probed?: Millis
  readonly deleted?: Millis
  readonly preStop?: readonly [from: Millis, to?: Millis]
  readonly term?: Millis
  readonly kill?: Millis
  readonly exit?: Millis
  readonly code?: number
  readonly reason?: string
  /** node-a no longer sends requests to it. */
  readonly unrouted?: Millis
  /** While it had to go and was still Ready, node-a had it for when there is no other. */
  readonly serving?: Millis
  readonly failing?: { readonly probe: 'liveness' | 'startup'; readonly from: Millis; readonly count: number }
  /** The container was started once more. */
  readonly again?: Millis
  /** read off objects: exact to the second. */
  readonly origin?: 'recorded' | 'derived'
  readonly grace?: number
  /** More of its container. */
  readonly container?: object
}

export const WALL_OFFSET_MS = 1_700_000_000_000

export function pod(name: string, words: PodWords = {}): { timeline: PodTimeline; pod: Pod } {
  const { started = -60_000, origin = 'recorded', code, grace = 30 } = words
  const ready = words.ready === undefined ? started : words.ready
  const span = (type: TimelineSpan['type'], from: Millis | undefined, to: Millis | undefined, more: Partial<TimelineSpan> = {}): TimelineSpan[] =>
    from === undefined ? [] : [{ type, ...when('start', from), ...(to !== undefined && when('finish', to)), origin, ...more } as TimelineSpan]
  const when = (end: 'start' | 'finish', ms: Millis) =>
    origin === 'recorded' ? { [`${end}Ms`]: ms } : { [`${end}At`]: new Date(Math.floor((ms + WALL_OFFSET_MS) / 1000) * 1000).toISOString() }
  const rules = (reason: string, at: Millis | undefined) =>
    origin === 'derived' || at === undefined ? [] : span('RulesProgrammed', at, at, { service: 'web', node: 'node-a', reason })
  const container = { container: 'app', restart: 0 }
  const left = words.deleted ?? words.unready
  const spans = [
    ...span('Container', started, words.exit, { ...container, ...(code !== undefined && { exitCode: code }), ...(words.reason && { reason: words.reason }) }),
    ...span('Container', words.again, undefined, { container: 'app', restart: 1 }),
    ...(ready === null ? [] : span('Ready', ready, words.unready ?? words.exit)),
    ...(ready === null ? [] : span('Endpoint', ready, left, { service: 'web', reason: 'EndpointReady' })),
    ...(ready === null ? [] : rules('EndpointReady', words.routed ?? ready)),
    ...span('Probe', words.probed, undefined, { ...container, probe: 'readiness', result: 'success', count: 1 }),
    ...span('Probe', words.failing?.from, undefined, {
      ...container,
      probe: words.failing?.probe ?? 'liveness',
      result: 'failure',
      count: words.failing?.count ?? 1,
    }),
    ...span('Deletion', words.deleted, undefined),
    ...span('PreStop', words.preStop?.[0], words.preStop?.[1], container),
    ...span('Term', words.term, words.exit, { ...container, message: 'SIGTERM' }),
    ...span('Kill', words.kill, words.kill, { ...container, reason: words.reason === 'OOMKilled' ? 'OOMKilled' : 'GraceExceeded' }),
    ...rules('EndpointServing', words.serving),
    ...rules('EndpointRemoved', words.unrouted),
  ].sort((a, b) => (a.startMs ?? 0) - (b.startMs ?? 0))
  const uid = `uid-${name}`
  return {
    timeline: {
      apiVersion: 'timeline.poise.dev/v1alpha1',
      kind: 'PodTimeline',
      metadata: { name, namespace: 'shop' },
      pod: { name, uid, node: 'node-a', ip: addressOf(name), owner: 'ReplicaSet/web' },
      spans,
    } as PodTimeline,
    pod: {
      metadata: { name, uid, labels: { app: 'web' } },
      spec: { terminationGracePeriodSeconds: grace, containers: [{ name: 'app', image: 'web:1', ports: [{ containerPort: 8080 }], ...words.container }] },
      status: {},
    } as unknown as Pod,
  }
}

/** Each name has an address of its own. */
const addressOf = (name: string): string => `10.244.0.${Array.from(name).reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 250, 7) + 1}`

export interface RequestWords {
  readonly took?: Millis
  /** On a connection that had been idle for so long; else a new one. */
  readonly idle?: Millis
  readonly connection?: number
  readonly client?: LoadRequest['client']
  readonly during?: 'connect' | 'request' | 'response'
  readonly planned?: Millis
  /** Nobody saw which Pod it was for. */
  readonly unseen?: true
}

export type Asked = string | { readonly address: string } | undefined

const request = (
  id: number,
  atMs: Millis,
  to: Asked,
  outcome: RequestOutcome,
  { took = 2, idle, connection, client, planned, unseen }: RequestWords,
): LoadRequest => ({
  id,
  plannedMs: planned ?? atMs,
  sentMs: atMs,
  endedMs: atMs + took,
  client: client ?? (idle === undefined ? 'new' : 'keep-alive'),
  connection: connection ?? id,
  ...(idle !== undefined && { idleMs: idle }),
  ...(to !== undefined && !unseen && { target: { address: typeof to === 'string' ? addressOf(to) : to.address, port: 8080 } }),
  outcome,
})

const failed =
  (symptom: Symptom, usually: RequestWords['during']) =>
  (id: number, atMs: Millis, to?: Asked, words: RequestWords = {}): LoadRequest =>
    request(id, atMs, to, { is: 'failed', symptom, during: words.during ?? usually ?? 'request' }, words)

export const refused = failed('refused', 'connect')
export const unreachable = failed('unreachable', 'connect')
export const nameless = failed('name', 'connect')
export const reset = failed('reset', 'request')
export const closed = failed('closed', 'request')
export const timedOut = failed('timeout', 'response')
export const answered = (id: number, atMs: Millis, to?: Asked, words: RequestWords & { readonly status?: number } = {}): LoadRequest =>
  request(id, atMs, to, { is: 'answered', status: words.status ?? 200 }, words)

export interface ObservedWords extends Partial<Pick<Observation, 'entrance' | 'path' | 'change' | 'signals' | 'slowMs' | 'blindSpots'>> {
  readonly replicas?: number
  /** Of the Deployment. */
  readonly strategy?: object
  /** More of the container in the template. */
  readonly container?: object
  readonly grace?: number
  readonly objects?: readonly KubernetesObject[]
}

export function observed(pods: readonly ReturnType<typeof pod>[], requests: readonly LoadRequest[], words: ObservedWords = {}): Observation {
  const { replicas = 2, strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } }, grace = 30 } = words
  return {
    namespace: 'shop',
    entrance: { service: 'web', through: 'ClusterIP', url: 'http://10.96.0.7:80', node: 'node-a' },
    path: '/',
    change: { rollout: 'restart', workload: 'Deployment/web', beganMs: 0, settledMs: 30_000 },
    requests,
    slowMs: 1_000,
    timelines: pods.map(({ timeline }) => timeline),
    wallMinusMonotonicMs: WALL_OFFSET_MS,
    pods: new Map(pods.map(one => [one.pod.metadata.uid!, one.pod])),
    objects: [
      { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] } },
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web' },
        spec: {
          replicas,
          strategy,
          selector: { matchLabels: { app: 'web' } },
          template: {
            metadata: { labels: { app: 'web' } },
            spec: { terminationGracePeriodSeconds: grace, containers: [{ name: 'app', image: 'web:1', ports: [{ containerPort: 8080 }], ...words.container }] },
          },
        },
      },
      ...(words.objects ?? []),
    ] as unknown as KubernetesObject[],
    signals: [],
    blindSpots: [],
    ...pick(words),
  }
}

const pick = ({ entrance, path, change, signals, slowMs, blindSpots }: ObservedWords) =>
  Object.fromEntries(Object.entries({ entrance, path, change, signals, slowMs, blindSpots }).filter(([, value]) => value !== undefined))

/** What the first process of a Pod's container does with TERM. */
export const habits = (name: string, isCaught: boolean | undefined, command: readonly string[] = ['server']): SignalHabits => ({
  podUid: `uid-${name}`,
  container: 'app',
  stopSignal: 'TERM',
  isCaught,
  command,
})
