/** Which Pods a Job makes, and which it sends away because there are too many. Decides and touches nothing. */
import { hasIndex, withIndexes, type IndexRanges } from '../../api/index_ranges.ts'
import type { Job } from '../../api/kinds/job.ts'
import { isIndexed } from '../../api/kinds/job_defaults.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { isReady } from '../../api/pod.ts'
import { backoffMs } from '../../base/backoff.ts'
import type { Millis } from '../../base/clock.ts'
import { backOffMs, POD_BACK_OFF, type End } from './back_off.ts'
import { matchFailure } from './failure_policy.ts'
import { endedAtMs, failuresBefore, hasFailed, ignoredBefore, indexOf, isTerminating, isTracked } from './pods.ts'
import type { Ends } from './tally.ts'

/** A Pod to be made. */
export interface Vacancy {
  readonly index?: number
  /** With a limit for each index: how often Pods of this one have failed. */
  readonly failures?: number
  readonly ignored?: number
}

export interface PodsPlan {
  readonly make: readonly Vacancy[]
  readonly sendAway: readonly Pod[]
  /** Until more can be made. Undefined: nothing is being waited for. */
  readonly waitMs?: Millis
}

/** Changes made in one pass are bounded, so that one huge Job cannot starve the others. */
const CHANGES_PER_PASS_MAX = 500

export interface PodsSituation {
  readonly pods: readonly Pod[]
  readonly active: readonly Pod[]
  readonly ends: Ends
  readonly lastEnds: readonly End[]
  readonly wallMs: Millis
}

export function planPods(job: Job, { pods, active, ends, lastEnds, wallMs }: PodsSituation): PodsPlan {
  const { spec } = job
  if (spec.suspend) return { make: [], sendAway: active.slice(0, CHANGES_PER_PASS_MAX) }
  const wanted = wantedActive(job, active.length, ends)
  const sendAway = tooMany(job, active, wanted, ends).slice(0, CHANGES_PER_PASS_MAX)
  if (sendAway.length > 0) return { make: [], sendAway }

  const leaving = spec.podReplacementPolicy === 'Failed' ? pods.filter(isTerminating) : []
  const missing = Math.min(wanted - active.length - leaving.length, CHANGES_PER_PASS_MAX)
  if (missing <= 0) return { make: [], sendAway }
  if (spec.backoffLimitPerIndex !== undefined) return fillFailingIndexes(job, [...active, ...leaving], missing, { pods, ends, wallMs })
  const waitMs = backOffMs(lastEnds, wallMs)
  if (waitMs > 0) return { make: [], sendAway, waitMs }
  if (!isIndexed(spec)) return { make: Array.from({ length: missing }, () => ({})), sendAway }
  const free = freeIndexes(job, [...active, ...leaving], ends)
  return { make: take(free, missing).map(index => ({ index })), sendAway }
}

/** No more than there is work left; and of a work queue nobody is added once one of them has said that it is done. */
function wantedActive({ spec }: Job, activeCount: number, { succeeded }: Ends): number {
  const parallelism = spec.parallelism ?? 1
  if (spec.completions === undefined) return succeeded > 0 ? Math.min(activeCount, parallelism) : parallelism
  return Math.max(0, Math.min(parallelism, spec.completions - succeeded))
}

/** Whose index another one works on, or nobody needs; then those whose loss costs least. */
function tooMany({ spec }: Job, active: readonly Pod[], wanted: number, { completed, failedIndexes = [] }: Ends): Pod[] {
  const byCost = active.toSorted(byCostOfLoss)
  if (!isIndexed(spec)) return byCost.slice(0, Math.max(0, active.length - wanted))
  const seen = new Set<number>()
  const useless = new Set(
    byCost.toReversed().filter(pod => {
      const index = indexOf(pod)
      const isOf = index !== undefined && index < (spec.completions ?? 0)
      if (!isOf || hasIndex(completed, index) || hasIndex(failedIndexes, index) || seen.has(index)) return true
      seen.add(index)
      return false
    }),
  )
  const useful = byCost.filter(pod => !useless.has(pod))
  return [...useless, ...useful.slice(0, Math.max(0, useful.length - wanted))]
}

/** Not bound, not running, not ready, youngest: these go first. */
function byCostOfLoss(a: Pod, b: Pod): number {
  return (
    Number(!!a.spec.nodeName) - Number(!!b.spec.nodeName) ||
    Number(a.status.phase === 'Running') - Number(b.status.phase === 'Running') ||
    Number(isReady(a)) - Number(isReady(b)) ||
    Date.parse(b.metadata.creationTimestamp!) - Date.parse(a.metadata.creationTimestamp!) ||
    (a.metadata.name! < b.metadata.name! ? -1 : 1)
  )
}

/** Indexes that are neither done, nor given up, nor being worked on, lowest first. */
function* freeIndexes({ spec }: Job, busy: readonly Pod[], { completed, failedIndexes = [] }: Ends): Generator<number> {
  let taken: IndexRanges = withIndexes(
    [...completed, ...failedIndexes],
    busy.flatMap(pod => indexOf(pod) ?? []),
  )
  for (let index = 0; index < (spec.completions ?? 0); index++) {
    while (taken.length > 0 && taken[0]!.to < index) taken = taken.slice(1)
    if (taken.length > 0 && taken[0]!.from <= index) index = taken[0]!.to
    else yield index
  }
}

function take<T>(items: Iterable<T>, count: number): T[] {
  const taken: T[] = []
  for (const item of items) {
    if (taken.length >= count) break
    taken.push(item)
  }
  return taken
}

/** Each index waits for itself alone. */
function fillFailingIndexes(
  job: Job,
  busy: readonly Pod[],
  missing: number,
  { pods, ends, wallMs }: Pick<PodsSituation, 'pods' | 'ends' | 'wallMs'>,
): PodsPlan {
  const lastFailures = new Map<number, Pod>()
  for (const pod of pods) {
    const index = indexOf(pod)
    if (index === undefined || !isTracked(pod) || !hasFailed(pod, job)) continue
    const known = lastFailures.get(index)
    if (!known || attemptsBefore(known) <= attemptsBefore(pod)) lastFailures.set(index, pod)
  }
  const make: Vacancy[] = []
  let waitMs: Millis | undefined
  for (const index of freeIndexes(job, busy, ends)) {
    if (make.length >= missing) break
    const failed = lastFailures.get(index)
    const remainingMs = failed ? endedAtMs(failed) + backoffMs(attemptsBefore(failed) + 1, POD_BACK_OFF) - wallMs : 0
    if (remainingMs > 0) waitMs = Math.min(waitMs ?? Infinity, remainingMs)
    else make.push({ index, ...(failed ? failuresAfter(job, failed) : { failures: 0, ignored: 0 }) })
  }
  return { make, sendAway: [], ...(waitMs !== undefined && { waitMs }) }
}

const attemptsBefore = (pod: Pod): number => failuresBefore(pod) + ignoredBefore(pod)

function failuresAfter({ spec }: Job, pod: Pod): { failures: number; ignored: number } {
  const isIgnored = matchFailure(spec.podFailurePolicy, pod)?.action === 'Ignore'
  return { failures: failuresBefore(pod) + (isIgnored ? 0 : 1), ignored: ignoredBefore(pod) + (isIgnored ? 1 : 0) }
}
