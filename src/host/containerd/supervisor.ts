/**
 * Keeps a containerd running for as long as this process does:
 *
 *   alive? ── no ─▶ back-off ─▶ start it again ─▶ it finds its containers by their shims ─▶ alive?
 *
 * Containers do not notice. Meanwhile the runtime does not answer, and the kubelet says so on its Node.
 */
import { backoffMs } from '../../base/backoff.ts'
import { sleep, type Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/error_message.ts'
import type { Log } from '../../base/log.ts'

export interface Supervised {
  /** Of the one that was started last. */
  readonly pid: number
  /** Stops watching. Once it resolves, nothing is started any more. */
  close(): Promise<void>
}

export interface Supervision {
  /** The one that runs now. */
  readonly pid: number
  readonly clock: Clock
  readonly log: Log
  isAlive(pid: number): Promise<boolean>
  /** Starts another one and resolves when it is ready; may throw, and is then tried again. */
  start(signal: AbortSignal): Promise<number>
}

const LOOK_MS = 250
/** The first time at once, then after one second, two, four … */
const RESTART = { baseMs: 1_000, maxMs: 30_000 }
/** One that has run for as long as this has not failed to start. */
const STABLE_MS = 10_000

export function supervise({ pid, clock, log, isAlive, start }: Supervision): Supervised {
  const closing = new AbortController()
  const { signal } = closing
  let current = pid

  async function run(): Promise<void> {
    let since = clock.now()
    for (let failures = 0; ;) {
      while (await isAlive(current)) await sleep(clock, LOOK_MS, signal, 'every look at containerd')
      failures = clock.now() - since > STABLE_MS ? 0 : failures
      const waitMs = backoffMs(failures++, RESTART)
      log.warn('containerd has ended; it is started again', { pid: current, inMs: waitMs })
      await sleep(clock, waitMs, signal, 'restart of containerd')
      since = clock.now()
      try {
        current = await start(signal)
        log.info('containerd is ready again', { pid: current })
      } catch (error) {
        if (signal.aborted) return
        log.error('containerd could not be started again', { error: messageOf(error) })
      }
    }
  }

  const running = run().catch(() => undefined)
  return {
    get pid() {
      return current
    },
    async close() {
      closing.abort(new Error('containerd is left to itself'))
      await running
    },
  }
}
