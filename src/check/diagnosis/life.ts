/**
 * The life of a Pod as far as its requests are concerned: the runs of the container that serves, when it was Ready, when it had to
 * go, and since when which node knew of it. All read off its timeline.
 */
import type { Pod } from '../../api/kinds/pod.ts'
import type { PodTimeline } from '../../api/kinds/pod_timeline.ts'
import type { Container } from '../../api/types/container.ts'
import type { TimelineSpan } from '../../api/types/pod_timeline.ts'
import type { Millis } from '../../base/clock.ts'
import type { Observation } from '../observation.ts'
import { finishOf, isVague, startOf, type Instant } from './instant.ts'
import { runsOf, type Run } from './runs.ts'

export interface Life {
  readonly name: string
  readonly uid: string
  readonly node: string
  readonly address: string
  /** `ReplicaSet/web-5d4f`; empty: nobody's. */
  readonly owner: string
  readonly pod: Pod | undefined
  /** The one that serves what the Service asks for. */
  readonly container: string
  readonly runs: readonly Run[]
  readonly begun: Instant | undefined
  readonly ready: readonly Period[]
  /** Somebody asked for its deletion. */
  readonly deleted: Instant | undefined
  readonly addressGone: Instant | undefined
  readonly graceMs: Millis
  /** What the slices of the Service said of it, in the order of time. */
  readonly endpoint: readonly Step[]
  /** What the rules of each node said of it. */
  readonly rules: ReadonlyMap<string, readonly Step[]>
  /** Some of its instants are only known to the second. */
  readonly isVague: boolean
}

export interface Period {
  readonly from: Instant | undefined
  /** Undefined: it lasts, or nobody knows. */
  readonly to: Instant | undefined
}

/** A state holds from some instant between `from` and `to`; without `to` nobody has told that it was reached. */
export interface Step {
  readonly state: string
  readonly from: Instant
  readonly to: Instant | undefined
}

/** @param port of the Pods, to which the load went. */
export function livesOf(observation: Observation, port: number | string | undefined): Life[] {
  const lives = observation.timelines.map(timeline => lifeOf(timeline, observation, port))
  // A Pod the Service never knew of cannot have lost its requests; where nothing is known of endpoints, any may have.
  const behind = lives.filter(({ endpoint, rules }) => endpoint.length > 0 || rules.size > 0)
  return behind.length > 0 ? behind : lives
}

function lifeOf({ pod: about, spans }: PodTimeline, observation: Observation, port: number | string | undefined): Life {
  const offsetMs = observation.wallMinusMonotonicMs
  const pod = observation.pods.get(about.uid)
  const container = servingContainer(spans, pod, port)
  const start = (span: TimelineSpan) => startOf(span, offsetMs)
  const finish = (span: TimelineSpan) => finishOf(span, offsetMs)
  const ofService = spans.filter(span => span.service === observation.entrance.service)
  const deletion = spans.find(({ type }) => type === 'Deletion')
  const terminating = spans.find(({ type }) => type === 'Terminating')
  const sandboxStop = spans.findLast(({ type }) => type === 'SandboxStop')
  const runs = runsOf(spans, container, pod, offsetMs)
  const deleted = (deletion && start(deletion)) ?? (terminating && start(terminating))
  const seconds = pod?.metadata.deletionGracePeriodSeconds ?? pod?.spec.terminationGracePeriodSeconds ?? GRACE_BY_DEFAULT_SECONDS
  return {
    name: about.name,
    uid: about.uid,
    node: about.node ?? '',
    address: about.ip ?? '',
    owner: about.owner ?? '',
    pod,
    container,
    runs,
    begun: spans.map(start).find(instant => instant !== undefined),
    ready: spans.filter(({ type }) => type === 'Ready').map(span => ({ from: start(span), to: finish(span) })),
    deleted,
    addressGone: sandboxStop && (finish(sandboxStop) ?? start(sandboxStop)),
    graceMs: seconds * 1000,
    endpoint: endpointSteps(ofService, start, finish),
    rules: ruleSteps(ofService, start, finish),
    isVague: isVague(deleted) || runs.some(run => isVague(run.started) || isVague(run.ended)),
  }
}

const GRACE_BY_DEFAULT_SECONDS = 30

const ALWAYS: Instant = { atMs: -Infinity, marginMs: 0 }

type At = (span: TimelineSpan) => Instant | undefined

/** A node hears of a change of the slices some time later: how long it takes is not known from them. */
function endpointSteps(spans: readonly TimelineSpan[], start: At, finish: At): Step[] {
  const steps: Step[] = []
  const held = spans.filter(({ type }) => type === 'Endpoint')
  // Without a beginning it was there before anybody looked.
  for (const span of held) steps.push({ state: span.reason ?? '', from: start(span) ?? ALWAYS, to: undefined })
  const last = held.at(-1)
  const gone = last && finish(last)
  return gone ? [...steps, { state: 'EndpointRemoved', from: gone, to: undefined }] : steps
}

function ruleSteps(spans: readonly TimelineSpan[], start: At, finish: At): Map<string, Step[]> {
  const byNode = new Map<string, Step[]>()
  for (const span of spans) {
    const from = start(span)
    if (span.type !== 'RulesProgrammed' || span.node === undefined || !from) continue
    const steps = byNode.get(span.node) ?? []
    byNode.set(span.node, steps)
    steps.push({ state: span.reason ?? '', from, to: finish(span) })
  }
  return byNode
}

/** The container that has the port; else the one whose readiness probe asks it; else the first. */
function servingContainer(spans: readonly TimelineSpan[], pod: Pod | undefined, port: number | string | undefined): string {
  const containers = pod?.spec.containers ?? []
  const asked = ({ readinessProbe: probe }: Container) => probe?.httpGet?.port ?? probe?.tcpSocket?.port ?? probe?.grpc?.port
  const found =
    containers.find(({ ports = [] }) => ports.some(({ name, containerPort }) => name === port || containerPort === port)) ??
    containers.find(container => port !== undefined && asked(container) === port) ??
    containers[0]
  return found?.name ?? spans.find(({ type }) => type === 'Container')?.container ?? ''
}
