/**
 * ReplicaSet and ReplicationController: keep `spec.replicas` Pods.
 *
 *   watch owner, Pod ─▶ reconcile ─▶ claim ─▶ planReplicas ─▶ create or delete Pods ─▶ status
 *
 * Level-triggered: a pass learns which workload to look at, never what happened to it. It comes only after the caches
 * have seen this controller's own writes for it, so that no Pod is counted twice or missed. A Pod that is being deleted
 * counts no more and is replaced at once (behaviour 8.2.3).
 */
import { deepEqual } from '../../api/deep.ts'
import type { Kind } from '../../api/kind.ts'
import { Pod } from '../../api/kinds/pod.ts'
import { ReplicaSet } from '../../api/kinds/replica_set.ts'
import { ReplicationController } from '../../api/kinds/replication_controller.ts'
import { matchesLabelSelector } from '../../api/label_selector.ts'
import { controllerOf, keyOf, timestamp, type KubernetesObject } from '../../api/meta.ts'
import { isActive, podCondition } from '../../api/pod.ts'
import { isReason } from '../../api/status.ts'
import type { LabelSelector } from '../../api/types/label_selector.ts'
import type { PodTemplateSpec } from '../../api/types/pod_template_spec.ts'
import { messageOf } from '../../base/error_message.ts'
import type { Host } from '../../base/host.ts'
import type { Cache, CacheChange } from '../../client/cache.ts'
import { indexBy } from '../../client/cache_index.ts'
import type { Client } from '../../client/client.ts'
import { settled, startController, watches, type Outcome } from '../../client/controller.ts'
import type { EventRecorder } from '../../client/event_recorder.ts'
import { nextAvailableMs } from '../workload/availability.ts'
import { createInBatches } from '../workload/batches.ts'
import { claimObjects, planClaim } from '../workload/claim.ts'
import type { OwnedObjects } from '../workload/owned_objects.ts'
import { ownersTouchedBy } from '../workload/owners.ts'
import { createPassPace } from '../workload/pass_pace.ts'
import { isNamespaceLeaving } from '../namespace_contents.ts'
import { podFromTemplate } from '../workload/pod_from_template.ts'
import { planReplicas, type ReplicaPlan } from './plan_replicas.ts'
import { replicaStatusOf, withFailure, type ReplicaStatus } from './replica_status.ts'

export interface ReplicaControllerParts {
  readonly pods: Cache<Pod>
  readonly ownedPods: OwnedObjects<Pod>
  readonly events: EventRecorder
}

export function startReplicaSetController(host: Host, client: Client, { replicaSets, ...parts }: ReplicaControllerParts & { replicaSets: Cache<ReplicaSet> }) {
  const byParent = indexBy(replicaSets, replicaSet => [controllerOf(replicaSet)?.uid ?? ''])
  const controller = startReplicas(host, client, parts, {
    name: 'replicaset-controller',
    kind: ReplicaSet,
    cache: replicaSets,
    selectorOf: ({ spec }) => spec.selector,
    // A rolling update has Pods of several ReplicaSets on the same nodes.
    siblingsOf(replicaSet) {
      const parent = controllerOf(replicaSet)
      return parent ? byParent.find(parent.uid) : [replicaSet]
    },
  })
  return {
    async stop() {
      await controller.stop()
      byParent.stop()
    },
  }
}

export const startReplicationController = (
  host: Host,
  client: Client,
  { replicationControllers, ...parts }: ReplicaControllerParts & { replicationControllers: Cache<ReplicationController> },
) =>
  startReplicas(host, client, parts, {
    name: 'replication-controller',
    kind: ReplicationController,
    cache: replicationControllers,
    selectorOf: ({ spec }) => ({ matchLabels: spec.selector }),
    siblingsOf: owner => [owner],
  })

interface Replicated extends KubernetesObject {
  spec: { replicas: number; minReadySeconds?: number; template?: PodTemplateSpec }
  status?: { replicas: number; conditions?: ReplicaStatus['conditions'] }
}

interface Workload<T extends Replicated> {
  readonly name: string
  readonly kind: Kind<T>
  readonly cache: Cache<T>
  selectorOf(owner: T): LabelSelector
  /** The owner itself among them. */
  siblingsOf(owner: T): readonly T[]
}

function startReplicas<T extends Replicated>(
  host: Host,
  client: Client,
  { pods, ownedPods, events }: ReplicaControllerParts,
  { name, kind, cache, selectorOf, siblingsOf }: Workload<T>,
) {
  const { clock } = host
  const pace = createPassPace(clock)
  const selects = (owner: T) => (pod: Pod) => matchesLabelSelector(selectorOf(owner), pod.metadata.labels)

  return startController(host, client, {
    name,
    sources: [
      watches(kind, cache),
      watches(Pod, pods, change => (isCounted(change) ? ownersTouchedBy(change, kind, cache, (owner, pod) => selects(owner)(pod)) : [])),
    ],
    async reconcile(key, api): Promise<Outcome> {
      const owner = cache.get(key)
      if (!owner) return settled
      const again = pace.waitMs(key, owner.status?.replicas ?? 0)
      if (again > 0) return { again }
      const claim = planClaim(owner, [...ownedPods.of(owner), ...ownedPods.orphans(key.namespace)].filter(isActive), selects(owner))
      const active = await claimObjects(api, { ownerKind: kind, owner, kind: Pod }, claim)

      const related = () => siblingsOf(owner).flatMap(sibling => ownedPods.of(sibling).filter(isActive))
      const plan: ReplicaPlan = owner.metadata.deletionTimestamp ? { is: 'enough' } : planReplicas(owner.spec.replicas, active, related, clock.wall())
      const failure = await carryOut(api, owner, plan)

      const wallMs = clock.wall()
      const minReadySeconds = owner.spec.minReadySeconds ?? 0
      const reported =
        failure === undefined
          ? undefined
          : { reason: plan.is === 'create' ? ('FailedCreate' as const) : ('FailedDelete' as const), message: messageOf(failure) }
      await writeStatus(
        api,
        owner,
        replicaStatusOf(
          {
            generation: owner.metadata.generation,
            pods: active,
            templateLabels: owner.spec.template?.metadata.labels,
            minReadySeconds,
            conditions: withFailure(owner.status?.conditions ?? [], reported, timestamp(wallMs)),
          },
          wallMs,
        ),
      )
      if (failure !== undefined) throw failure
      const availableInMs = nextAvailableMs(active, minReadySeconds, wallMs)
      return availableInMs === undefined ? settled : { again: availableInMs }
    },
  })

  /** The first refusal, if there was one. */
  async function carryOut(api: Client, owner: T, plan: ReplicaPlan): Promise<unknown> {
    switch (plan.is) {
      case 'enough':
        return undefined
      case 'create': {
        const { failure } = await createInBatches(plan.count, () => createPod(api, owner))
        // Nothing can be made in a namespace that is on its way out, and nothing needs to be.
        return isNamespaceLeaving(failure) ? undefined : failure
      }
      case 'delete': {
        const results = await Promise.allSettled(plan.pods.map(pod => deletePod(api, owner, pod)))
        return results.find(result => result.status === 'rejected')?.reason
      }
    }
  }

  async function createPod(api: Client, owner: T): Promise<void> {
    try {
      const pod = await api.create(Pod, podFromTemplate(kind, owner, owner.spec.template!))
      events.normal(owner, 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`)
    } catch (error) {
      if (!isNamespaceLeaving(error)) events.warning(owner, 'FailedCreate', `Error creating: ${messageOf(error)}`)
      throw error
    }
  }

  async function deletePod(api: Client, owner: T, pod: Pod): Promise<void> {
    try {
      await api.delete(Pod, keyOf(pod), { uid: pod.metadata.uid })
      events.normal(owner, 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`)
    } catch (error) {
      if (isReason(error, 'NotFound') || isReason(error, 'Conflict')) return
      events.warning(owner, 'FailedDelete', `Error deleting: ${messageOf(error)}`)
      throw error
    }
  }

  async function writeStatus(api: Client, owner: T, status: ReplicaStatus): Promise<void> {
    if (deepEqual(owner.status, status)) return
    try {
      await api.updateStatus(kind, { ...owner, status } as T)
    } catch (error) {
      // Somebody has resized or removed it meanwhile: the change is on its way here, and brings the key again.
      if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
    }
  }
}

/** A Pod changes often while it starts; only some of it is counted. */
const isCounted = ({ object, previous }: CacheChange<Pod>): boolean =>
  !object || !previous || object.metadata.uid !== previous.metadata.uid || !deepEqual(countedOf(object), countedOf(previous))

const countedOf = (pod: Pod): unknown => {
  const ready = podCondition(pod, 'Ready')
  return [isActive(pod), ready?.status, ready?.lastTransitionTime, pod.metadata.labels, controllerOf(pod)?.uid]
}
