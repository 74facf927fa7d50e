/**
 * Pods that wait for a node.
 *
 *   new ─▶ active ─▶ (tried, no node) ─▶ unschedulable ─ cluster changed ─▶ back-off ─▶ active
 *             ▲                               └───────── after five minutes ───────────▶ ▲
 *
 * Higher priority first, then whoever came first. A try that failed for another reason than lack of a node goes
 * straight into back-off: 1 s, doubled each time, at most 10 s.
 */
import { backoffMs } from '../base/backoff.ts'
import type { Clock, Millis, Timer } from '../base/clock.ts'
import { createHeap } from '../base/heap.ts'
import type { Pod } from '../api/kinds/pod.ts'

const BACKOFF = { baseMs: 1_000, maxMs: 10_000 }
const UNSCHEDULABLE_RETRY_MS = 300_000

export interface SchedulingQueue {
  /** A new Pod, or a newer version of one that waits. */
  add(pod: Pod): void
  remove(uid: string): void
  /** The next Pod; resolves to undefined once closed. */
  take(): Promise<Pod | undefined>
  /** No node could be found: wait until something changes. */
  unschedulable(pod: Pod): void
  /** The try failed on the way; wait for the back-off only. */
  failed(pod: Pod): void
  /** Something happened that may make room: Pods that found no node get another try. */
  clusterChanged(): void
  close(): void
}

interface Entry {
  pod: Pod
  addedAt: Millis
  sequence: number
  attempts: number
  triedAt: Millis
  where: 'active' | 'trying' | 'backoff' | 'unschedulable'
  timer: Timer | undefined
  /** The cluster changed while it was being tried: the try may have looked at the past. */
  changedMeanwhile: boolean
}

export function createSchedulingQueue(clock: Clock): SchedulingQueue {
  const entries = new Map<string, Entry>()
  const active = createHeap<Entry>((a, b) => {
    const byPriority = (b.pod.spec.priority ?? 0) - (a.pod.spec.priority ?? 0)
    return byPriority !== 0 ? byPriority < 0 : a.sequence < b.sequence
  })
  const takers: ((pod: Pod | undefined) => void)[] = []
  let sequence = 0
  let closed = false

  const activate = (entry: Entry) => {
    entry.timer?.cancel()
    entry.timer = undefined
    entry.where = 'active'
    active.push(entry)
    handOut()
  }
  const handOut = () => {
    while (takers.length > 0) {
      const entry = active.pop()
      if (!entry) return
      // Removed or moved on while it waited: the heap keeps no index, so stale entries are passed over here.
      if (entries.get(entry.pod.metadata.uid!) !== entry || entry.where !== 'active') continue
      entry.where = 'trying'
      entry.attempts += 1
      entry.changedMeanwhile = false
      takers.shift()!(entry.pod)
    }
  }
  const backOff = (entry: Entry) => {
    entry.where = 'backoff'
    entry.timer?.cancel()
    entry.timer = clock.at(entry.triedAt + backoffMs(entry.attempts, BACKOFF), () => activate(entry), 'scheduler back-off')
  }

  return {
    add(pod) {
      const known = entries.get(pod.metadata.uid!)
      if (known) {
        known.pod = pod
        if (known.where === 'unschedulable') backOff(known)
        return
      }
      const entry: Entry = { pod, addedAt: clock.now(), sequence: sequence++, attempts: 0, triedAt: 0, where: 'active', timer: undefined, changedMeanwhile: false }
      entries.set(pod.metadata.uid!, entry)
      activate(entry)
    },
    remove(uid) {
      entries.get(uid)?.timer?.cancel()
      entries.delete(uid)
    },
    take() {
      if (closed) return Promise.resolve(undefined)
      return new Promise(resolve => {
        takers.push(resolve)
        handOut()
      })
    },
    unschedulable(pod) {
      const entry = entries.get(pod.metadata.uid!)
      if (!entry) return
      entry.triedAt = clock.now()
      if (entry.changedMeanwhile) return backOff(entry)
      entry.where = 'unschedulable'
      entry.timer = clock.at(clock.now() + UNSCHEDULABLE_RETRY_MS, () => activate(entry), 'scheduler retry')
    },
    failed(pod) {
      const entry = entries.get(pod.metadata.uid!)
      if (!entry) return
      entry.triedAt = clock.now()
      backOff(entry)
    },
    clusterChanged() {
      for (const entry of entries.values()) {
        if (entry.where === 'unschedulable') backOff(entry)
        else if (entry.where === 'trying') entry.changedMeanwhile = true
      }
    },
    close() {
      closed = true
      for (const entry of entries.values()) entry.timer?.cancel()
      for (const taker of takers.splice(0)) taker(undefined)
    },
  }
}
