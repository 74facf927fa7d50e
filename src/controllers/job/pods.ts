/** What a Job's Pod says about itself: which index it works on, whether it has ended, and whether the Job has counted it yet. */
import type { Job } from '../../api/kinds/job.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { isDeleting, podCondition } from '../../api/pod.ts'

/** Keeps a Pod in the API until its end is in the Job's numbers. */
export const TRACKING_FINALIZER = 'batch.kubernetes.io/job-tracking'
export const INDEX_ANNOTATION = 'batch.kubernetes.io/job-completion-index'
/** How many Pods of this index have failed before this one. */
export const INDEX_FAILURES_ANNOTATION = 'batch.kubernetes.io/job-index-failure-count'
/** And how many failed in a way that the policy forgives: they lengthen the back-off alone. */
export const INDEX_IGNORED_ANNOTATION = 'batch.kubernetes.io/job-index-ignored-failure-count'

export const isTracked = ({ metadata }: Pod): boolean => metadata.finalizers?.includes(TRACKING_FINALIZER) ?? false

export const hasSucceeded = ({ status }: Pod): boolean => status.phase === 'Succeeded'

/**
 * Failed, or on its way out without having succeeded: many a deleted Pod never gets to say how it ended. A Job that replaces
 * only Pods that have failed waits for them to say so.
 */
export function hasFailed(pod: Pod, { spec }: Pick<Job, 'spec'>): boolean {
  if (pod.status.phase === 'Failed') return true
  return spec.podReplacementPolicy !== 'Failed' && isDeleting(pod) && !hasSucceeded(pod)
}

/** Still running although it was told to go. */
export const isTerminating = (pod: Pod): boolean => isDeleting(pod) && pod.status.phase !== 'Failed' && pod.status.phase !== 'Succeeded'

/** Undefined: none, or none that makes sense. */
export function indexOf({ metadata }: Pod): number | undefined {
  return countIn(metadata.annotations?.[INDEX_ANNOTATION])
}

export const failuresBefore = ({ metadata }: Pod): number => countIn(metadata.annotations?.[INDEX_FAILURES_ANNOTATION]) ?? 0
export const ignoredBefore = ({ metadata }: Pod): number => countIn(metadata.annotations?.[INDEX_IGNORED_ANNOTATION]) ?? 0

const countIn = (text: string | undefined): number | undefined => (text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined)

/** When the last of its containers ended; as near as can be told where none did. Milliseconds since the epoch. */
export function endedAtMs(pod: Pod): number {
  const ends = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])].flatMap(({ state }) => state.terminated?.finishedAt ?? [])
  if (ends.length > 0) return Math.max(...ends.map(end => Date.parse(end)))
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp } = pod.metadata
  if (deletionTimestamp) return Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1000
  return Date.parse(podCondition(pod, 'Ready')?.lastTransitionTime ?? creationTimestamp!)
}
