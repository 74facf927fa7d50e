/**
 * What a StatefulSet does next (behaviour 8.4). Decides and touches nothing.
 *
 *   every ordinal from the lowest:  failed? delete │ missing? create │ not as it should be? mend
 *   then too many, from the highest:  delete
 *   then of an older revision, from the highest:  delete, so that a successor is made
 *
 * OrderedReady stops at the first Pod that is not available, is going, or has just been made. So a Pod that never gets
 * ready under a bad revision stops everything, a template brought back included, until somebody deletes it by hand: that
 * is how Kubernetes does it, and says so.
 */
import type { Pod } from '../../api/kinds/pod.ts'
import type { StatefulSet } from '../../api/kinds/stateful_set.ts'
import { isAvailable, isDeleting, isReady, isTerminal } from '../../api/pod.ts'
import type { Millis } from '../../base/clock.ts'
import { mismatchOf, ordinalOf, revisionOf, startOrdinal, type Mismatch } from './identity.ts'

export interface Observed {
  readonly set: StatefulSet
  /** Those of the set, of every ordinal. */
  readonly pods: readonly Pod[]
  /** Names of the revision to leave behind and the one to get to. */
  readonly currentRevision: string
  readonly updateRevision: string
  readonly wallMs: Millis
  /** Whether the Pod of this ordinal has ended so soon after the one before that it is left for now. */
  isWaiting(ordinal: number): boolean
}

export type Step =
  | { readonly do: 'create'; readonly ordinal: number; readonly revision: string }
  | { readonly do: 'mend'; readonly ordinal: number; readonly pod: Pod; readonly mismatch: Mismatch }
  /** Its claims may be missing, and then it waits for ever. */
  | { readonly do: 'claim'; readonly ordinal: number; readonly pod: Pod }
  | { readonly do: 'delete'; readonly pod: Pod; readonly why: 'ended' | 'too many' | 'outdated' }

export function planStatefulSet(observed: Observed): Step[] {
  const { set, pods } = observed
  if (set.metadata.deletionTimestamp) return []
  const first = startOrdinal(set)
  const end = first + set.spec.replicas
  const byOrdinal = new Map(pods.map(pod => [ordinalOf(set, pod)!, pod]))
  const wanted = Array.from({ length: set.spec.replicas }, (_, index) => byOrdinal.get(first + index))
  const tooMany = [...byOrdinal.keys()]
    .filter(ordinal => ordinal < first || ordinal >= end)
    .sort((a, b) => b - a)
    .map(ordinal => byOrdinal.get(ordinal)!)

  const steps: Step[] = []
  if (planWanted(observed, wanted, steps) === 'wait') return steps
  if (planTooMany(observed, wanted, tooMany, steps) === 'wait') return steps
  planUpdate(observed, wanted, steps)
  return steps
}

type Pods = readonly (Pod | undefined)[]
type Verdict = 'go on' | 'wait'

const isOrdered = ({ spec }: StatefulSet): boolean => spec.podManagementPolicy !== 'Parallel'

const isHealthy = (pod: Pod | undefined): boolean => pod !== undefined && !isDeleting(pod) && pod.status.phase === 'Running' && isReady(pod)

const hasSettled = ({ set, wallMs }: Observed, pod: Pod | undefined): boolean => isHealthy(pod) && isAvailable(pod!, set.spec.minReadySeconds ?? 0, wallMs)

function planWanted(observed: Observed, wanted: Pods, steps: Step[]): Verdict {
  const { set } = observed
  for (const [index, pod] of wanted.entries()) {
    const ordinal = startOrdinal(set) + index
    const isDone = planOne(observed, ordinal, index, pod, steps)
    if (!isDone && isOrdered(set)) return 'wait'
  }
  return 'go on'
}

/** True when the Pod is there as it should be. */
function planOne(observed: Observed, ordinal: number, index: number, pod: Pod | undefined, steps: Step[]): boolean {
  const { set } = observed
  if (!pod) {
    steps.push({ do: 'create', ordinal, revision: revisionFor(observed, index) })
    return false
  }
  if (isTerminal(pod)) {
    if (!isDeleting(pod) && !observed.isWaiting(ordinal)) steps.push({ do: 'delete', pod, why: 'ended' })
    return false
  }
  if (pod.status.phase === 'Pending' && !isDeleting(pod) && set.spec.volumeClaimTemplates?.length) steps.push({ do: 'claim', ordinal, pod })
  if (!hasSettled(observed, pod) && isOrdered(set)) return false
  const mismatch = mismatchOf(set, ordinal, pod)
  if (mismatch && !isDeleting(pod)) steps.push({ do: 'mend', ordinal, pod, mismatch })
  return hasSettled(observed, pod)
}

/** A Pod below the partition that has to be made again is made as it was. */
function revisionFor({ set, currentRevision, updateRevision }: Observed, index: number): string {
  const { type, rollingUpdate } = set.spec.updateStrategy
  return type === 'RollingUpdate' && index < (rollingUpdate?.partition ?? 0) ? currentRevision : updateRevision
}

/** The highest goes first, and nobody goes while another Pod is not well, but for that Pod itself. */
function planTooMany(observed: Observed, wanted: Pods, tooMany: readonly Pod[], steps: Step[]): Verdict {
  const ordered = isOrdered(observed.set)
  const lowestUnhealthy = [...wanted, ...tooMany.toReversed()].find(pod => !isHealthy(pod))
  for (const pod of tooMany) {
    if (ordered && isDeleting(pod)) return 'wait'
    if (ordered && !hasSettled(observed, pod) && pod !== lowestUnhealthy) return 'wait'
    if (!isDeleting(pod)) steps.push({ do: 'delete', pod, why: 'too many' })
    if (ordered) return 'wait'
  }
  return 'go on'
}

/** One at a time, Parallel or not: whoever manages Pods in parallel still wants them updated one after the other. */
function planUpdate(observed: Observed, wanted: Pods, steps: Step[]): void {
  const { set, updateRevision } = observed
  const { type, rollingUpdate } = set.spec.updateStrategy
  if (type === 'OnDelete') return
  for (let index = wanted.length - 1; index >= (rollingUpdate?.partition ?? 0); index--) {
    const pod = wanted[index]
    if (pod && revisionOf(pod) !== updateRevision && !isDeleting(pod)) {
      if (!isTerminal(pod)) steps.push({ do: 'delete', pod, why: 'outdated' })
      return
    }
    if (!hasSettled(observed, pod)) return
  }
}
