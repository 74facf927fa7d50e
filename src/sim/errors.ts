import type { Millis } from '../base/clock.ts'

/** What was waiting when a run got stuck: the answer to "who waits for what, and since when". */
export interface Parked {
  readonly timers: readonly { at: Millis; host: string; label: string }[]
  readonly tasks: readonly { since: Millis; host: string; name: string }[]
}

/** No event is left, and what the run waits for has not come: somebody forgot to wake somebody. */
export class Deadlock extends Error {
  override readonly name = 'Deadlock'
  constructor(now: Millis, awaited: string, parked: Parked) {
    super(`${seconds(now)}: nothing is left to happen, still waiting for ${awaited}\n${describe(parked)}`)
  }
}

/** Time passes, or events follow each other without time passing, and what the run waits for does not come. */
export class NoProgress extends Error {
  override readonly name = 'NoProgress'
  constructor(now: Millis, why: string, parked: Parked) {
    super(`${seconds(now)}: ${why}\n${describe(parked)}`)
  }
}

/** A loop started with `spawn` ended by an error nobody expected. In a simulation that ends the run. */
export class TaskDied extends Error {
  override readonly name = 'TaskDied'
  constructor(now: Millis, host: string, task: string, cause: unknown) {
    super(`${seconds(now)}: ${host}: task ${task} died: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`, { cause })
  }
}

/** A checker saw something that must never be. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed'
  constructor(now: Millis, checker: string, what: string) {
    super(`${seconds(now)}: ${checker}: ${what}`)
  }
}

/** `312044` as `312.044s`: how traces and errors print virtual time. */
export const seconds = (ms: Millis): string => `${(ms / 1000).toFixed(3)}s`

const SHOWN_MAX = 20

function describe({ timers, tasks }: Parked): string {
  const shown = timers.slice(0, SHOWN_MAX)
  return [
    ...shown.map(timer => `  timer ${timer.host} ${timer.label} at ${seconds(timer.at)}`),
    ...(timers.length > shown.length ? [`  and ${timers.length - shown.length} more timers`] : []),
    ...tasks.slice(0, SHOWN_MAX).map(task => `  task  ${task.host} ${task.name} since ${seconds(task.since)}`),
    ...(tasks.length > SHOWN_MAX ? [`  and ${tasks.length - SHOWN_MAX} more tasks`] : []),
  ].join('\n')
}
