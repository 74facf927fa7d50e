/**
 * One pass over a Deployment: what to write, from what is seen. Decides and touches nothing.
 *
 *   leaving            ─▶ status
 *   paused, or scaled  ─▶ sizes in proportion ─▶ status            (planScaling)
 *   otherwise          ─▶ the next step of the strategy ─▶ status  (planRollingUpdate, planRecreate)
 *                                          └ arrived ─▶ old ReplicaSets beyond the limit (planHistory)
 */
import { deepEqual } from '../../api/deep.ts'
import type { Deployment } from '../../api/kinds/deployment.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import type { ReplicaSet } from '../../api/kinds/replica_set.ts'
import type { DeploymentStatus } from '../../api/types/deployment.ts'
import type { Millis } from '../../base/clock.ts'
import { REVISION, REVISION_HISTORY, revisionOf, withSize } from './annotations.ts'
import * as words from './conditions.ts'
import { conditionNamed, withVerdict, type Conditions } from './conditions.ts'
import { planHistory } from './plan_history.ts'
import { planRecreate } from './plan_recreate.ts'
import { planRollingUpdate, sizeOfNewest } from './plan_rolling_update.ts'
import { isBeingScaled, planScaling } from './plan_scaling.ts'
import { currentRevision, findRevisions, newReplicaSet, type Rollout } from './revisions.ts'
import type { Resize } from './sizes.ts'
import { hasProgressDeadline, isComplete, nextDeadlineMs, rolloutStatusOf, statusOf } from './status.ts'

export interface Observed {
  readonly deployment: Deployment
  /** Its own. */
  readonly replicaSets: readonly ReplicaSet[]
  /** The Pods of one of them, those that are being deleted among them. */
  podsOf(replicaSet: ReplicaSet): readonly Pod[]
  readonly wallMs: Millis
}

export interface Plan {
  readonly create: ReplicaSet | undefined
  readonly updates: readonly { readonly from: ReplicaSet; readonly to: ReplicaSet }[]
  readonly removals: readonly ReplicaSet[]
  /** The Deployment as it shall be: its status, and which revision it is. */
  readonly deployment: Deployment
  /** When to look again although nothing has changed, as wall time. */
  readonly lookAgainMs: Millis | undefined
}

export function planDeployment({ deployment, replicaSets, podsOf, wallMs }: Observed): Plan {
  const found = findRevisions(deployment, replicaSets)
  if (deployment.metadata.deletionTimestamp) return planned(found, found, statusOf(found, conditionsOf(deployment), wallMs))

  const rollout: Rollout = { ...found, newest: found.newest && currentRevision({ ...found, newest: found.newest }) }
  const isHeld = deployment.spec.paused || (isBeingScaled(rollout) && planScaling(rollout).length > 0)
  const step = isHeld ? { rollout, resizes: planScaling(rollout) } : planStrategy(rollout, podsOf)
  const after = resized(step.rollout, step.resizes)
  const conditions = announced(after, found.newest === undefined && after.newest !== undefined, wallMs)
  if (isHeld) {
    const removals = deployment.spec.paused ? planHistory(found) : []
    return { ...planned(found, after, statusOf(after, conditions, wallMs)), removals }
  }
  const status = rolloutStatusOf(after, conditions, wallMs)
  const removals = step.resizes.length === 0 && isComplete(deployment, deployment.status ?? {}) ? planHistory(found) : []
  return { ...planned(found, after, status), removals, lookAgainMs: nextDeadlineMs(deployment, status) }
}

interface Step {
  /** With the newest ReplicaSet that is to be made, if there is none and its time has come. */
  readonly rollout: Rollout
  readonly resizes: readonly Resize[]
}

function planStrategy(rollout: Rollout, podsOf: Observed['podsOf']): Step {
  const { deployment } = rollout
  if (deployment.spec.strategy.type === 'RollingUpdate') {
    const begun = withNewest(rollout, draft => sizeOfNewest({ ...rollout, newest: draft }))
    return { rollout: begun, resizes: planRollingUpdate(begun) }
  }
  const next = planRecreate(rollout, podsOf)
  if (next.is !== 'start') return { rollout, resizes: next.is === 'stop' ? next.resizes : [] }
  const { replicas } = deployment.spec
  const begun = withNewest(rollout, () => replicas)
  return { rollout: begun, resizes: begun.newest.spec.replicas === replicas ? [] : [{ replicaSet: begun.newest, replicas }] }
}

function withNewest(rollout: Rollout, sizeOf: (draft: ReplicaSet) => number): Rollout & { newest: ReplicaSet } {
  if (rollout.newest) return { ...rollout, newest: rollout.newest }
  const draft = newReplicaSet(rollout.deployment, rollout.older)
  return { ...rollout, newest: withSize(rollout.deployment, draft, sizeOf(draft)) }
}

function resized({ deployment, newest, older }: Rollout, resizes: readonly Resize[]): Rollout {
  const atSize = (replicaSet: ReplicaSet): ReplicaSet => {
    const resize = resizes.find(one => one.replicaSet === replicaSet)
    return resize ? withSize(deployment, replicaSet, resize.replicas) : replicaSet
  }
  return { deployment, newest: newest && atSize(newest), older: older.map(atSize) }
}

/** What the Deployment says about itself before the numbers are looked at: paused, resumed, and which ReplicaSet is new. */
function announced({ deployment, newest }: Rollout, isNew: boolean, wallMs: Millis): Conditions {
  const conditions = conditionsOf(deployment)
  if (!hasProgressDeadline(deployment)) return conditions
  const said = conditionNamed(conditions, 'Progressing')
  const isPausedSaid = said?.reason === words.paused.reason
  const settled =
    said?.reason === 'ProgressDeadlineExceeded' || isPausedSaid === Boolean(deployment.spec.paused)
      ? conditions
      : withVerdict(conditions, deployment.spec.paused ? words.paused : words.resumed, wallMs)
  if (!newest) return settled
  if (isNew || isUnannounced(deployment, newest)) return withVerdict(settled, words.createdNewReplicaSet(newest), wallMs)
  return conditionNamed(settled, 'Progressing') ? settled : withVerdict(settled, words.foundNewReplicaSet(newest), wallMs)
}

/** It was made, and then the Deployment's own status could not be written. One that came back from older times was announced long ago. */
const isUnannounced = (deployment: Deployment, newest: ReplicaSet): boolean =>
  revisionOf(deployment) > 0n && revisionOf(newest) > revisionOf(deployment) && newest.metadata.annotations?.[REVISION_HISTORY] === undefined

function planned(found: Rollout, after: Rollout, status: DeploymentStatus): Plan {
  const { deployment } = found
  const before = found.newest ? [...found.older, found.newest] : found.older
  const now = after.newest && found.newest ? [...after.older, after.newest] : after.older
  return {
    create: found.newest ? undefined : after.newest,
    updates: before.map((from, index) => ({ from, to: now[index]! })).filter(({ from, to }) => !deepEqual(from, to)),
    removals: [],
    deployment: { ...withRevisionOf(deployment, after.newest), status },
    lookAgainMs: undefined,
  }
}

function withRevisionOf(deployment: Deployment, newest: ReplicaSet | undefined): Deployment {
  const revision = newest?.metadata.annotations?.[REVISION]
  if (revision === undefined || deployment.metadata.deletionTimestamp) return deployment
  return { ...deployment, metadata: { ...deployment.metadata, annotations: { ...deployment.metadata.annotations, [REVISION]: revision } } }
}

const conditionsOf = ({ status }: Deployment): Conditions => status?.conditions ?? []
