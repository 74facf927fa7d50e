/** How long ago something happened, as `kubectl get` prints it: `42s`, `5m3s`, `47h`, `2y11d`. */
const SECOND_MS = 1000
const MINUTE_S = 60
const HOUR_S = 60 * MINUTE_S
const DAY_S = 24 * HOUR_S
const YEAR_S = 365 * DAY_S

/** The age of an RFC 3339 timestamp at `nowMs`; `<unknown>` when there is none. */
export function formatAge(timestamp: string | undefined | null, nowMs: number): string {
  if (!timestamp) return '<unknown>'
  return formatDuration(nowMs - Date.parse(timestamp))
}

/**
 * Two units at most, and the smaller one only while it still says something.
 * A clock that is up to a second ahead of ours gives 0s; more than that is `<invalid>`.
 */
export function formatDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / SECOND_MS)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 2 * MINUTE_S) return `${seconds}s`
  if (seconds < 10 * MINUTE_S) return twoUnits(seconds, MINUTE_S, 'm', 1, 's')
  if (seconds < 3 * HOUR_S) return `${Math.floor(seconds / MINUTE_S)}m`
  if (seconds < 8 * HOUR_S) return twoUnits(seconds, HOUR_S, 'h', MINUTE_S, 'm')
  if (seconds < 2 * DAY_S) return `${Math.floor(seconds / HOUR_S)}h`
  if (seconds < 8 * DAY_S) return twoUnits(seconds, DAY_S, 'd', HOUR_S, 'h')
  if (seconds < 2 * YEAR_S) return `${Math.floor(seconds / DAY_S)}d`
  if (seconds < 8 * YEAR_S) return twoUnits(seconds, YEAR_S, 'y', DAY_S, 'd')
  return `${Math.floor(seconds / YEAR_S)}y`
}

function twoUnits(seconds: number, largeS: number, large: string, smallS: number, small: string): string {
  const rest = Math.floor((seconds % largeS) / smallS)
  return `${Math.floor(seconds / largeS)}${large}${rest === 0 ? '' : `${rest}${small}`}`
}
