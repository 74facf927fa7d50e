/** From what is kept to what clients see. */
import { PodTimeline } from '../../api/kinds/pod_timeline.ts'
import { apiVersionOf } from '../../api/kind.ts'
import type { Millis } from '../../base/clock.ts'
import type { TimelineSpan } from '../../api/types/pod_timeline.ts'
import { deepFreeze } from '../../base/freeze.ts'
import type { Instant, Instants } from './instants.ts'
import type { PodRecord, SpanRecord } from './pod_record.ts'

type WallOf = Pick<Instants, 'wallOf'>

export const timelineName = ({ name, uid }: Pick<PodRecord, 'name' | 'uid'>): string => `${name}.${uid.slice(0, 8)}`

export function renderTimeline(record: PodRecord, instants: WallOf): PodTimeline {
  const { namespace, name, uid, labels, createdAt, node, ip, owner, phase, droppedSpans } = record
  return deepFreeze<PodTimeline>({
    apiVersion: apiVersionOf(PodTimeline),
    kind: PodTimeline.kind,
    metadata: {
      name: timelineName(record),
      namespace,
      uid,
      resourceVersion: String(record.revision),
      ...(createdAt && { creationTimestamp: createdAt }),
      ...(labels && { labels: { ...labels } }),
    },
    pod: {
      name,
      uid,
      ...(node && { node }),
      ...(ip && { ip }),
      ...(owner && { owner }),
      ...(phase && { phase }),
      ...(droppedSpans > 0 && { droppedSpans }),
    },
    spans: record.spans.flatMap(span => spansOf(span, instants)).sort(byBeginning),
  })
}

/** Equal beginnings stay in the order in which they were told. */
const byBeginning = (a: TimelineSpan, b: TimelineSpan): number => beginning(a) - beginning(b)

/** In this run by the clock that never goes back. What was read off objects is older, and what nobody can know was before all. */
const beginning = ({ startMs, startAt }: TimelineSpan): number => startMs ?? (startAt ? Date.parse(startAt) : 0) - LONG_AGO
const LONG_AGO = 1e15

function spansOf(span: SpanRecord, instants: WallOf): TimelineSpan[] {
  if (span.type !== 'RulesProgrammed') return [spanOf(span, instants)]
  return (span.follows ?? []).map(({ node, at }) => ({ ...spanOf({ ...span, finish: at }, instants), node }))
}

function spanOf(span: SpanRecord, { wallOf }: WallOf): TimelineSpan {
  const { type, start, finish, origin } = span
  const timeOfDay = (at: Instant): string => microTime(typeof at === 'number' ? wallOf(at) : at.wallMs)
  return {
    type,
    ...(start !== undefined && { startAt: timeOfDay(start) }),
    ...(finish !== undefined && { finishAt: timeOfDay(finish) }),
    ...(typeof start === 'number' && { startMs: start }),
    ...(typeof finish === 'number' && { finishMs: finish }),
    ...Object.fromEntries(COPIED.flatMap(field => (span[field] === undefined ? [] : [[field, span[field]]]))),
    origin,
  }
}

const COPIED = ['container', 'restart', 'probe', 'result', 'count', 'service', 'reason', 'message', 'exitCode'] as const

/** With the microseconds there are. */
function microTime(wallMs: Millis): string {
  const micros = Math.round(wallMs * 1_000)
  return `${new Date(Math.floor(micros / 1_000)).toISOString().slice(0, 23)}${String(micros % 1_000).padStart(3, '0')}Z`
}
