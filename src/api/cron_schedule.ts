/**
 * When a CronJob's schedule comes round: `30 2 * * 1-5`, `@hourly`, `@every 1h30m`, in a time zone.
 *
 * The dialect is that of Kubernetes, whose messages are given for what is none. A time of day that the clocks skip in spring
 * does not come; one that they show twice in autumn comes twice: whatever instant shows the right time counts.
 */
import { CronDate, CronPattern } from 'croner'
import { parseGoDuration } from '../base/go_duration.ts'
import type { Millis } from '../base/clock.ts'
import { parseCronFields } from './cron_fields.ts'

export interface CronSchedule {
  /** The first instant after this one, since the Unix epoch; undefined when there is none within five years. */
  next(afterMs: Millis): Millis | undefined
}

export type ParsedSchedule = { readonly schedule: CronSchedule } | { readonly problem: string }

const SECOND_MS = 1000
const MINUTE_MS = 60_000
const WEEK_MS = 7 * 24 * 60 * MINUTE_MS
const HORIZON_MS = 5 * 366 * 24 * 60 * MINUTE_MS

/** @param timeZone an IANA name that `timeZoneProblem` has nothing against; UTC if it is left out. */
export function parseCronSchedule(text: string, timeZone?: string): ParsedSchedule {
  if (text.startsWith('@every ')) {
    const duration = text.slice('@every '.length)
    const ms = parseGoDuration(duration)
    if (ms === undefined) return { problem: `failed to parse duration ${text}: time: invalid duration ${JSON.stringify(duration)}` }
    const everyMs = Math.max(SECOND_MS, Math.floor(ms / SECOND_MS) * SECOND_MS)
    return { schedule: { next: afterMs => Math.floor(afterMs / SECOND_MS) * SECOND_MS + everyMs } }
  }
  const parsed = parseCronFields(text)
  if ('problem' in parsed) return parsed
  if (!parsed.comesRound) return { schedule: { next: () => undefined } }
  const pattern = new CronPattern(parsed.fields, undefined, { mode: '5-part' })
  return { schedule: { next: afterMs => nextIn(pattern, afterMs, offsetsOf(timeZone)) } }
}

/** What is wrong with the name of a time zone. Undefined: nothing. */
export function timeZoneProblem(timeZone: string): string | undefined {
  if (timeZone === '') return 'timeZone must be nil or non-empty string'
  const unknown = `unknown time zone ${timeZone}`
  for (const part of timeZone.split('/')) if (part === '.' || part === '..' || part.startsWith('-') || !/^[A-Za-z.\-_0-9+]{1,14}$/.test(part)) return unknown
  if (timeZone.toLowerCase() === 'local') return 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'
  // An offset such as +01:00 is a time zone for JavaScript, and none for IANA.
  if (/^[+-]?\d/.test(timeZone)) return unknown
  try {
    new Intl.DateTimeFormat('en-US', { timeZone })
    return undefined
  } catch {
    return unknown
  }
}

/** RFC 3339 in whole seconds, as the clocks of the place show it: `2026-03-07T02:30:00-05:00`, and with a Z in UTC. */
export function zonedTimestamp(atMs: Millis, timeZone?: string): string {
  const offsetMs = offsetsOf(timeZone)(atMs)
  const shown = new Date(Math.floor(atMs / SECOND_MS) * SECOND_MS + offsetMs).toISOString().slice(0, 19)
  if (offsetMs === 0) return `${shown}Z`
  const minutes = Math.abs(offsetMs) / MINUTE_MS
  const digits = (value: number) => String(Math.floor(value)).padStart(2, '0')
  return `${shown}${offsetMs < 0 ? '-' : '+'}${digits(minutes / 60)}:${digits(minutes % 60)}`
}

/** How far the clocks of a place are ahead of UTC at an instant. */
type OffsetAt = (atMs: Millis) => Millis

/** As long as the clocks run evenly the library finds the next time; where they are changed, the search begins anew. */
function nextIn(pattern: CronPattern, afterMs: Millis, offsetAt: OffsetAt): Millis | undefined {
  let from = Math.floor(afterMs / SECOND_MS) * SECOND_MS
  while (from - afterMs < HORIZON_MS) {
    const offsetMs = offsetAt(from)
    const shownMs = nextShown(pattern, from + offsetMs)
    if (shownMs === undefined) return undefined
    const next = shownMs - offsetMs
    const change = firstChange(from, Math.min(next, from + HORIZON_MS), offsetAt)
    if (change === undefined) return next - afterMs > HORIZON_MS ? undefined : next
    if (matchesAt(pattern, change, offsetAt(change))) return change
    from = change
  }
  return undefined
}

const matchesAt = (pattern: CronPattern, atMs: Millis, offsetMs: Millis): boolean => nextShown(pattern, atMs + offsetMs - SECOND_MS) === atMs + offsetMs

/** What the library is used for: the next time on clocks that run evenly. Its other ways to ask read the machine's own clock. */
const nextShown = (pattern: CronPattern, shownMs: Millis): Millis | undefined =>
  new CronDate(new Date(shownMs), 0).increment(pattern, { legacyMode: true, domAndDow: false }, true)?.getTime()

/** The first instant after `from`, and not after `to`, at which the clocks are not where they were at `from`. */
function firstChange(from: Millis, to: Millis, offsetAt: OffsetAt): Millis | undefined {
  const before = offsetAt(from)
  for (let low = from; low < to; low += WEEK_MS) {
    let high = Math.min(to, low + WEEK_MS)
    if (offsetAt(high) === before) continue
    let same = low
    while (high - same > SECOND_MS) {
      const middle = same + Math.floor((high - same) / 2 / SECOND_MS) * SECOND_MS
      if (offsetAt(middle) === before) same = middle
      else high = middle
    }
    return high
  }
  return undefined
}

function offsetsOf(timeZone: string | undefined): OffsetAt {
  if (timeZone === undefined || timeZone === 'UTC') return () => 0
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  return atMs => {
    const shown: Record<string, number> = {}
    for (const { type, value } of format.formatToParts(atMs)) shown[type] = Number(value)
    return (
      Date.UTC(shown['year']!, shown['month']! - 1, shown['day'], shown['hour'], shown['minute'], shown['second']) - Math.floor(atMs / SECOND_MS) * SECOND_MS
    )
  }
}
