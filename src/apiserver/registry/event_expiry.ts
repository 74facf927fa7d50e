/** Events are kept for an hour after they were last written (kube-apiserver --event-ttl); then they go by themselves. */
import type { Event } from '../../api/kinds/event.ts'
import type { Clock, Millis, Timer } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import { StoreClosed, type Store, type Write } from '../../store/store.ts'

const EVENT_TTL_MS = 3_600_000
/** How late an event may go. */
const SWEEP_PERIOD_MS = 300_000
/** Removed in one commit, so that a big sweep holds up nobody for long. */
const BATCH_MAX = 500
const EVENTS = '/events/'

export function startEventExpiry({ store, clock, log }: { readonly store: Store; readonly clock: Clock; readonly log: Log }): { stop(): void } {
  let timer: Timer
  let over = false
  const later = (): void => {
    timer = clock.at(
      clock.now() + SWEEP_PERIOD_MS,
      () => {
        sweep(store, clock.wall())
          .catch((error: unknown) => {
            if (!(error instanceof StoreClosed)) log.warn('old events could not be removed', { error })
          })
          .finally(() => {
            if (!over) later()
          })
      },
      'event expiry',
    )
  }
  later()
  return {
    stop() {
      over = true
      timer.cancel()
    },
  }
}

async function sweep(store: Store, wallMs: Millis): Promise<void> {
  const { items } = await store.list(EVENTS)
  const old = items.filter(({ value }) => lastWrittenMs(value as Event) + EVENT_TTL_MS <= wallMs)
  for (let at = 0; at < old.length; at += BATCH_MAX) {
    // An event that is written again meanwhile fails its batch and stays, with the others, until the next sweep.
    await store.commit(old.slice(at, at + BATCH_MAX).map(({ key, revision }): Write => ({ key, value: undefined, expect: revision })))
  }
}

function lastWrittenMs({ metadata, lastTimestamp, eventTime, series }: Event): Millis {
  const times = [metadata.creationTimestamp, lastTimestamp, eventTime, series?.lastObservedTime]
  return Math.max(...times.map(time => (time ? Date.parse(time) : 0)))
}
