/**
 * What every drawing of timelines shows, computed from PodTimeline objects and nothing else:
 *
 *   PodTimeline[] (+ requests, marks) ─▶ timelineModel ─▶ text in the terminal, SVG, HTML page
 *
 * All instants are milliseconds after the model's zero: the earliest instant anybody knows of.
 */
import type { PodTimeline } from '../api/kinds/pod_timeline.ts'
import type { SpanType, TimelineSpan } from '../api/types/pod_timeline.ts'
import type { Millis } from '../base/clock.ts'
import { createInstants, type Instants } from './instants.ts'
import { rowsOf } from './rows.ts'
import { readyStory, endStory, type Story } from './story.ts'
import { stagesOf } from './stages.ts'

export interface TimelineModel {
  /** The time of day at 0; undefined when only the monotonic clock is known. */
  readonly zeroWallMs: Millis | undefined
  /** The right edge: the last instant, or now where something goes on. */
  readonly endMs: Millis
  /** Until here is drawn what goes on; undefined when nobody said what time it is. */
  readonly nowMs: Millis | undefined
  /** How exact the instants are: 1 when all were recorded, 1000 when some were read off objects that count in seconds. */
  readonly precisionMs: 1 | 1000
  /** Some instants could not be known. */
  readonly hasUnknown: boolean
  /** In the order in which the first Pod of each began. */
  readonly groups: readonly PodGroup[]
  /** In planned order. */
  readonly requests: readonly RequestBar[]
  readonly marks: readonly TimelineMark[]
}

export interface PodGroup {
  readonly namespace: string
  /** `ReplicaSet/web-5d4f`; empty for Pods without a controller. */
  readonly owner: string
  /** Ordered by their beginning. */
  readonly pods: readonly PodLane[]
}

export interface PodLane {
  /** The Pod's uid. */
  readonly id: string
  readonly namespace: string
  readonly name: string
  readonly node: string | undefined
  readonly ip: string | undefined
  readonly phase: string | undefined
  readonly beginMs: Millis
  /** When it was gone; undefined while it is there. */
  readonly goneMs: Millis | undefined
  /** False: it is gone, nobody can say since when, and `goneMs` is the last that is known of it. */
  readonly isGoneKnown: boolean
  /** The whole life in one line: what the Pod was at each instant, without gaps. */
  readonly stages: readonly Stage[]
  /** Sub-lanes, in reading order; bars of one row never overlap, but for probes and what is unknown. */
  readonly rows: readonly Row[]
  /** Why it took so long until Ready; undefined when it never was. */
  readonly ready: Story | undefined
  /** What happened at its end; undefined while nobody has asked it to go. */
  readonly end: Story | undefined
}

/** pending: nothing of it runs. init: its init containers do. starting: its containers run, and it was never Ready. unready: it was. */
export type StageKind = 'pending' | 'init' | 'starting' | 'ready' | 'unready' | 'terminating' | 'ended'

export interface Stage {
  readonly kind: StageKind
  readonly fromMs: Millis
  readonly toMs: Millis
}

export type Section = 'set-up' | 'container' | 'serving' | 'stop'

export interface Row {
  /** Unique in its Pod. */
  readonly id: string
  readonly section: Section
  readonly type: SpanType
  /** What it is, without of what: `image pull`, `readiness`, `rules`. */
  readonly name: string
  /** Of what: the container, the Service, `web on node-a`; empty for the Pod itself. */
  readonly subject: string
  readonly container: string | undefined
  readonly probe: string | undefined
  readonly service: string | undefined
  readonly node: string | undefined
  readonly bars: readonly Bar[]
}

/**
 * What colour it has. wait: nobody of this Pod acts. work: somebody sets up or takes down. run: a process runs. hook. good: Ready,
 * or a probe that succeeds. bad: a failure, a kill. leaving: terminating, and still known to some. unknown: nobody can say when.
 */
export type Tone = 'wait' | 'work' | 'init' | 'run' | 'hook' | 'good' | 'bad' | 'leaving' | 'rules' | 'unknown'

export interface Bar {
  /** `<Pod's uid>/<index of the span>`. */
  readonly id: string
  readonly type: SpanType
  readonly tone: Tone
  /** Where to draw it. Where an instant is unknown this is the widest it can have been. */
  readonly fromMs: Millis
  readonly toMs: Millis
  readonly start: 'known' | 'unknown'
  /** open: it goes on. */
  readonly end: 'known' | 'open' | 'unknown'
  /** It took no time: a mark, not a bar. */
  readonly isInstant: boolean
  /** Undefined while it goes on, and where an instant is unknown. */
  readonly durationMs: Millis | undefined
  /** How exact its instants are. */
  readonly precisionMs: 1 | 1000
  /** A few words to print beside it: `exit 0`, `failed 3 times`; may be empty. */
  readonly label: string
  readonly span: TimelineSpan
}

export type RequestResult = 'answered' | 'slow' | 'lost'

export interface RequestBar {
  readonly plannedMs: Millis
  readonly endedMs: Millis
  readonly result: RequestResult
  /** `connection refused`, `200`. */
  readonly label: string
  /** The uid of the Pod it went to, where that is known. */
  readonly pod: string | undefined
}

export interface TimelineMark {
  readonly atMs: Millis
  readonly label: string
}

export interface ModelOptions {
  /** The time of day now: until there is drawn what goes on. */
  readonly nowWallMs?: Millis
  /** Requests to draw; instants as `startMs` of spans. `pod` is a uid. */
  readonly requests?: readonly RequestBar[]
  /** `rollout began`; instants as `startMs` of spans. */
  readonly marks?: readonly TimelineMark[]
  /**
   * The time of day minus the monotonic clock. Needed only to lay requests and marks over timelines that were not recorded, and
   * so have the time of day alone.
   */
  readonly wallMinusMonotonicMs?: Millis
}

/** Draws nothing for timelines that know no instant at all: they are left out. */
export function timelineModel(timelines: readonly PodTimeline[], options: ModelOptions = {}): TimelineModel {
  const { requests = [], marks = [] } = options
  const instants = createInstants(timelines, options)
  const overlaidMs = instants.ofMonotonic(
    [...requests.map(({ endedMs }) => endedMs), ...marks.map(({ atMs }) => atMs)].reduce((a, b) => Math.max(a, b), -Infinity),
  )
  const nowMs = options.nowWallMs === undefined ? undefined : instants.ofWall(options.nowWallMs)
  const isOpen = timelines.some(({ spans }) => spans.some(span => instants.endOf(span) === 'open'))
  const endMs = Math.max(0, instants.lastMs, overlaidMs, ...(isOpen && nowMs !== undefined ? [nowMs] : []))
  const lanes = timelines
    .flatMap(timeline => laneOf(timeline, instants, endMs) ?? [])
    .sort((a, b) => a.lane.beginMs - b.lane.beginMs || (a.lane.name < b.lane.name ? -1 : 1))
  const groups = new Map<string, { namespace: string; owner: string; pods: PodLane[] }>()
  for (const { lane, owner } of lanes) {
    // Pods without a controller have nothing in common but their namespace.
    const key = `${lane.namespace}/${owner}`
    const group = groups.get(key) ?? { namespace: lane.namespace, owner, pods: [] }
    groups.set(key, group)
    group.pods.push(lane)
  }
  const bars = lanes.flatMap(({ lane }) => lane.rows.flatMap(row => row.bars))
  return {
    zeroWallMs: instants.zeroWallMs,
    endMs,
    nowMs: nowMs === undefined ? undefined : Math.min(nowMs, endMs),
    precisionMs: bars.some(({ precisionMs }) => precisionMs === 1000) ? 1000 : 1,
    hasUnknown: bars.some(({ start, end }) => start === 'unknown' || end === 'unknown'),
    groups: [...groups.values()],
    requests: requests.map(request => ({ ...request, plannedMs: instants.ofMonotonic(request.plannedMs), endedMs: instants.ofMonotonic(request.endedMs) })),
    marks: marks.map(mark => ({ ...mark, atMs: instants.ofMonotonic(mark.atMs) })),
  }
}

/** All lanes of a model, group after group. */
export const lanesOf = ({ groups }: TimelineModel): readonly PodLane[] => groups.flatMap(({ pods }) => pods)

function laneOf({ metadata, pod, spans }: PodTimeline, instants: Instants, endMs: Millis): { lane: PodLane; owner: string } | undefined {
  const known = spans.flatMap(span => [instants.startOf(span), instants.endOf(span)]).filter(at => typeof at === 'number')
  if (known.length === 0) return undefined
  const beginMs = Math.min(...known)
  const deletion = spans.find(({ type }) => type === 'Deletion')
  const gone = deletion && instants.endOf(deletion)
  const goneMs = typeof gone === 'number' ? gone : gone === 'unknown' ? Math.max(...known) : undefined
  const rows = rowsOf(pod.uid, spans, { instants, beginMs, endMs: goneMs ?? endMs })
  const facts = { rows, beginMs, goneMs, endMs: goneMs ?? endMs }
  return {
    owner: pod.owner ?? '',
    lane: {
      id: pod.uid,
      namespace: metadata.namespace ?? '',
      name: pod.name,
      node: pod.node || undefined,
      ip: pod.ip || undefined,
      phase: pod.phase,
      beginMs,
      goneMs,
      isGoneKnown: gone !== 'unknown',
      stages: stagesOf(facts),
      rows,
      ready: readyStory(facts),
      end: endStory(facts),
    },
  }
}
