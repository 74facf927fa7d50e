/**
 * Somebody watches a cluster that records nothing: what objects tell is one half, and when their changes arrive here is the
 * other. An arrival is later than the change by the way it took, so it is `derived`, and says so.
 */
import type { PodTimeline } from '../api/kinds/pod_timeline.ts'
import type { SpanType, TimelineSpan } from '../api/types/pod_timeline.ts'

export const ARRIVED = 'as it arrived here'
const FOLLOWED: ReadonlySet<SpanType> = new Set(['Scheduling', 'Ready', 'Deletion'])

/** `rebuilt`: from the objects as they were seen last. `followed`: by whoever noted each change of Pod and EndpointSlices. */
export function withArrivals(rebuilt: PodTimeline, followed: PodTimeline | undefined, isGone: boolean): PodTimeline {
  const noted = (followed?.spans ?? []).flatMap(span => (FOLLOWED.has(span.type) || span.type === 'Endpoint' ? [arrival(span)] : []))
  // Until an endpoint changes, what the objects tell says more.
  const changed = new Set(noted.filter(({ type, finishAt, origin }) => type === 'Endpoint' && (finishAt || origin === 'derived')).map(({ service }) => service))
  const types = new Set(noted.map(({ type }) => type))
  const kept = rebuilt.spans.filter(({ type, service }) => (type === 'Endpoint' ? !changed.has(service) : !FOLLOWED.has(type) || !types.has(type)))
  const spans = [...kept, ...noted.filter(({ type, service }) => type !== 'Endpoint' || changed.has(service))]
  return { ...rebuilt, spans: (isGone ? spans.map(endUnknown) : spans).sort((a, b) => keyOf(a) - keyOf(b)) }
}

function arrival({ startMs: _start, finishMs: _finish, ...span }: TimelineSpan): TimelineSpan {
  if (span.origin !== 'recorded') return span
  return { ...span, origin: 'derived', message: [span.message, ARRIVED].filter(Boolean).join('; ') }
}

/** Whatever went on has ended with the Pod, and nobody has said when. */
const endUnknown = (span: TimelineSpan): TimelineSpan => (span.finishAt ? span : { ...span, origin: 'unknown' })

const keyOf = ({ startAt, finishAt }: TimelineSpan): number => (startAt ? Date.parse(startAt) : finishAt ? Date.parse(finishAt) : Infinity)
