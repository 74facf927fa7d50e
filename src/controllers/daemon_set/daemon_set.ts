/**
 * DaemonSet: one Pod on every node that is meant.
 *
 *   watch set, Node, Pod, ControllerRevision ─▶ reconcile ─▶ adopt ─▶ revision of the template
 *     ─▶ planNodes ─▶ anything to do? create and delete │ no: planUpdate ─▶ status
 *
 * The controller chooses the nodes and the scheduler sends the Pods there, because each is pinned to its node.
 */
import { deepEqual } from '../../api/deep.ts'
import { ControllerRevision } from '../../api/kinds/controller_revision.ts'
import { DaemonSet } from '../../api/kinds/daemon_set.ts'
import { Node } from '../../api/kinds/node.ts'
import { Pod } from '../../api/kinds/pod.ts'
import { matchesLabelSelector } from '../../api/label_selector.ts'
import { keyOf, type KubernetesObject } from '../../api/meta.ts'
import { isReason } from '../../api/status.ts'
import { messageOf } from '../../base/error_message.ts'
import { forEachAtOnce } from '../../base/at_once.ts'
import type { Host } from '../../base/host.ts'
import type { Cache, CacheChange } from '../../client/cache.ts'
import type { Client } from '../../client/client.ts'
import { againAfter, settled, startController, watches, type Outcome } from '../../client/controller.ts'
import type { EventRecorder } from '../../client/event_recorder.ts'
import { isNamespaceLeaving } from '../namespace_contents.ts'
import { nextAvailableMs } from '../workload/availability.ts'
import { createInBatches } from '../workload/batches.ts'
import { claimObjects, planClaim } from '../workload/claim.ts'
import { createFailures } from '../workload/failures.ts'
import type { OwnedObjects } from '../workload/owned_objects.ts'
import { ownersTouchedBy } from '../workload/owners.ts'
import { planCleanup, reviseHistory, sortRevisions } from '../workload/revisions.ts'
import { daemonPodOf, hashOf, REVISION_LABEL, verdictsOf } from './daemon_pods.ts'
import { daemonSetStatusOf } from './daemon_set_status.ts'
import { planNodes, planUpdate, strayPods, viewNodes, type Changes, type Removal } from './plan_daemon_set.ts'

export interface DaemonSetParts {
  readonly daemonSets: Cache<DaemonSet>
  readonly nodes: Cache<Node>
  readonly pods: Cache<Pod>
  readonly ownedPods: OwnedObjects<Pod>
  readonly revisions: Cache<ControllerRevision>
  readonly ownedRevisions: OwnedObjects<ControllerRevision>
  readonly events: EventRecorder
}

const NAMING = { ownerKind: DaemonSet, hashLabel: REVISION_LABEL }
const DELETES_AT_ONCE = 16
/** Kubernetes' own (behaviour 8.3.3). */
const FAILED_POD_BACK_OFF = { baseMs: 1_000, maxMs: 900_000 }

export function startDaemonSetController(host: Host, client: Client, parts: DaemonSetParts) {
  const { daemonSets, nodes, pods, ownedPods, revisions, ownedRevisions, events } = parts
  const failures = createFailures(host.clock, FAILED_POD_BACK_OFF)
  const selects = (set: DaemonSet, object: KubernetesObject) => matchesLabelSelector(set.spec.selector, object.metadata.labels)

  return startController(host, client, {
    name: 'daemonset-controller',
    sources: [
      watches(DaemonSet, daemonSets),
      watches(Pod, pods, change => ownersTouchedBy(change, DaemonSet, daemonSets, selects)),
      watches(ControllerRevision, revisions, change => ownersTouchedBy(change, DaemonSet, daemonSets, selects)),
      watches(Node, nodes, change => (concernsDaemons(change) ? daemonSets.list().map(keyOf) : [])),
    ],
    async reconcile(key, api): Promise<Outcome> {
      const set = daemonSets.get(key)
      if (!set) return settled
      const claim = <T extends KubernetesObject>(owned: OwnedObjects<T>) =>
        planClaim(set, [...owned.of(set), ...owned.orphans(key.namespace)], object => selects(set, object))
      const history = sortRevisions(await claimObjects(api, { ownerKind: DaemonSet, owner: set, kind: ControllerRevision }, claim(ownedRevisions)))
      const daemons = await claimObjects(api, { ownerKind: DaemonSet, owner: set, kind: Pod }, claim(ownedPods))
      // Nothing new is made of a set that is going; its Pods go by the garbage collector.
      if (set.metadata.deletionTimestamp) return settled

      const revised = await reviseHistory(api, NAMING, set, history)
      if (!revised) return settled
      const { revision, collisionCount } = revised
      const hash = revision.metadata.labels?.[REVISION_LABEL] ?? ''
      const wallMs = host.clock.wall()
      const observed = { set, nodes: viewNodes(nodes.list(), daemons, verdictsOf(set)), hash, wallMs }

      const failure = await carryOut(api, set, hash, planChanges(observed, strayPods(nodes.list(), daemons))).then(
        () => undefined,
        (error: unknown) => error,
      )
      await writeStatus(api, set, daemonSetStatusOf(observed, collisionCount))
      if (failure !== undefined && !isNamespaceLeaving(failure)) throw failure
      await cleanUp(api, set, sortRevisions([...history, revision]), daemons, hash)
      const failing = observed.nodes.filter(({ pods: own }) => own.some(({ status }) => status.phase === 'Failed'))
      return againAfter([nextAvailableMs(daemons, set.spec.minReadySeconds ?? 0, wallMs), ...failing.map(({ name }) => failures.waitMs(set, name))])
    },
  })

  /** Updates wait until every node has what it should: Pods that are being made or deleted are not available. */
  function planChanges(observed: Parameters<typeof planUpdate>[0], strays: readonly Pod[]): Changes {
    const { create, remove } = planNodes(observed, node => failures.waitMs(observed.set, node) > 0)
    const all = [...remove, ...strays.map((pod): Removal => ({ pod, node: '', why: 'unwanted' }))]
    return create.length + all.length > 0 ? { create, remove: all } : planUpdate(observed)
  }

  /** Rejects with the first refusal, after all else was tried. */
  async function carryOut(api: Client, set: DaemonSet, hash: string, { create, remove }: Changes): Promise<void> {
    const { failure } = await createInBatches(create.length, index => createPod(api, set, create[index]!, hash))
    await forEachAtOnce(remove, DELETES_AT_ONCE, removal => removePod(api, set, removal))
    if (failure !== undefined) throw failure
  }

  async function createPod(api: Client, set: DaemonSet, nodeName: string, hash: string): Promise<void> {
    try {
      const pod = await api.create(Pod, daemonPodOf(set, nodeName, hash))
      events.normal(set, 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`)
    } catch (error) {
      if (!isNamespaceLeaving(error)) events.warning(set, 'FailedCreate', `Error creating: ${messageOf(error)}`)
      throw error
    }
  }

  async function removePod(api: Client, set: DaemonSet, { pod, node, why }: Removal): Promise<void> {
    const { namespace, name, uid } = pod.metadata
    if (why === 'failed') events.warning(set, 'FailedDaemonPod', `Found failed daemon pod ${namespace}/${name} on node ${node}, will try to kill it`)
    if (why === 'succeeded') events.normal(set, 'SucceededDaemonPod', `Found succeeded daemon pod ${namespace}/${name} on node ${node}, will try to delete it`)
    if (why === 'failed') failures.replaced(set, node)
    try {
      await api.delete(Pod, keyOf(pod), { uid })
      events.normal(set, 'SuccessfulDelete', `Deleted pod: ${name}`)
    } catch (error) {
      if (isReason(error, 'NotFound') || isReason(error, 'Conflict')) return
      events.warning(set, 'FailedDelete', `Error deleting: ${messageOf(error)}`)
      throw error
    }
  }
}

/** Heartbeats change Nodes all the time. */
const concernsDaemons = ({ object, previous }: CacheChange<Node>): boolean =>
  !deepEqual(object?.metadata.labels, previous?.metadata.labels) ||
  !deepEqual(object?.spec?.taints, previous?.spec?.taints) ||
  object?.metadata.uid !== previous?.metadata.uid

async function writeStatus(api: Client, set: DaemonSet, status: DaemonSet['status']): Promise<void> {
  if (deepEqual(set.status, status)) return
  try {
    await api.updateStatus(DaemonSet, { ...set, status })
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
  }
}

async function cleanUp(api: Client, set: DaemonSet, history: readonly ControllerRevision[], daemons: readonly Pod[], hash: string): Promise<void> {
  const hashes = new Set([hash, ...daemons.map(pod => hashOf(pod) ?? '')])
  const inUse = new Set(history.filter(({ metadata }) => hashes.has(metadata.labels?.[REVISION_LABEL] ?? '')).map(({ metadata }) => metadata.name!))
  for (const revision of planCleanup(history, inUse, set.spec.revisionHistoryLimit)) {
    await api.delete(ControllerRevision, keyOf(revision), { uid: revision.metadata.uid }).catch((error: unknown) => {
      if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
    })
  }
}
