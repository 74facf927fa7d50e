/**
 * How the ends of Pods get into the numbers of a Job: each exactly once, whoever crashes when.
 *
 *   Pod ended, with finalizer ─▶ uid (or index) into the status ─▶ finalizer off ─▶ uid out of the status, number up
 *
 * A step is taken only when the one before can be seen in the API: the finalizer goes when the stored status knows the Pod,
 * and the number goes up when the stored Pod has no finalizer. Whoever begins anew at any point goes on at that point.
 */
import { countIndexes, hasIndex, parseIndexRanges, printIndexRanges, withIndexes, type IndexRanges } from '../../api/index_ranges.ts'
import type { Job } from '../../api/kinds/job.ts'
import { isIndexed } from '../../api/kinds/job_defaults.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import type { JobStatus } from '../../api/types/job.ts'
import { isDeleting } from '../../api/pod.ts'
import { countsAsFailure, matchFailure } from './failure_policy.ts'
import { failuresBefore, hasFailed, hasSucceeded, ignoredBefore, indexOf, isTracked } from './pods.ts'
import type { Verdict } from './verdict.ts'

/** What is known of the ends of a Job's Pods, whether it is in the status yet or not. */
export interface Ends {
  readonly succeeded: number
  readonly failed: number
  readonly completed: IndexRanges
  /** Undefined for Jobs without a limit for each index. */
  readonly failedIndexes: IndexRanges | undefined
}

export interface Tally {
  readonly status: Pick<JobStatus, 'succeeded' | 'failed' | 'completedIndexes' | 'failedIndexes' | 'uncountedTerminatedPods'>
  /** Their ends are in this status, so that once it is stored they may go. */
  readonly release: readonly Pod[]
  /** There are more than one status takes at once. */
  readonly isMore: boolean
}

/** Uids in a status are bounded, because objects are. */
const UNCOUNTED_MAX = 500

/** Everything that has ended: what the status says, and what its Pods say that it does not know yet. */
export function endsOf(job: Job, pods: readonly Pod[]): Ends {
  const { spec, status } = job
  const counted = uncountedOf(status)
  const news = pods.filter(pod => isTracked(pod) && !counted.succeeded.has(pod.metadata.uid!) && !counted.failed.has(pod.metadata.uid!))
  const failed = news.filter(pod => hasFailed(pod, job) && isOfJob(job, pod))
  const completed = isIndexed(spec) ? completedIndexes(job, pods) : []
  return {
    succeeded: isIndexed(spec) ? countIndexes(completed) : (status.succeeded ?? 0) + counted.succeeded.size + news.filter(hasSucceeded).length,
    failed: (status.failed ?? 0) + counted.failed.size + failed.filter(pod => countsAsFailure(spec.podFailurePolicy, pod)).length,
    completed,
    failedIndexes: spec.backoffLimitPerIndex === undefined ? undefined : failedIndexes(job, pods, completed),
  }
}

/** What the status shall say, and which Pods may go once it does. */
export function tally(job: Job, pods: readonly Pod[], ends: Ends, verdict: Verdict | undefined): Tally {
  const { spec, status, metadata } = job
  const tracked = pods.filter(isTracked)
  const held = new Set(tracked.map(pod => pod.metadata.uid!))
  const before = uncountedOf(status)
  const succeeded = [...before.succeeded].filter(uid => held.has(uid))
  const failed = [...before.failed].filter(uid => held.has(uid))
  // Of these the finalizer is off: they are counted now.
  const counted = { succeeded: before.succeeded.size - succeeded.length, failed: before.failed.size - failed.length }
  const isFailure = verdict?.type === 'FailureTarget'
  const replaced = replacedPods(job, pods, ends, verdict)
  const release: Pod[] = []
  const completed: number[] = []
  let room = UNCOUNTED_MAX - succeeded.length - failed.length
  let isMore = false

  for (const pod of tracked) {
    const uid = pod.metadata.uid!
    const hasDone = hasSucceeded(pod)
    // When the Job has failed, nobody waits to see how what is on its way out will end.
    const isFailed = !hasDone && (hasFailed(pod, job) || (isFailure && isDeleting(pod)))
    if (before.succeeded.has(uid) || before.failed.has(uid)) {
      release.push(pod)
      continue
    }
    if (!hasDone && !isFailed) {
      if (metadata.deletionTimestamp) release.push(pod)
      continue
    }
    if (isFailed && !replaced(pod)) continue
    const isCounted = isOfJob(job, pod) && (hasDone ? !isIndexed(spec) : countsAsFailure(spec.podFailurePolicy, pod))
    if (isCounted && room-- <= 0) {
      isMore = true
      continue
    }
    if (isCounted) (hasDone ? succeeded : failed).push(uid)
    if (hasDone && isIndexed(spec) && isOfJob(job, pod)) completed.push(indexOf(pod)!)
    release.push(pod)
  }

  const known = isIndexed(spec) ? withIndexes(parseIndexRanges(status.completedIndexes, spec.completions ?? 0), completed) : []
  const uncounted = { ...(succeeded.length > 0 && { succeeded }), ...(failed.length > 0 && { failed }) }
  const total = {
    succeeded: isIndexed(spec) ? countIndexes(known) : (status.succeeded ?? 0) + counted.succeeded,
    failed: (status.failed ?? 0) + counted.failed,
  }
  return {
    status: {
      // As Go leaves out a number that is 0.
      ...(total.succeeded > 0 && { succeeded: total.succeeded }),
      ...(total.failed > 0 && { failed: total.failed }),
      ...(known.length > 0 && { completedIndexes: printIndexRanges(known) }),
      ...(ends.failedIndexes && { failedIndexes: printIndexRanges(ends.failedIndexes) }),
      uncountedTerminatedPods: uncounted,
    },
    release,
    isMore,
  }
}

export const uncountedOf = ({ uncountedTerminatedPods }: JobStatus) => ({
  succeeded: new Set(uncountedTerminatedPods?.succeeded),
  failed: new Set(uncountedTerminatedPods?.failed),
})

/** The Pods of an index that the Job does not have, or has no more, count for nothing. */
function isOfJob({ spec }: Job, pod: Pod): boolean {
  if (!isIndexed(spec)) return true
  const index = indexOf(pod)
  return index !== undefined && index < (spec.completions ?? 0)
}

/** A Pod that was taken for failed when it was deleted stays so, though it succeeded in its last moment. */
function completedIndexes(job: Job, pods: readonly Pod[]): IndexRanges {
  const { failed } = uncountedOf(job.status)
  const stored = parseIndexRanges(job.status.completedIndexes, job.spec.completions ?? 0)
  return withIndexes(
    stored,
    pods.filter(pod => isTracked(pod) && hasSucceeded(pod) && !failed.has(pod.metadata.uid!) && isOfJob(job, pod)).map(pod => indexOf(pod)!),
  )
}

function failedIndexes(job: Job, pods: readonly Pod[], completed: IndexRanges): IndexRanges {
  const stored = parseIndexRanges(job.status.failedIndexes, job.spec.completions ?? 0)
  const news = pods.filter(pod => isTracked(pod) && isOfJob(job, pod) && hasFailed(pod, job) && endsIndex(job, pod)).map(pod => indexOf(pod)!)
  return withIndexes(
    stored,
    news.filter(index => !hasIndex(completed, index)),
  )
}

/** Its failure is the last that the index may have. */
function endsIndex({ spec }: Job, pod: Pod): boolean {
  const action = matchFailure(spec.podFailurePolicy, pod)?.action
  if (action === 'FailIndex') return true
  return action !== 'Ignore' && failuresBefore(pod) >= spec.backoffLimitPerIndex!
}

/**
 * With a limit for each index the Pods themselves are the memory of how often it has failed: the last one of an index
 * stays until the next one, which carries the number on, is there.
 */
function replacedPods({ spec, metadata }: Job, pods: readonly Pod[], { completed, failedIndexes: failed }: Ends, verdict: Verdict | undefined) {
  if (spec.backoffLimitPerIndex === undefined || verdict || metadata.deletionTimestamp) return () => true
  const newest = new Map<number, number>()
  const attempts = (pod: Pod) => failuresBefore(pod) + ignoredBefore(pod)
  for (const pod of pods) {
    const index = indexOf(pod)
    if (index !== undefined) newest.set(index, Math.max(newest.get(index) ?? 0, attempts(pod)))
  }
  return (pod: Pod): boolean => {
    const index = indexOf(pod)
    if (index === undefined || index >= (spec.completions ?? 0)) return true
    return hasIndex(completed, index) || hasIndex(failed!, index) || newest.get(index)! > attempts(pod)
  }
}
