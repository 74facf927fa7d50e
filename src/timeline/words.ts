/** How durations, instants and outcomes are written: the same in every drawing. */
import type { TimelineSpan } from '../api/types/pod_timeline.ts'
import type { Millis } from '../base/clock.ts'

/** `3 ms`, `4.012 s`, `2 min 05 s`, `1 h 03 min`; of what is known to the second only `≈ 4 s`. */
export function durationText(ms: Millis, precisionMs: 1 | 1000 = 1): string {
  if (precisionMs === 1000) return ms < 1000 ? '< 1 s' : `≈ ${longText(Math.round(ms / 1000)) ?? `${Math.round(ms / 1000)} s`}`
  if (ms < 1) return ms > 0 ? '< 1 ms' : '0 ms'
  if (ms < 999.5) return `${Math.round(ms)} ms`
  return longText(Math.round(ms / 1000)) ?? `${(ms / 1000).toFixed(3)} s`
}

function longText(seconds: number): string | undefined {
  if (seconds < 120) return undefined
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${two(seconds % 60)} s`
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`
}

/** Of an instant: `+4.012 s`; to the second `+4 s`. */
export const instantText = (ms: Millis, precisionMs: 1 | 1000 = 1): string => `+${(ms / 1000).toFixed(precisionMs === 1 ? 3 : 0)} s`

/** `15:04:05.123` in UTC, as logs write it. */
export function timeOfDayText(wallMs: Millis, precisionMs: 1 | 1000 = 1): string {
  const text = new Date(wallMs).toISOString()
  return text.slice(11, precisionMs === 1 ? 23 : 19)
}

export const dateText = (wallMs: Millis): string => new Date(wallMs).toISOString().slice(0, 10)

const two = (value: number): string => String(value).padStart(2, '0')

const STATES: Readonly<Record<string, string>> = {
  EndpointNotReady: 'not ready',
  EndpointReady: 'ready',
  EndpointServing: 'terminating (serving)',
  EndpointTerminating: 'terminating',
  EndpointRemoved: 'removed',
}

/** `EndpointServing` as people say it. */
export const stateText = (reason: string): string => STATES[reason] ?? reason

/** In one line: what a program has said may be several, and may be what a terminal obeys. */
export const messageText = ({ message = '' }: Pick<TimelineSpan, 'message'>): string => message.replace(/\p{Cc}+/gu, ' ').trim()

/** A few words on how it went. Empty where the duration says all. */
export function barLabel(span: TimelineSpan): string {
  const { type, reason = '', exitCode, result, count, restart, finishAt, finishMs } = span
  const isOver = Boolean(finishAt) || finishMs !== undefined
  const attempt = restart ? `restart ${restart}: ` : ''
  switch (type) {
    case 'InitContainer':
    case 'Container': {
      if (exitCode === undefined) return `${attempt}${isOver ? reason || 'ended' : 'runs'}`
      const why = reason && reason !== 'Completed' && reason !== 'Error' ? `, ${reason}` : ''
      return `${attempt}exit ${exitCode}${why}`
    }
    case 'Probe': {
      const what = result === 'failure' ? 'failed' : result === 'success' ? 'succeeded' : 'no answer'
      return (count ?? 1) > 1 ? `${what} ${count} times` : what
    }
    case 'Endpoint':
      return stateText(reason)
    case 'RulesProgrammed':
      return stateText(reason)
    case 'Term':
      return messageText(span)
    case 'Kill':
      return reason === 'GraceExceeded' ? 'its grace was over' : reason
    case 'PreStop':
    case 'PostStart':
      return result === 'failure' ? reason || 'failed' : reason === 'Completed' ? '' : reason
    default:
      return reason
  }
}
