/**
 * Deployment: a ReplicaSet for each revision of its template, and Pods moved step by step from the older ones to the newest.
 *
 *   watch Deployment, ReplicaSet, Pod ─▶ reconcile ─▶ claim ─▶ planDeployment ─▶ create, resize, remove ReplicaSets ─▶ status
 *
 * It never touches Pods itself. Level-triggered: a pass learns which Deployment to look at, and comes only after the
 * caches have seen this controller's own writes for it, so that no ReplicaSet is counted at a size it no longer has.
 */
import { deepEqual } from '../../api/deep.ts'
import { Deployment } from '../../api/kinds/deployment.ts'
import { Pod } from '../../api/kinds/pod.ts'
import { ReplicaSet } from '../../api/kinds/replica_set.ts'
import { matchesLabelSelector, requirementsOf } from '../../api/label_selector.ts'
import { controllerOf, keyOf, type KubernetesObject, type ObjectKey } from '../../api/meta.ts'
import { isTerminal } from '../../api/pod.ts'
import { isReason } from '../../api/status.ts'
import { messageOf } from '../../base/error_message.ts'
import type { Host } from '../../base/host.ts'
import type { Cache, CacheChange } from '../../client/cache.ts'
import type { Client } from '../../client/client.ts'
import { settled, startController, watches, type Outcome } from '../../client/controller.ts'
import type { EventRecorder } from '../../client/event_recorder.ts'
import { isNamespaceLeaving } from '../namespace_contents.ts'
import { claimObjects, planClaim } from '../workload/claim.ts'
import { createOwnedObjects, type OwnedObjects } from '../workload/owned_objects.ts'
import { ownersTouchedBy } from '../workload/owners.ts'
import { couldNotCreate, withVerdict } from './conditions.ts'
import { planDeployment, type Plan } from './plan_deployment.ts'
import { isSameTemplate } from './revisions.ts'
import { hasProgressDeadline } from './status.ts'

export interface DeploymentControllerParts {
  readonly deployments: Cache<Deployment>
  readonly replicaSets: Cache<ReplicaSet>
  readonly pods: Cache<Pod>
  readonly ownedPods: OwnedObjects<Pod>
  readonly events: EventRecorder
}

export function startDeploymentController(host: Host, client: Client, { deployments, replicaSets, pods, ownedPods, events }: DeploymentControllerParts) {
  const { clock } = host
  const owned = createOwnedObjects(replicaSets)
  const selects = ({ spec }: Deployment, { metadata }: ReplicaSet) => matchesLabelSelector(spec.selector, metadata.labels)

  const controller = startController(host, client, {
    name: 'deployment-controller',
    sources: [
      watches(Deployment, deployments),
      watches(ReplicaSet, replicaSets, change => ownersTouchedBy(change, Deployment, deployments, selects)),
      watches(Pod, pods, recreatedBy),
    ],
    async reconcile(key, api): Promise<Outcome> {
      const deployment = deployments.get(key)
      if (!deployment) return settled
      if (requirementsOf(deployment.spec.selector).length === 0) return refuseToSelectAll(api, deployment)
      const candidates = [...owned.of(deployment), ...owned.orphans(key.namespace)]
      const claim = planClaim(deployment, candidates, replicaSet => selects(deployment, replicaSet))
      const mine = await claimObjects(api, { ownerKind: Deployment, owner: deployment, kind: ReplicaSet }, claim)
      const plan = planDeployment({ deployment, replicaSets: mine, podsOf: ownedPods.of, wallMs: clock.wall() })
      const isMade = await makeReplicaSet(api, deployment, plan)
      if (!isMade || !(await unlessOutdated(carryOut(api, deployment, plan)))) return settled
      return plan.lookAgainMs === undefined ? settled : { again: Math.max(0, plan.lookAgainMs - clock.wall()) }
    },
  })

  return {
    async stop() {
      await controller.stop()
      owned.stop()
    },
  }

  async function carryOut(api: Client, deployment: Deployment, { updates, removals, deployment: after }: Plan): Promise<void> {
    for (const { from, to } of updates) {
      await api.update(ReplicaSet, to)
      if (from.spec.replicas !== to.spec.replicas) tellOfScaling(deployment, to, from.spec.replicas)
    }
    for (const replicaSet of removals) await remove(api, replicaSet)
    await writeStatus(api, deployment, after)
  }

  /** False: something is in the way, and the change of it brings the key again. */
  async function makeReplicaSet(api: Client, deployment: Deployment, { create }: Plan): Promise<boolean> {
    if (!create) return true
    try {
      await api.create(ReplicaSet, create)
    } catch (error) {
      if (isReason(error, 'AlreadyExists')) {
        await unlessOutdated(countCollision(api, deployment, create))
        return false
      }
      // Nothing can be made in a namespace that is on its way out, and nothing needs to be.
      if (isNamespaceLeaving(error)) return false
      const verdict = couldNotCreate(create, messageOf(error))
      events.warning(deployment, verdict.reason, verdict.message!)
      if (hasProgressDeadline(deployment)) {
        const conditions = withVerdict(deployment.status?.conditions ?? [], verdict, clock.wall())
        await unlessOutdated(writeStatus(api, deployment, { ...deployment, status: { ...deployment.status, conditions: [...conditions] } }))
      }
      throw error
    }
    if (create.spec.replicas > 0) tellOfScaling(deployment, create, 0)
    return true
  }

  /** Another template has the same hash, or somebody has taken the name: the next name is another one. */
  async function countCollision(api: Client, deployment: Deployment, create: ReplicaSet): Promise<void> {
    const there = await api.get(ReplicaSet, keyOf(create))
    if (controllerOf(there)?.uid === deployment.metadata.uid && isSameTemplate(there.spec.template, create.spec.template)) return
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1
    await writeStatus(api, deployment, { ...deployment, status: { ...deployment.status, collisionCount } })
  }

  function tellOfScaling(deployment: Deployment, { metadata, spec }: ReplicaSet, before: number): void {
    const direction = spec.replicas > before ? 'up' : 'down'
    events.normal(deployment, 'ScalingReplicaSet', `Scaled ${direction} replica set ${metadata.name} from ${before} to ${spec.replicas}`)
  }

  async function remove(api: Client, replicaSet: ReplicaSet): Promise<void> {
    try {
      await api.delete(ReplicaSet, keyOf(replicaSet), { uid: replicaSet.metadata.uid })
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }

  /** It would take the Pods of everybody else. Validation does not let such a selector in. */
  async function refuseToSelectAll(api: Client, deployment: Deployment): Promise<Outcome> {
    events.warning(deployment, 'SelectingAll', 'This deployment is selecting all pods. A non-empty selector is required.')
    const { generation } = deployment.metadata
    await unlessOutdated(writeStatus(api, deployment, { ...deployment, status: { ...deployment.status, observedGeneration: generation! } }))
    return settled
  }

  /** Recreate waits for the end of the last old Pod; to everybody else the ReplicaSets say enough. */
  function recreatedBy({ object, previous }: CacheChange<Pod>): readonly ObjectKey[] {
    if (object && !(isTerminal(object) && previous && !isTerminal(previous))) return []
    const pod = object ?? previous!
    const replicaSet = parentOf(pod, ReplicaSet.kind, replicaSets)
    const deployment = replicaSet && parentOf(replicaSet, Deployment.kind, deployments)
    return deployment?.spec.strategy.type === 'Recreate' ? [keyOf(deployment)] : []
  }
}

/** False: somebody has written, or removed, what was decided on. The change is on its way here, and brings the key again. */
async function unlessOutdated(write: Promise<void>): Promise<boolean> {
  try {
    await write
    return true
  } catch (error) {
    if (isReason(error, 'Conflict') || isReason(error, 'NotFound')) return false
    throw error
  }
}

async function writeStatus(api: Client, before: Deployment, after: Deployment): Promise<void> {
  if (deepEqual(before.status ?? {}, after.status) && deepEqual(before.metadata, after.metadata)) return
  await api.updateStatus(Deployment, after)
}

function parentOf<T extends KubernetesObject>(object: KubernetesObject, kind: string, cache: Cache<T>): T | undefined {
  const controller = controllerOf(object)
  if (controller?.kind !== kind) return undefined
  const parent = cache.get({ namespace: object.metadata.namespace!, name: controller.name })
  return parent?.metadata.uid === controller.uid ? parent : undefined
}
