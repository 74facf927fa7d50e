/** The conditions of a Deployment: their words (behaviour 8.1.12), and when their times move. */
import type { ReplicaSet } from '../../api/kinds/replica_set.ts'
import { timestamp } from '../../api/meta.ts'
import type { DeploymentCondition } from '../../api/types/deployment.ts'
import type { Millis } from '../../base/clock.ts'

export type ConditionType = 'Available' | 'Progressing' | 'ReplicaFailure'
/** What a condition says; its times follow from what was said before. */
export type Verdict = Pick<DeploymentCondition, 'status' | 'reason' | 'message'> & { readonly type: ConditionType; readonly reason: string }
export type Conditions = readonly DeploymentCondition[]

export const conditionNamed = (conditions: Conditions, type: ConditionType): DeploymentCondition | undefined =>
  conditions.find(condition => condition.type === type)

/** The same status for the same reason is no news, whatever the message says. What is news goes to the end of the list, as in Kubernetes. */
export function withVerdict(conditions: Conditions, verdict: Verdict, wallMs: Millis): Conditions {
  const old = conditionNamed(conditions, verdict.type)
  if (old && old.status === verdict.status && old.reason === verdict.reason) return conditions
  return renewed(conditions, verdict, wallMs)
}

/** Also when it says the same: there was progress again, and its lastUpdateTime is when. */
export function renewed(conditions: Conditions, verdict: Verdict, wallMs: Millis): Conditions {
  const old = conditionNamed(conditions, verdict.type)
  const { type, status, reason, message } = verdict
  const now = timestamp(wallMs)
  const lastTransitionTime = old?.status === status ? old.lastTransitionTime! : now
  return [...without(conditions, type), { type, status, lastUpdateTime: now, lastTransitionTime, reason, message: message! }]
}

export const without = (conditions: Conditions, type: ConditionType): Conditions => conditions.filter(condition => condition.type !== type)

const progressing = (status: DeploymentCondition['status'], reason: string, message: string): Verdict => ({ type: 'Progressing', status, reason, message })

export const createdNewReplicaSet = ({ metadata }: ReplicaSet) =>
  progressing('True', 'NewReplicaSetCreated', `Created new replica set ${JSON.stringify(metadata.name)}`)
export const foundNewReplicaSet = ({ metadata }: ReplicaSet) =>
  progressing('True', 'FoundNewReplicaSet', `Found new replica set ${JSON.stringify(metadata.name)}`)
export const couldNotCreate = ({ metadata }: ReplicaSet, why: string) =>
  progressing('False', 'ReplicaSetCreateError', `Failed to create new replica set ${JSON.stringify(metadata.name)}: ${why}`)
export const paused = progressing('Unknown', 'DeploymentPaused', 'Deployment is paused')
export const resumed = progressing('Unknown', 'DeploymentResumed', 'Deployment is resumed')

/** `ReplicaSet "web-5d59d67564"`, or the Deployment while it has no newest one. */
const subject = (deploymentName: string, newest: ReplicaSet | undefined): string =>
  newest ? `ReplicaSet ${JSON.stringify(newest.metadata.name)}` : `Deployment ${JSON.stringify(deploymentName)}`
export const moved = (name: string, newest: ReplicaSet | undefined) => progressing('True', 'ReplicaSetUpdated', `${subject(name, newest)} is progressing.`)
export const succeeded = (name: string, newest: ReplicaSet | undefined) =>
  progressing('True', 'NewReplicaSetAvailable', `${subject(name, newest)} has successfully progressed.`)
export const timedOut = (name: string, newest: ReplicaSet | undefined) =>
  progressing('False', 'ProgressDeadlineExceeded', `${subject(name, newest)} has timed out progressing.`)

export const availability = (hasEnough: boolean): Verdict =>
  hasEnough
    ? { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' }
    : { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable', message: 'Deployment does not have minimum availability.' }

/** What keeps Pods from being made or deleted, in the words of the ReplicaSet concerned: the newest, if it is concerned. */
export function failureOf(newest: ReplicaSet | undefined, older: readonly ReplicaSet[]): DeploymentCondition | undefined {
  for (const replicaSet of newest ? [newest, ...older] : older) {
    const failure = replicaSet.status?.conditions?.find(({ type }) => type === 'ReplicaFailure')
    if (failure) return { ...failure, lastUpdateTime: failure.lastTransitionTime }
  }
  return undefined
}
