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
import type { FilterName } from './objection.ts'

const BACKOFF = { baseMs: 1_000, maxMs: 10_000 }
const UNSCHEDULABLE_RETRY_MS = 300_000

/** A Pod that was tried and found no node. */
export interface WaitingPod {
  readonly demand: PodDemand
  /** The filters that objected: only what concerns them is worth another try. */
  readonly rejectedBy: ReadonlySet<FilterName>
}

export interface SchedulingQueue {
  /** A new Pod, or a newer version of one that waits. */
  add(pod: Pod): void
  remove(uid: string): void
  /** The next Pod; resolves to undefined once closed. It stays known, as being tried, until one of the next two. */
  take(): Promise<PodDemand | undefined>
  /** No node could be found: wait until something changes. */
  unschedulable(uid: string, rejectedBy?: ReadonlySet<FilterName>): void
  /** The try failed on the way; wait for the back-off only. */
  failed(uid: string): void
  /** It makes room for itself now: whatever happens meanwhile, it is not tried before `release`. */
  hold(uid: string): void
  /** It has made room, or could not and shall try again. */
  release(uid: string, tryAgain: boolean): void
  /** Something has changed. Those whom it may help get another try. */
  wake(helps: (waiting: WaitingPod) => boolean): void
  close(): void
}

interface Entry {
  demand: PodDemand
  readonly sequence: number
  attempts: number
  triedAt: Millis
  where: 'active' | 'trying' | 'backoff' | 'unschedulable'
  rejectedBy: ReadonlySet<FilterName>
  /** Makes room for itself; `woken` if it would have been tried again meanwhile. */
  held: 'no' | 'yes' | 'woken'
  timer: Timer | undefined
}

export function createSchedulingQueue(clock: Clock): SchedulingQueue {
  const entries = new Map<string, Entry>()
  /** Looked through at every change of the cluster; the others need not be. */
  const unschedulable = new Set<Entry>()
  const active = createHeap<Entry>((a, b) => {
    const byPriority = b.demand.priority - a.demand.priority
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
    const free = losers.filter(entry => entry.held === 'no')
    for (const entry of losers) if (entry.held === 'yes') entry.held = 'woken'
    for (const entry of free) {
      if (endOf(entry) <= clock.now()) continue
      leave(entry)
      entry.where = 'backoff'
      entry.timer = clock.at(endOf(entry), () => activate(entry), 'scheduler back-off')
    }
    activate(...free.filter(entry => endOf(entry) <= clock.now()))
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
        const entry: Entry = {
          demand: demandOf(pod),
          sequence: sequence++,
          attempts: 0,
          triedAt: 0,
          where: 'active',
          rejectedBy: NOBODY,
          held: 'no',
          timer: undefined,
        }
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
    unschedulable(uid, rejectedBy = NOBODY) {
      const entry = tried(uid)
      if (!entry) return
      entry.where = 'unschedulable'
      entry.rejectedBy = rejectedBy
      unschedulable.add(entry)
      entry.timer = clock.at(clock.now() + UNSCHEDULABLE_RETRY_MS, () => activate(entry), 'scheduler retry')
    },
    failed(uid) {
      const entry = tried(uid)
      if (entry) backOff(entry)
    },
    hold(uid) {
      const entry = entries.get(uid)
      if (entry) entry.held = 'yes'
    },
    release(uid, tryAgain) {
      const entry = entries.get(uid)
      if (!entry || closed) return
      const wasWoken = entry.held === 'woken'
      entry.held = 'no'
      if (entry.where === 'unschedulable' && (wasWoken || tryAgain)) backOff(entry)
    },
    wake(helps) {
      backOff(...[...unschedulable].filter(entry => helps(entry)))
    },
    close() {
      closed = true
      for (const entry of entries.values()) leave(entry)
      entries.clear()
      for (const taker of takers.splice(0)) taker(undefined)
    },
  }
}

const NOBODY: ReadonlySet<FilterName> = new Set()

const uidOf = ({ demand }: Entry): string => demand.pod.metadata.uid!
