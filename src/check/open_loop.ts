/**
 * An open loop: each request is sent at the instant that was planned for it, whether or not earlier ones have been answered, so
 * that a slow server cannot hide those behind it. The load client of real sites keeps its plan in a process of its own.
 */
import type { Clock, Millis } from '../base/clock.ts'
import type { ClientKind, LoadRequest } from './observation.ts'
import type { LoadOptions, RunningLoad } from './site.ts'

/** How a request went: what the plan does not know of it. */
export type Course = Pick<LoadRequest, 'connection' | 'idleMs' | 'target' | 'outcome'>

/**
 * @param ask sends one, and never rejects
 * @param close is called when none is under way any more
 */
export function startOpenLoop(
  clock: Clock,
  { clients, ratePerSecond }: Pick<LoadOptions, 'clients' | 'ratePerSecond'>,
  ask: (client: ClientKind, id: number) => Promise<Course>,
  close: () => void = () => {},
): RunningLoad {
  const requests: LoadRequest[] = []
  let [sent, answered] = [0, 0]
  let whenQuiet = () => {}

  const send = async (id: number, plannedMs: Millis) => {
    const client = clients[id % clients.length]!
    const sentMs = clock.now()
    const course = await ask(client, id)
    requests.push({ id, plannedMs, sentMs, endedMs: clock.now(), client, ...course })
    if (course.outcome.is === 'answered') answered++
    if (requests.length === sent) whenQuiet()
  }

  const beganMs = clock.now()
  const plan = (id: number) => {
    const plannedMs = beganMs + (id * 1_000) / ratePerSecond
    return clock.at(
      plannedMs,
      () => {
        sent++
        next = plan(id + 1)
        void send(id, plannedMs)
      },
      'load',
    )
  }
  let next = plan(0)

  return {
    counts: () => ({ sent, answered, failed: requests.length - answered }),
    async stop() {
      next.cancel()
      if (requests.length < sent) await new Promise<void>(resolve => (whenQuiet = resolve))
      close()
      return requests.toSorted((a, b) => a.id - b.id)
    },
  }
}
