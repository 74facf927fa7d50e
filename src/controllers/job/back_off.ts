/**
 * How long a Job waits before it makes up for failures: 10 seconds after the first, twice as long after each that follows
 * without a success between them, ten minutes at most (behaviour 8.5.1).
 */
import type { Job } from '../../api/kinds/job.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { isDeleting } from '../../api/pod.ts'
import { backoffMs, type BackoffRange } from '../../base/backoff.ts'
import type { Millis } from '../../base/clock.ts'
import { endedAtMs, hasFailed, hasSucceeded, isTracked } from './pods.ts'

export const POD_BACK_OFF: BackoffRange = { baseMs: 10_000, maxMs: 600_000 }

/** The end of a Pod, which may be gone by now. */
export interface End {
  readonly uid: string
  readonly atMs: Millis
  readonly isFailure: boolean
}

/** After so many failures the wait does not grow any more, so that nobody needs to remember others. */
const ENDS_MAX = 8

/** The last ends of a Job's Pods, oldest first: those that were known, and those its Pods tell of. */
export function lastEnds(job: Job, pods: readonly Pod[], known: readonly End[]): readonly End[] {
  const byUid = new Map(known.map(end => [end.uid, end]))
  for (const pod of pods) {
    const uid = pod.metadata.uid!
    const isFailure = hasFailed(pod, job)
    // Those that the Job itself has sent away were let go before, and say nothing about its work.
    const isSentAway = isDeleting(pod) && !isTracked(pod)
    if (byUid.has(uid) || isSentAway || !(isFailure || hasSucceeded(pod))) continue
    byUid.set(uid, { uid, atMs: endedAtMs(pod), isFailure })
  }
  return [...byUid.values()].sort((a, b) => a.atMs - b.atMs || (a.uid < b.uid ? -1 : 1)).slice(-ENDS_MAX)
}

/** What is left to wait; 0: nothing. */
export function backOffMs(ends: readonly End[], wallMs: Millis): Millis {
  const failures = ends.slice(ends.findLastIndex(({ isFailure }) => !isFailure) + 1)
  const last = failures.at(-1)
  return last ? Math.max(0, last.atMs + backoffMs(failures.length, POD_BACK_OFF) - wallMs) : 0
}
