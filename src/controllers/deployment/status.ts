/** What a Deployment says about its ReplicaSets (behaviour 8.1.12 to 8.1.14). Decides and touches nothing. */
import type { Deployment } from '../../api/kinds/deployment.ts'
import type { DeploymentStatus } from '../../api/types/deployment.ts'
import type { Millis } from '../../base/clock.ts'
import { boundsOf } from './bounds.ts'
import * as words from './conditions.ts'
import { conditionNamed, renewed, withVerdict, without, type Conditions } from './conditions.ts'
import type { Rollout } from './revisions.ts'
import { sum } from './sizes.ts'

/** The numbers, and whether there are enough of them. Numbers that are 0 are left out, as in Kubernetes. */
export function statusOf({ deployment, newest, older }: Rollout, conditions: Conditions, wallMs: Millis): DeploymentStatus {
  const { spec, metadata, status: before } = deployment
  const all = newest ? [...older, newest] : older
  const available = sum(all, ({ status }) => status?.availableReplicas ?? 0)
  const counts = {
    replicas: sum(all, ({ status }) => status?.replicas ?? 0),
    updatedReplicas: newest?.status?.replicas ?? 0,
    readyReplicas: sum(all, ({ status }) => status?.readyReplicas ?? 0),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, sum(all, replicaSet => replicaSet.spec.replicas) - available),
  }
  const hasEnough = available >= spec.replicas - boundsOf(spec).maxUnavailable
  return {
    ...(metadata.generation !== undefined && { observedGeneration: metadata.generation }),
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    ...(before?.collisionCount !== undefined && { collisionCount: before.collisionCount }),
    conditions: [...withVerdict(conditions, words.availability(hasEnough), wallMs)],
  }
}

/** The status of a rollout that goes on: whether it has come further, has arrived or is stuck, and what it fails on. */
export function rolloutStatusOf(rollout: Rollout, conditions: Conditions, wallMs: Millis): DeploymentStatus {
  const status = statusOf(rollout, conditions, wallMs)
  const failure = words.failureOf(rollout.newest, rollout.older)
  const others = without(progressed(rollout, status, wallMs), 'ReplicaFailure')
  const old = conditionNamed(conditions, 'ReplicaFailure')
  // Another message for the same reason is no news: it keeps its words.
  const kept = failure && old?.status === failure.status && old.reason === failure.reason ? old : failure
  return { ...status, conditions: kept ? [...others, kept] : [...others] }
}

function progressed({ deployment, newest }: Rollout, status: DeploymentStatus, wallMs: Millis): Conditions {
  const conditions = status.conditions!
  const name = deployment.metadata.name!
  if (!hasProgressDeadline(deployment)) return without(conditions, 'Progressing')
  const said = conditionNamed(conditions, 'Progressing')
  // Whoever has arrived may lose Pods and get new ones without setting out again.
  if (said?.reason === ARRIVED && (status.replicas ?? 0) === (status.updatedReplicas ?? 0)) return conditions
  if (isComplete(deployment, status)) return withVerdict(conditions, words.succeeded(name, newest), wallMs)
  if (hasMoved(deployment.status ?? {}, status)) return renewed(conditions, words.moved(name, newest), wallMs)
  if (isTimedOut(deployment, conditions, wallMs)) return withVerdict(conditions, words.timedOut(name, newest), wallMs)
  return conditions
}

const ARRIVED = 'NewReplicaSetAvailable'
const TIMED_OUT = 'ProgressDeadlineExceeded'

/** All Pods are of the newest revision and available, and the numbers are about this generation. */
export const isComplete = ({ metadata, spec }: Deployment, status: DeploymentStatus): boolean =>
  (status.updatedReplicas ?? 0) === spec.replicas &&
  (status.replicas ?? 0) === spec.replicas &&
  (status.availableReplicas ?? 0) === spec.replicas &&
  (status.observedGeneration ?? 0) >= (metadata.generation ?? 0)

/** More new Pods, fewer old ones, more that are ready or available. */
function hasMoved(before: DeploymentStatus, now: DeploymentStatus): boolean {
  const olderIn = (status: DeploymentStatus) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0)
  return (
    (now.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    olderIn(now) < olderIn(before) ||
    (now.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (now.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  )
}

/** The largest deadline means: none. */
export const hasProgressDeadline = ({ spec }: Deployment): boolean => spec.progressDeadlineSeconds !== 2 ** 31 - 1

function isTimedOut(deployment: Deployment, conditions: Conditions, wallMs: Millis): boolean {
  const said = conditionNamed(conditions, 'Progressing')
  if (!said || said.reason === ARRIVED) return false
  return said.reason === TIMED_OUT || wallMs > deadlineMs(deployment, conditions)!
}

/**
 * When to look whether a rollout is stuck, as wall time. Undefined: there is nothing to wait for. Times in conditions are
 * whole seconds, so that it is looked at a second after the deadline: a rollout never counts as stuck too early.
 */
export function nextDeadlineMs(deployment: Deployment, status: DeploymentStatus): Millis | undefined {
  const reason = conditionNamed(status.conditions ?? [], 'Progressing')?.reason
  if (!hasProgressDeadline(deployment) || reason === ARRIVED || reason === TIMED_OUT || isComplete(deployment, status)) return undefined
  const deadline = deadlineMs(deployment, status.conditions ?? [])
  return deadline === undefined ? undefined : deadline + 1000
}

function deadlineMs({ spec }: Deployment, conditions: Conditions): Millis | undefined {
  const since = conditionNamed(conditions, 'Progressing')?.lastUpdateTime
  return since ? Date.parse(since) + spec.progressDeadlineSeconds * 1000 : undefined
}
