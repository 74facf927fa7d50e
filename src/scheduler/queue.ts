/**
 * Pods that wait for a node.
 *
 *   new ─▶ active ─▶ (tried, no node) ─▶ unschedulable ─ a node might take it ─▶ back-off ─▶ active
 *             ▲                               └──────────── after five minutes ────────────▶ ▲
 *
 * Higher priority first, then whoever came first. A try that failed for another reason than lack of a node goes
 * straight into back-off: 1 s, doubled each time, at most 10 s.
 */
import { deepEqual } from '../api/deep.ts'
import { backoffMs } from '../base/backoff.ts'
import type { Clock, Millis, Timer } from '../base/clock.ts'
import { createHeap } from '../base/heap.ts'
import type { Pod } from '../api/kinds/pod.ts'
import { demandOf, type PodDemand } from './demand.ts'

const BACKOFF = { baseMs: 1_000, maxMs: 10_000 }
const UNSCHEDULABLE_RETRY_MS = 300_000

export interface SchedulingQueue {
  /** A new Pod, or a newer version of one that waits. */
  add(pod: Pod): void
  remove(uid: string): void
  /** The next Pod; resolves to undefined once closed. It stays known, as being tried, until one of the next three. */
  take(): Promise<PodDemand | undefined>
  /** No node could be found: wait until something changes. */
  unschedulable(uid: string): void
  /** The try failed on the way; wait for the back-off only. */
  failed(uid: string): void
  /** A node has more room, or takes other Pods than before. Those that found no node and would fit there get another try. */
  roomMade(fits: (demand: PodDemand) => boolean): void
  close(): void
}

interface Entry {
  demand: PodDemand
  readonly sequence: number
  attempts: number
  triedAt: Millis
  where: 'active' | 'trying' | 'backoff' | 'unschedulable'
  timer: Timer | undefined
}

export function createSchedulingQueue(clock: Clock): SchedulingQueue {
  const entries = new Map<string, Entry>()
  /** Looked through at every change of the cluster; the others need not be. */
  const unschedulable = new Set<Entry>()
  const active = createHeap<Entry>((a, b) => {
    const byPriority = (b.demand.pod.spec.priority ?? 0) - (a.demand.pod.spec.priority ?? 0)
    return byPriority !== 0 ? byPriority < 0 : a.sequence < b.sequence
  })
  const takers: ((demand: PodDemand | undefined) => void)[] = []
  let sequence = 0
  let closed = false

  const leave = (entry: Entry) => {
    entry.timer?.cancel()
    entry.timer = undefined
    unschedulable.delete(entry)
  }
  const activate = (...ready: readonly Entry[]) => {
    for (const entry of ready) {
      leave(entry)
      entry.where = 'active'
      active.push(entry)
    }
    handOut()
  }
  const handOut = () => {
    while (takers.length > 0) {
      const entry = active.pop()
      if (!entry) return
      // Removed while it waited: the heap keeps no index, so stale entries are passed over here.
      if (entries.get(uidOf(entry)) !== entry) continue
      entry.where = 'trying'
      entry.attempts += 1
      takers.shift()!(entry.demand)
    }
  }
  /** Counted from the last try, so that it may be over already: of those that are, the most important is tried first. */
  const backOff = (...losers: readonly Entry[]) => {
    const endOf = (entry: Entry) => entry.triedAt + backoffMs(entry.attempts, BACKOFF)
    for (const entry of losers) {
      if (endOf(entry) <= clock.now()) continue
      leave(entry)
      entry.where = 'backoff'
      entry.timer = clock.at(endOf(entry), () => activate(entry), 'scheduler back-off')
    }
    activate(...losers.filter(entry => endOf(entry) <= clock.now()))
  }
  const tried = (uid: string): Entry | undefined => {
    const entry = entries.get(uid)
    if (closed || entry?.where !== 'trying') return undefined
    entry.triedAt = clock.now()
    return entry
  }

  return {
    add(pod) {
      if (closed) return
      const known = entries.get(pod.metadata.uid!)
      if (!known) {
        const entry: Entry = { demand: demandOf(pod), sequence: sequence++, attempts: 0, triedAt: 0, where: 'active', timer: undefined }
        entries.set(pod.metadata.uid!, entry)
        return activate(entry)
      }
      const before = known.demand.pod
      known.demand = demandOf(pod)
      // The status alone finds no node, and it changes because we write into it.
      const mayFit = !deepEqual(before.spec, pod.spec) || !deepEqual(before.metadata.labels, pod.metadata.labels)
      if (mayFit && known.where === 'unschedulable') backOff(known)
    },
    remove(uid) {
      const entry = entries.get(uid)
      if (!entry) return
      leave(entry)
      entries.delete(uid)
    },
    take() {
      if (closed) return Promise.resolve(undefined)
      return new Promise(resolve => {
        takers.push(resolve)
        handOut()
      })
    },
    unschedulable(uid) {
      const entry = tried(uid)
      if (!entry) return
      entry.where = 'unschedulable'
      unschedulable.add(entry)
      entry.timer = clock.at(clock.now() + UNSCHEDULABLE_RETRY_MS, () => activate(entry), 'scheduler retry')
    },
    failed(uid) {
      const entry = tried(uid)
      if (entry) backOff(entry)
    },
    roomMade(fits) {
      backOff(...[...unschedulable].filter(entry => fits(entry.demand)))
    },
    close() {
      closed = true
      for (const entry of entries.values()) leave(entry)
      entries.clear()
      for (const taker of takers.splice(0)) taker(undefined)
    },
  }
}

const uidOf = ({ demand }: Entry): string => demand.pod.metadata.uid!
