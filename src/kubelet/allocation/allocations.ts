/**
 * Decides about resizes, for all Pods of a node:
 *
 *   spec differs from what was given ─▶ fits? ─▶ given, written down, and the worker makes it so
 *                                        └▶ no: Deferred, tried again when something ends or changes, and every three minutes
 *                                               Infeasible: only another change of the spec helps
 *
 * What was given is a file in the Pod's directory, so that the next kubelet knows it whatever the spec says by then.
 */
import { deepEqual } from '../../api/deep.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { isDeleting, isTerminal, podCondition } from '../../api/pod.ts'
import { decodeText } from '../../base/bytes.ts'
import { sleep } from '../../base/clock.ts'
import { messageOf } from '../../base/error_message.ts'
import type { KubeletContext } from '../context.ts'
import { allocationOf, inOrderOfResize, judgeResize, withAllocation, type Allocation, type PendingResize } from './allocation.ts'

export interface Allocations {
  /** Reads back what Pods were given before. Nothing is decided until `run`, when every Pod of the node has been seen. */
  load(): Promise<void>
  /** A Pod is seen for the first time, or has changed. */
  see(pod: Pod): void
  /** The Pod with the resources it has been given. */
  given(pod: Pod): Pod
  /** Of a resize that waits. */
  pending(uid: string): PendingResize | undefined
  /** Of the Pod when it was given what it has. */
  generation(uid: string): number | undefined
  /** Resolves once what the Pod was given is on the disk. Rejects when it could not be written. */
  saved(uid: string): Promise<void>
  /** The Pod has ended: there is more room. */
  release(uid: string): void
  /** Decides what has gathered; from then on, at once. Until the signal it tries again what was put off. */
  run(signal: AbortSignal): Promise<void>
}

export interface Allocatable {
  readonly cpuMilli: number
  readonly memoryBytes: number
}

export interface AllocationsParts {
  readonly context: Pick<KubeletContext, 'host' | 'directories'>
  /** Of the node. */
  readonly allocatable: () => Allocatable
  /** Pods that take room, as the API has them. */
  readonly active: () => readonly Pod[]
  /** Why it would not fit beside the others, as those have been given. */
  readonly admit: (pod: Pod, others: readonly Pod[]) => { message: string } | undefined
  /** What a Pod has been given, or why it has not, has changed. */
  readonly changed: (uid: string) => void
}

interface Entry {
  pod: Pod
  given: Allocation
  generation: number | undefined
  pending: PendingResize | undefined
  saved: Promise<void>
}

const RETRY_MS = 180_000

export function createAllocations({ context, allocatable, active, admit, changed }: AllocationsParts): Allocations {
  const { host, directories } = context
  const { disk, clock, log } = host
  const entries = new Map<string, Entry>()
  const found = new Map<string, Stored>()
  let isRunning = false
  const fileOf = (uid: string) => `${directories.pod(uid)}/allocation`

  async function write(uid: string, stored: Stored): Promise<void> {
    await disk.makeDirectory(directories.pod(uid), { mode: 0o750 })
    await disk.writeFile(`${fileOf(uid)}.new`, JSON.stringify(stored), { mode: 0o600 })
    await disk.rename(`${fileOf(uid)}.new`, fileOf(uid))
  }

  function save(entry: Entry): void {
    const uid = entry.pod.metadata.uid ?? ''
    const { given, generation } = entry
    entry.saved = entry.saved.catch(() => undefined).then(() => write(uid, { given, generation }))
    entry.saved.catch((error: unknown) => log.warn('what a Pod was given could not be written down', { pod: entry.pod.metadata.name, error: messageOf(error) }))
  }

  const given = (pod: Pod): Pod => {
    const entry = entries.get(pod.metadata.uid ?? '')
    return entry ? withAllocation(pod, entry.given) : pod
  }
  const wants = ({ pod, given }: Entry): boolean => withAllocation(pod, given) !== pod && !isTerminal(pod) && !isDeleting(pod)

  /** Whether anything about the entry has changed. */
  function decide(entry: Entry): boolean {
    const { pod, pending } = entry
    if (!isRunning) return false
    if (!wants(entry)) {
      entry.pending = undefined
      return pending !== undefined
    }
    const others = active().filter(other => other.metadata.uid !== pod.metadata.uid)
    const verdict = judgeResize(pod, allocatable(), candidate => admit(candidate, others.map(given)))
    if (verdict.fits) {
      entry.given = allocationOf(pod)
      entry.generation = pod.metadata.generation
      entry.pending = undefined
      save(entry)
      return true
    }
    const { reason, message } = verdict
    entry.pending = { reason, message, generation: pod.metadata.generation, since: pending?.reason === reason ? pending.since : clock.wall() }
    return !deepEqual(entry.pending, pending)
  }

  function retry(isMeant: (entry: Entry) => boolean = ({ pending }) => pending?.reason === 'Deferred'): void {
    const waiting = [...entries.values()].filter(isMeant)
    const wishes = waiting.map(entry => ({ entry, pod: entry.pod, allocated: given(entry.pod), since: entry.pending?.since ?? clock.wall() }))
    for (const { entry, pod } of inOrderOfResize(wishes)) if (decide(entry)) changed(pod.metadata.uid ?? '')
  }

  return {
    given,
    async load() {
      for (const uid of await disk.list(directories.pods).catch(() => [])) {
        const bytes = await disk.readFile(fileOf(uid)).catch(() => undefined)
        if (!bytes) continue
        try {
          found.set(uid, JSON.parse(decodeText(bytes)) as Stored)
        } catch (error) {
          log.warn('what a Pod was given cannot be read; its spec stands for it', { uid, error: messageOf(error) })
        }
      }
    },
    see(pod) {
      const uid = pod.metadata.uid ?? ''
      const known = entries.get(uid)
      if (!known) {
        const before = found.get(uid)
        found.delete(uid)
        const entry: Entry = {
          pod,
          given: before?.given ?? allocationOf(pod),
          generation: before?.generation ?? pod.metadata.generation,
          // As it was told before, so that it does not seem to be settled for a moment.
          pending: before && pendingIn(pod),
          saved: Promise.resolve(),
        }
        entries.set(uid, entry)
        // A resize would change the class of a BestEffort Pod, and may not.
        if (!before && pod.status.qosClass !== 'BestEffort' && !isTerminal(pod)) save(entry)
        decide(entry)
        return
      }
      const isChanged = withAllocation(pod, allocationOf(known.pod)) !== pod
      known.pod = pod
      if (!isChanged) return
      const before = known.given
      decide(known)
      if (known.given !== before) retry()
    },
    pending: uid => entries.get(uid)?.pending,
    generation: uid => entries.get(uid)?.generation,
    saved: async uid => entries.get(uid)?.saved,
    release(uid) {
      if (entries.delete(uid)) retry()
    },
    async run(signal) {
      isRunning = true
      retry(() => true)
      while (!signal.aborted) {
        await sleep(clock, RETRY_MS, signal, 'every pending resize').catch(() => undefined)
        if (!signal.aborted) retry()
      }
    },
  }
}

function pendingIn(pod: Pod): PendingResize | undefined {
  const { reason, message = '', observedGeneration, lastTransitionTime = '' } = podCondition(pod, 'PodResizePending') ?? {}
  if (reason !== 'Deferred' && reason !== 'Infeasible') return undefined
  return { reason, message, generation: observedGeneration, since: Date.parse(lastTransitionTime) || 0 }
}

interface Stored {
  readonly given: Allocation
  readonly generation: number | undefined
}
