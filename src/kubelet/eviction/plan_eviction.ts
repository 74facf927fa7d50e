/**
 * Whom to evict, why, and how long he gets. One Pod a pass: the next pass sees what that has brought.
 */
import type { Pod } from '../../api/kinds/pod.ts'
import { isCriticalPod } from '../../api/pod.ts'
import type { Millis } from '../../base/clock.ts'
import { specGraceMs } from '../pod/pod_nouns.ts'
import type { Termination } from '../pod/pod_state.ts'
import { localStorageExcess } from './local_storage.ts'
import { pressureMessage } from './messages.ts'
import type { Candidate } from './pod_usage.ts'
import { rankCandidates } from './rank.ts'
import { SIGNALS, type Observations } from './signals.ts'
import type { Threshold } from './thresholds.ts'

export interface Eviction {
  readonly pod: Pod
  readonly termination: Termination
}

const HARD_GRACE_MS = 1000

export interface PressureEvictionInputs {
  readonly candidates: readonly Candidate[]
  /** What is acted on in this pass; the first decides. */
  readonly met: readonly Threshold[]
  readonly observations: Observations
  readonly hasSeparateImageFilesystem: boolean
  /** In seconds. */
  readonly evictionMaxPodGracePeriod: number
}

/** Undefined: nothing is short, or only Pods are left that the node cannot do without. */
export function planEviction({ candidates, met, observations, evictionMaxPodGracePeriod, ...rest }: PressureEvictionInputs): Eviction | undefined {
  const [threshold] = met
  if (!threshold) return undefined
  const { signal } = threshold
  const victim = rankCandidates({ ...rest, candidates, signal }).find(({ pod }) => !isCriticalPod(pod))
  if (!victim) return undefined
  const message = pressureMessage(victim, SIGNALS[signal].resource, met, observations)
  const graceMs = threshold.graceMs === undefined ? HARD_GRACE_MS : softGraceMs(victim.pod, evictionMaxPodGracePeriod)
  return { pod: victim.pod, termination: { ...evicted(message, graceMs), disruption: message } }
}

/** All Pods that use more local storage than they may. These do not say DisruptionTarget: the node is not why they go. */
export function planLocalStorageEvictions(candidates: readonly Candidate[], hasSeparateImageFilesystem: boolean): Eviction[] {
  return candidates.flatMap(candidate => {
    const message = isCriticalPod(candidate.pod) ? undefined : localStorageExcess(candidate, hasSeparateImageFilesystem)
    return message === undefined ? [] : [{ pod: candidate.pod, termination: evicted(message, HARD_GRACE_MS) }]
  })
}

const evicted = (message: string, graceMs: Millis): Termination => ({ because: 'killed', graceMs, failure: { reason: 'Evicted', message } })

/** No Pod gets less than a second. */
const softGraceMs = (pod: Pod, maxSeconds: number): Millis => Math.max(1000, Math.min(maxSeconds * 1000, specGraceMs(pod)))
