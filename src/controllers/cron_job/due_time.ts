/** Which time of its schedule a CronJob has to make a Job for now. */
import type { CronSchedule } from '../../api/cron_schedule.ts'
import type { Millis } from '../../base/clock.ts'

export type DueTime =
  | { readonly is: 'none' }
  /** The last one that has passed; those before it are missed for good. */
  | { readonly is: 'due'; readonly atMs: Millis; readonly isTooManyMissed: boolean }
  /** It never comes round, or all the time. */
  | { readonly is: 'invalid'; readonly problem: string }

/** More than so many are told about, because it hints at a clock that was set wrong. */
const MISSED_MAX = 100

/** @param sinceMs times up to this one are settled; since the Unix epoch, like `nowMs` */
export function dueTime(schedule: CronSchedule, sinceMs: Millis, nowMs: Millis): DueTime {
  const first = schedule.next(sinceMs)
  if (first === undefined) return { is: 'invalid', problem: 'time difference between two schedules is less than 1 second' }
  if (first > nowMs) return { is: 'none' }
  let last = first
  for (let count = 1; count <= MISSED_MAX; count++) {
    const next = schedule.next(last)
    if (next === undefined || next > nowMs) return { is: 'due', atMs: last, isTooManyMissed: false }
    last = next
  }
  return { is: 'due', atMs: lastUpTo(schedule, last, nowMs), isTooManyMissed: true }
}

/** Backwards in growing strides, and then on: nobody wants to walk through a year of minutes. */
function lastUpTo(schedule: CronSchedule, known: Millis, nowMs: Millis): Millis {
  for (let stride = 60_000; nowMs - stride > known; stride *= 2) {
    const near = lastFrom(schedule, nowMs - stride, nowMs)
    if (near !== undefined) return near
  }
  return lastFrom(schedule, known, nowMs) ?? known
}

function lastFrom(schedule: CronSchedule, fromMs: Millis, nowMs: Millis): Millis | undefined {
  let last: Millis | undefined
  for (let next = schedule.next(fromMs); next !== undefined && next <= nowMs; next = schedule.next(next)) last = next
  return last
}
