/** From what is kept to what clients see. */
import { PodTimeline } from '../../api/kinds/pod_timeline.ts'
import { apiVersionOf } from '../../api/kind.ts'
import type { Millis } from '../../base/clock.ts'
import type { TimelineSpan } from '../../api/types/pod_timeline.ts'
import { deepFreeze } from '../../base/freeze.ts'
import type { PodRecord, SpanRecord } from './pod_record.ts'

export const timelineName = ({ name, uid }: Pick<PodRecord, 'name' | 'uid'>): string => `${name}.${uid.slice(0, 8)}`

export function renderTimeline(record: PodRecord): PodTimeline {
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
    spans: record.spans.flatMap(spansOf).sort(byBeginning),
  })
}

/** Equal beginnings stay in the order in which they were told. */
const byBeginning = (a: TimelineSpan, b: TimelineSpan): number => beginning(a) - beginning(b)

/** In this run by the clock that never goes back. What was read off objects is older, and what nobody can know was before all. */
const beginning = ({ startMs, startAt }: TimelineSpan): number => startMs ?? (startAt ? Date.parse(startAt) : 0) - LONG_AGO
const LONG_AGO = 1e15

function spansOf(span: SpanRecord): TimelineSpan[] {
  if (span.type !== 'RulesProgrammed') return [spanOf(span)]
  return (span.follows ?? []).map(({ node, at }) => ({ ...spanOf({ ...span, finish: at }), node }))
}

function spanOf(span: SpanRecord): TimelineSpan {
  const { type, start, finish, origin } = span
  return {
    type,
    ...(start && { startAt: microTime(start.wallMs) }),
    ...(finish && { finishAt: microTime(finish.wallMs) }),
    ...(start?.ms !== undefined && { startMs: start.ms }),
    ...(finish?.ms !== undefined && { finishMs: finish.ms }),
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
