/**
 * Writes what the kubelet knows of its Pods to the API: at once, only when it changed, one write at a time a Pod. While one
 * is on its way newer ones replace each other, so that a slow API never sees a queue of history.
 */
import { Pod } from '../../api/kinds/pod.ts'
import { deepEqual } from '../../api/deep.ts'
import { keyOf } from '../../api/meta.ts'
import { isReason } from '../../api/status.ts'
import type { PodStatus } from '../../api/types/pod_status.ts'
import { backoffMs } from '../../base/backoff.ts'
import { sleep, type Millis } from '../../base/clock.ts'
import type { KubeletContext } from '../context.ts'
import { OWNED_CONDITIONS, RESIZE_CONDITIONS } from './conditions.ts'

export interface StatusManager {
  /** Never waits. */
  set(pod: Pod, status: PodStatus): void
  /** What was set last. */
  get(uid: string): PodStatus | undefined
  /** Resolves when the last status set for the Pod has been written, or the Pod is gone. */
  written(uid: string): Promise<void>
  /** Another object of the API shows the Pod now, or one does at last. */
  shownAnew(uid: string): void
  forget(uid: string): void
  stop(): void
}

/** Which object of the API has the status of a Pod; undefined: none now. A static Pod's is its mirror. */
export type ShownBy = (pod: Pod) => Pod | undefined

const RETRY = { baseMs: 100, maxMs: 10_000 }

/** The object of the API that is written to. */
interface Target {
  pod: Pod
  /** The newest status known to be in the API. */
  stored: PodStatus
  storedRevision: number
  isGone: boolean
}

interface Entry {
  pod: Pod
  wanted: PodStatus
  target: Target | undefined
  writing: Promise<void> | undefined
}

export function createStatusManager({ host, client }: Pick<KubeletContext, 'host' | 'client'>, shownBy: ShownBy = pod => pod): StatusManager {
  const entries = new Map<string, Entry>()
  /** One for each write that waits: of one signal for all, Node.js would think that its listeners leak. */
  const waits = new Set<AbortController>()
  let isStopped = false

  async function pause(ms: Millis): Promise<void> {
    const wait = new AbortController()
    waits.add(wait)
    await sleep(host.clock, ms, wait.signal, 'pod status retry').catch(() => undefined)
    waits.delete(wait)
  }

  const learn = (target: Target, pod: Pod) => {
    const revision = revisionOf(pod)
    if (revision < target.storedRevision) return
    target.stored = pod.status
    target.storedRevision = revision
  }

  function aim(entry: Entry): void {
    const pod = shownBy(entry.pod)
    const { target } = entry
    if (pod && target && target.pod.metadata.uid === pod.metadata.uid) {
      target.pod = pod
      learn(target, pod)
    } else entry.target = pod && { pod, stored: pod.status, storedRevision: revisionOf(pod), isGone: false }
    entry.writing ??= write(entry)
  }

  /**
   * Whoever sets a status meanwhile relies on this loop to see it. So `writing` is cleared in the very turn of the last
   * look, and the loop begins in a later turn than the one that sets it.
   */
  async function write(entry: Entry): Promise<void> {
    await Promise.resolve()
    try {
      for (let failures = 0; !isStopped;) {
        const { wanted, target } = entry
        const patch = target && !target.isGone ? statusPatch(target.stored, wanted) : undefined
        if (!target || !patch) return
        const isTheLast = () => entry.wanted === wanted && entry.target === target
        const { name, uid } = target.pod.metadata
        try {
          // The uid keeps a Pod that was made anew under the same name from getting the old one's status.
          const body = { metadata: { uid }, status: patch }
          learn(target, await client.patch(Pod, keyOf(target.pod), { type: 'strategic', body }, { subresource: 'status' }))
          failures = 0
          // What the server made of it is its own affair: only something new is worth another write.
          if (isTheLast()) return
        } catch (error) {
          if (isReason(error, 'NotFound') || isReason(error, 'Conflict') || isReason(error, 'Invalid')) {
            if (!isReason(error, 'NotFound')) host.log.warn('the API refuses the status of a Pod', { pod: name, error: String(error) })
            // What is invalid now is not written again; the next status may be.
            target.isGone = !isReason(error, 'Invalid')
            if (isTheLast()) return
            continue
          }
          host.log.warn('the status of a Pod could not be written; trying again', { pod: name, error: String(error) })
          await pause(backoffMs(++failures, RETRY))
        }
      }
    } finally {
      entry.writing = undefined
    }
  }

  return {
    set(pod, status) {
      const uid = pod.metadata.uid ?? ''
      let entry = entries.get(uid)
      if (!entry) entries.set(uid, (entry = { pod, wanted: status, target: undefined, writing: undefined }))
      entry.pod = pod
      entry.wanted = status
      aim(entry)
    },
    get: uid => entries.get(uid)?.wanted,
    async written(uid) {
      await entries.get(uid)?.writing
    },
    shownAnew(uid) {
      const entry = entries.get(uid)
      if (entry) aim(entry)
    },
    forget: uid => void entries.delete(uid),
    stop() {
      isStopped = true
      waits.forEach(wait => wait.abort())
    },
  }
}

const revisionOf = ({ metadata }: Pod): number => Number(metadata.resourceVersion ?? 0)

/** A strategic merge patch from what is stored to what is wanted; undefined when nothing of ours differs. */
export function statusPatch(stored: PodStatus, wanted: PodStatus): Record<string, unknown> | undefined {
  const patch: Record<string, unknown> = {}
  for (const field of OWNED_FIELDS) {
    const value = wanted[field]
    if (deepEqual(value, stored[field])) continue
    patch[field] = field === 'podIPs' || field === 'hostIPs' ? replacement(stored[field] ?? [], wanted[field] ?? []) : (value ?? null)
  }
  const conditions = (wanted.conditions ?? []).filter(
    condition =>
      !deepEqual(
        condition,
        stored.conditions?.find(old => old.type === condition.type),
      ),
  )
  const over = RESIZE_CONDITIONS.filter(type => isIn(stored, type) && !isIn(wanted, type))
  if (conditions.length + over.length > 0) {
    const isOwned = (type: string) => OWNED_CONDITIONS.includes(type)
    const foreign = [...(stored.conditions ?? []), ...conditions].map(({ type }) => type).filter(type => !isOwned(type))
    const types = [...new Set(foreign), ...OWNED_CONDITIONS].filter(type => !over.includes(type))
    const changed = conditions.map(condition =>
      withNulls(
        condition,
        stored.conditions?.find(old => old.type === condition.type),
      ),
    )
    patch.conditions = [...changed, ...over.map(type => ({ $patch: 'delete', type }))]
    patch['$setElementOrder/conditions'] = types.map(type => ({ type }))
  }
  return Object.keys(patch).length > 0 ? patch : undefined
}

const isIn = ({ conditions }: PodStatus, type: string): boolean => conditions?.some(condition => condition.type === type) ?? false

const OWNED_FIELDS = [
  'phase',
  'reason',
  'message',
  'hostIP',
  'hostIPs',
  'podIP',
  'podIPs',
  'startTime',
  'initContainerStatuses',
  'containerStatuses',
  'ephemeralContainerStatuses',
  'observedGeneration',
] as const

/** Addresses are merged by their value: an old one goes only by name. */
const replacement = (old: readonly { ip: string }[], now: readonly { ip: string }[]): object[] => [
  ...now,
  ...old.filter(({ ip }) => !now.some(kept => kept.ip === ip)).map(({ ip }) => ({ $patch: 'delete', ip })),
]

/** A merge keeps what the patch does not name: a reason that no longer holds must be taken away by name. */
const withNulls = (condition: object, old: object | undefined): object => ({
  ...Object.fromEntries(
    Object.keys(old ?? {})
      .filter(key => !(key in condition))
      .map(key => [key, null]),
  ),
  ...condition,
})
