/** What the kubelet of one node tells, as spans. */
import { SPAN_TYPES, type SpanType } from '../../api/types/pod_timeline.ts'
import { BrokenInvariant } from '../../base/assert.ts'
import type { Millis } from '../../base/clock.ts'
import type { LifecycleStep, LifecycleTrace, OpenStep, StepOutcome, TracedPod } from '../../base/lifecycle_trace.ts'
import type { Instant } from './instants.ts'
import { findSpan, newSpan, type PodRecord, type SpanRecord } from './pod_record.ts'
import type { Records } from './records.ts'

export interface NodeTrace extends LifecycleTrace {
  /** Its kubelet is no more: what it had begun ends at an instant that nobody can know. */
  abandon(): void
}

/** What outlives a kubelet: the next one tells of it again, and means the same. */
const OUTLIVES_KUBELET: readonly SpanType[] = ['InitContainer', 'Container', 'Terminating']

const MESSAGE_CHARACTERS_MAX = 256

export function createNodeTrace(records: Records): NodeTrace {
  const open = new Map<SpanRecord, PodRecord>()
  let isAbandoned = false

  function begin(pod: TracedPod, step: LifecycleStep): OpenStep {
    const record = records.of(pod)
    const type = spanType(step.type)
    const span = continued(record, type, step) ?? records.add(record, spanOf(type, step, started(record, type, step, step.atMs ?? records.now())))
    open.set(span, record)
    return {
      end(outcome = {}) {
        const wasOpen = open.delete(span)
        if (isAbandoned || !wasOpen || span.finish !== undefined) return
        if (outcome.atMs === 'unknown') span.origin = 'unknown'
        else span.finish = notBefore(span.start, outcome.atMs ?? records.now())
        tell(span, outcome)
        records.touch(record)
      },
    }
  }

  function note(pod: TracedPod, step: LifecycleStep & StepOutcome): void {
    const record = records.of(pod)
    const type = spanType(step.type)
    const at = step.atMs ?? records.now()
    if (type === 'Delivery') return delivered(record, at)
    const answered = type === 'Probe' && sameAnswer(record, step)
    if (answered) {
      answered.count = (answered.count ?? 1) + 1
      answered.finish = at
      tell(answered, step)
      return records.touch(record)
    }
    const span = spanOf(type, step, at)
    span.finish = at
    tell(span, step)
    records.add(record, span)
    if (type === 'Probe') newAnswer(record, span)
  }

  function delivered(record: PodRecord, at: Millis): void {
    const span = record.delivery
    if (span) {
      span.finish = at
      record.delivery = undefined
      return records.touch(record)
    }
    if (record.isKnown && record.node === undefined) record.deliveredAt = at
  }

  return {
    begin,
    note,
    abandon() {
      isAbandoned = true
      for (const [span, record] of open) {
        if (span.finish !== undefined || OUTLIVES_KUBELET.includes(span.type)) continue
        span.origin = 'unknown'
        span.reason ??= 'KubeletRestarted'
        records.touch(record)
      }
      open.clear()
    },
  }
}

const continued = (record: PodRecord, type: SpanType, { container, restart }: LifecycleStep): SpanRecord | undefined =>
  OUTLIVES_KUBELET.includes(type) ? findSpan(record, span => span.type === type && span.container === container && span.restart === restart) : undefined

/** A process begins within the call that starts it: the time of day, by which the runtime tells of it, is less exact. */
function started(record: PodRecord, type: SpanType, { container, restart }: LifecycleStep, at: Millis): Millis {
  if (type !== 'Container' && type !== 'InitContainer') return at
  const call = findSpan(record, span => span.type === 'ContainerStart' && span.container === container && span.restart === restart)
  if (typeof call?.start !== 'number' || typeof call.finish !== 'number') return at
  return Math.min(Math.max(at, call.start), call.finish)
}

/** The newest answer of this probe of this container, if it was the same. */
function sameAnswer(record: PodRecord, { container, probe, restart, result, reason }: LifecycleStep & StepOutcome): SpanRecord | undefined {
  for (const last of record.answers)
    if (last.probe === probe && last.container === container)
      return last.restart === restart && last.result === result && last.reason === reason ? last : undefined
  return undefined
}

function newAnswer({ answers }: PodRecord, span: SpanRecord): void {
  span.count = 1
  const before = answers.findIndex(({ probe, container }) => probe === span.probe && container === span.container)
  answers[before < 0 ? answers.length : before] = span
}

const spanOf = (type: SpanType, { container, restart, probe, reason, message }: LifecycleStep, start: Millis): SpanRecord =>
  newSpan(type, start, { container, restart, probe: probe as SpanRecord['probe'], reason, message: message?.slice(0, MESSAGE_CHARACTERS_MAX) })

function tell(span: SpanRecord, { reason, message, exitCode, result }: StepOutcome): void {
  if (reason !== undefined) span.reason = reason
  if (message !== undefined) span.message = message.slice(0, MESSAGE_CHARACTERS_MAX)
  if (exitCode !== undefined) span.exitCode = exitCode
  if (result !== undefined) span.result = result
}

/** The time of day, from which some instants are reckoned back, is no more exact than a millisecond. */
const notBefore = (start: Instant | undefined, at: Millis): Millis => (typeof start === 'number' ? Math.max(start, at) : at)

function spanType(type: string): SpanType {
  if (SPAN_TYPES.includes(type as SpanType)) return type as SpanType
  throw new BrokenInvariant(`${type} is a type of span`)
}
