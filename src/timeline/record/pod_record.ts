/**
 * What is kept of a Pod, changed in place. The objects that clients see are made of it when somebody asks.
 *
 * There are tens of thousands of spans, and each stays long enough for the garbage collector to carry it about: so a span is one
 * object, its instants are numbers, and all spans have the same fields.
 */
import type { SpanType, TimelineSpan } from '../../api/types/pod_timeline.ts'
import type { Millis } from '../../base/clock.ts'
import type { Instant } from './instants.ts'

export interface SpanRecord extends Pick<TimelineSpan, 'container' | 'restart' | 'probe' | 'service' | 'result' | 'count' | 'reason' | 'message' | 'exitCode'> {
  readonly type: SpanType
  origin: TimelineSpan['origin']
  /** Undefined: nobody can know it. */
  readonly start: Instant | undefined
  /** Undefined: it goes on, or its end is not known. */
  finish: Instant | undefined
  /** Of RulesProgrammed: who follows the change since when. Each is a span of its own to those who ask. */
  follows: readonly Follow[] | undefined
}

export interface Follow {
  readonly node: string
  readonly at: Millis
}

export interface PodRecord {
  readonly uid: string
  readonly namespace: string
  readonly name: string
  labels: Readonly<Record<string, string>> | undefined
  createdAt: string | undefined
  node: string | undefined
  ip: string | undefined
  owner: string | undefined
  phase: string | undefined
  /** It has been in the API. */
  isKnown: boolean
  /** It had to make room: whoever still holds it tells it to nobody. */
  isDropped: boolean
  /** When its kubelet was heard of before its binding was. */
  deliveredAt: Millis | undefined
  readonly spans: SpanRecord[]
  /** Those of the API's own that go on. */
  scheduling: SpanRecord | undefined
  delivery: SpanRecord | undefined
  ready: SpanRecord | undefined
  deletion: SpanRecord | undefined
  /** Of each probe the newest answers. */
  readonly answers: SpanRecord[]
  droppedSpans: number
  /** Since when there is this record. */
  readonly addedRevision: number
  /** Of its last change. */
  revision: number
}

export function newSpan(type: SpanType, start: Instant | undefined, about: Partial<SpanRecord> = {}): SpanRecord {
  const { origin = 'recorded', finish, container, restart, probe, service, result, count, reason, message, exitCode } = about
  return { type, origin, start, finish, container, restart, probe, service, result, count, reason, message, exitCode, follows: undefined }
}

/** The newest of its kind. */
export function findSpan(record: PodRecord, matches: (span: SpanRecord) => boolean): SpanRecord | undefined {
  return record.spans.findLast(matches)
}
