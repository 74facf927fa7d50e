/** What is kept of a Pod: compact, and changed in place. The objects that clients see are made of it when somebody asks. */
import type { SpanType, TimelineSpan } from '../../api/types/pod_timeline.ts'
import type { Instant } from './instants.ts'

export interface SpanRecord extends Pick<TimelineSpan, 'container' | 'restart' | 'probe' | 'service' | 'result' | 'count' | 'reason' | 'message' | 'exitCode'> {
  readonly type: SpanType
  origin: TimelineSpan['origin']
  /** Undefined: nobody can know it. */
  readonly start: Instant | undefined
  /** Undefined: it goes on, or its end is not known. */
  finish: Instant | undefined
  /** Of RulesProgrammed: who follows the change since when. Each is a span of its own to those who ask. */
  follows?: { readonly node: string; readonly at: Instant }[]
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
  isGone: boolean
  /** When its kubelet was heard of before its binding was. */
  deliveredAt: Instant | undefined
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

/** The newest of its kind. */
export function findSpan(record: PodRecord, matches: (span: SpanRecord) => boolean): SpanRecord | undefined {
  for (let i = record.spans.length - 1; i >= 0; i--) if (matches(record.spans[i]!)) return record.spans[i]
  return undefined
}
