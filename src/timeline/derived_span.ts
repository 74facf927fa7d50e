/** Spans of instants that objects tell, in whole seconds. */
import { microTimestamp } from '../api/meta.ts'
import type { TimelineSpan } from '../api/types/pod_timeline.ts'
import type { Millis } from '../base/clock.ts'

/** A span that objects tell of. What is undefined is left out; without an end it goes on. */
export function derived(type: TimelineSpan['type'], fromMs: Millis | undefined, toMs: Millis | undefined, rest: Spoken = {}): TimelineSpan {
  return {
    type,
    ...(fromMs !== undefined && { startAt: microTimestamp(fromMs) }),
    ...(toMs !== undefined && { finishAt: microTimestamp(Math.max(toMs, fromMs ?? toMs)) }),
    ...defined(rest),
    origin: fromMs === undefined ? 'unknown' : 'derived',
  }
}

type Spoken = { [Name in Exclude<keyof TimelineSpan, 'type' | 'startAt' | 'finishAt' | 'startMs' | 'finishMs' | 'origin'>]?: TimelineSpan[Name] | undefined }

export const defined = <T extends object>(value: T): { [Name in keyof T]: Exclude<T[Name], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as { [Name in keyof T]: Exclude<T[Name], undefined> }

export function instantOf(time: string | null | undefined): Millis | undefined {
  const ms = time ? Date.parse(time) : Number.NaN
  // Go writes the zero time where it knows none, and runtimes the beginning of 1970.
  return Number.isNaN(ms) || ms <= 0 ? undefined : ms
}
