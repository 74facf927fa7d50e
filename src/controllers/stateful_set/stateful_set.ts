/**
 * StatefulSet: Pods that each have a name, and storage, of their own.
 *
 *   watch set, Pod, ControllerRevision, claim ─▶ reconcile ─▶ adopt ─▶ revision of the template
 *     ─▶ planStatefulSet ─▶ claims, then Pods: create, mend, delete ─▶ status
 *
 * A Pod's name is free again only when the Pod has gone altogether, so there are never two of one ordinal; and a pass comes
 * only after the caches have seen what the last one wrote, so that nobody acts on how it was before.
 */
import { deepEqual } from '../../api/deep.ts'
import { ControllerRevision } from '../../api/kinds/controller_revision.ts'
import { PersistentVolumeClaim } from '../../api/kinds/persistent_volume_claim.ts'
import { Pod } from '../../api/kinds/pod.ts'
import { StatefulSet } from '../../api/kinds/stateful_set.ts'
import { matchesLabelSelector } from '../../api/label_selector.ts'
import { keyOf, type KubernetesObject, type ObjectKey } from '../../api/meta.ts'
import { isTerminal } from '../../api/pod.ts'
import { isReason } from '../../api/status.ts'
import { messageOf } from '../../base/error_message.ts'
import type { Host } from '../../base/host.ts'
import type { Cache } from '../../client/cache.ts'
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
import { planCleanup, reviseHistory, sortRevisions, templateOf } from '../workload/revisions.ts'
import { createClaims } from './claims.ts'
import { ordinalOf, podName, podOf, revisionOf } from './identity.ts'
import { planStatefulSet, type Step } from './plan_stateful_set.ts'
import { statefulSetStatusOf } from './stateful_set_status.ts'

export interface StatefulSetParts {
  readonly statefulSets: Cache<StatefulSet>
  readonly pods: Cache<Pod>
  readonly ownedPods: OwnedObjects<Pod>
  readonly revisions: Cache<ControllerRevision>
  readonly ownedRevisions: OwnedObjects<ControllerRevision>
  readonly claims: Cache<PersistentVolumeClaim>
  readonly events: EventRecorder
}

/**
 * Kubernetes has none: what keeps it from making Pods as fast as they fail is only how often its controllers may call.
 * A Pod that its kubelet refuses would be made anew some hundred times a second here.
 */
const ENDED_POD_BACK_OFF = { baseMs: 100, maxMs: 10_000 }

const NAMING = { ownerKind: StatefulSet, hashLabel: 'controller.kubernetes.io/hash' }

export function startStatefulSetController(host: Host, client: Client, parts: StatefulSetParts) {
  const { statefulSets, pods, ownedPods, revisions, ownedRevisions, events } = parts
  const claims = createClaims(parts)
  const ended = createFailures(host.clock, ENDED_POD_BACK_OFF)
  const selects = (set: StatefulSet, object: KubernetesObject) => matchesLabelSelector(set.spec.selector, object.metadata.labels)
  const isMember = (set: StatefulSet, pod: Pod) => ordinalOf(set, pod) !== undefined && selects(set, pod)

  return startController(host, client, {
    name: 'statefulset-controller',
    sources: [
      watches(StatefulSet, statefulSets),
      watches(Pod, pods, change => ownersTouchedBy(change, StatefulSet, statefulSets, isMember)),
      watches(ControllerRevision, revisions, change => ownersTouchedBy(change, StatefulSet, statefulSets, selects)),
      watches(PersistentVolumeClaim, parts.claims, ({ key }) => setsWithClaim(statefulSets, key)),
    ],
    async reconcile(key, api): Promise<Outcome> {
      const set = statefulSets.get(key)
      if (!set) return settled
      const history = sortRevisions(await claimed(api, set, ControllerRevision, ownedRevisions, object => selects(set, object)))
      const members = await claimed(api, set, Pod, ownedPods, pod => isMember(set, pod))
      // Nothing new is made of a set that is going; its Pods go by the garbage collector.
      if (set.metadata.deletionTimestamp) return settled

      const revised = await reviseHistory(api, NAMING, set, history)
      if (!revised) return settled
      const { revision: update, collisionCount } = revised
      const current = history.find(({ metadata }) => metadata.name === set.status.currentRevision) ?? update
      const templates = new Map([current, update].map(revision => [revision.metadata.name!, templateOf(revision) ?? set.spec.template]))
      const names = { currentRevision: current.metadata.name!, updateRevision: update.metadata.name!, collisionCount }

      const wallMs = host.clock.wall()
      const steps = planStatefulSet({ set, pods: members, ...names, wallMs, isWaiting: ordinal => ended.waitMs(set, ordinal) > 0 })
      const failure = await carryOut(api, set, members, steps, templates).then(
        () => undefined,
        (error: unknown) => error,
      )
      await writeStatus(api, set, statefulSetStatusOf(set, members, names, wallMs))
      if (failure !== undefined && !isNamespaceLeaving(failure)) throw failure
      await cleanUp(api, set, sortRevisions([...history, update]), members, names)
      return againAfter([
        nextAvailableMs(members, set.spec.minReadySeconds ?? 0, wallMs),
        ...members.filter(isTerminal).map(pod => ended.waitMs(set, ordinalOf(set, pod)!)),
      ])
    },
  })

  /** Rejects with the first refusal; what comes after it waits for the next pass. */
  async function carryOut(api: Client, set: StatefulSet, members: readonly Pod[], steps: readonly Step[], templates: Templates): Promise<void> {
    for (const pod of members) await claims.settleOwners(api, set, ordinalOf(set, pod)!, pod)
    const creations = steps.filter(step => step.do === 'create')
    const { failure } = await createInBatches(creations.length, index => create(api, set, creations[index]!, templates))
    if (failure !== undefined) throw failure
    for (const step of steps) {
      if (step.do === 'claim') await claims.make(api, set, step.ordinal)
      if (step.do === 'mend') await mend(api, set, step)
      if (step.do === 'delete') await remove(api, set, step)
    }
  }

  async function create(api: Client, set: StatefulSet, { ordinal, revision }: Step & { do: 'create' }, templates: Templates): Promise<void> {
    // When they have gone, that is a change which brings this set here again.
    if (claims.areLeavingWithOldPod(set, ordinal, undefined)) return
    await claims.settleOwners(api, set, ordinal, undefined)
    await told(set, 'create', podName(set, ordinal), async () => {
      await claims.make(api, set, ordinal)
      await api.create(Pod, podOf(set, ordinal, templates.get(revision)!, revision))
    })
  }

  async function mend(api: Client, set: StatefulSet, { pod, mismatch: { labels, volumes } }: Step & { do: 'mend' }): Promise<void> {
    const metadata = { uid: pod.metadata.uid, ...(labels && { labels }) }
    await told(set, 'update', pod.metadata.name!, () =>
      api.patch(Pod, keyOf(pod), { type: 'strategic', body: { metadata, ...(volumes && { spec: { volumes } }) } }),
    )
  }

  async function remove(api: Client, set: StatefulSet, { pod, why }: Step & { do: 'delete' }): Promise<void> {
    if (why === 'ended') ended.replaced(set, ordinalOf(set, pod)!)
    await told(set, 'delete', pod.metadata.name!, () => api.delete(Pod, keyOf(pod), { uid: pod.metadata.uid }))
  }

  /** Does it and says so, as Kubernetes words it; and says what kept it from being done. */
  async function told(set: StatefulSet, verb: 'create' | 'update' | 'delete', pod: string, act: () => Promise<unknown>): Promise<void> {
    const subject = `${verb} Pod ${pod} in StatefulSet ${set.metadata.name}`
    const Verb = `${verb[0]!.toUpperCase()}${verb.slice(1)}`
    try {
      await act()
      events.normal(set, `Successful${Verb}`, `${subject} successful`)
    } catch (error) {
      // Somebody else was faster, or the name is taken: there is another try, and nothing to tell.
      const isOutrun = verb === 'create' ? isReason(error, 'AlreadyExists') : isReason(error, 'NotFound') || isReason(error, 'Conflict')
      if (isOutrun && verb !== 'create') return
      if (!isOutrun && !isNamespaceLeaving(error)) events.warning(set, `Failed${Verb}`, `${subject} failed error: ${messageOf(error)}`)
      throw error
    }
  }
}

type Templates = ReadonlyMap<string, StatefulSet['spec']['template']>

/** What belongs to the set, when it has adopted and released what it should. */
function claimed<T extends Pod | ControllerRevision>(
  api: Client,
  owner: StatefulSet,
  kind: typeof Pod | typeof ControllerRevision,
  owned: OwnedObjects<T>,
  matches: (object: T) => boolean,
): Promise<T[]> {
  const candidates = [...owned.of(owner), ...owned.orphans(owner.metadata.namespace!)]
  return claimObjects(api, { ownerKind: StatefulSet, owner, kind: kind as never }, planClaim(owner, candidates, matches))
}

async function writeStatus(api: Client, set: StatefulSet, status: StatefulSet['status']): Promise<void> {
  if (deepEqual(set.status, status)) return
  try {
    await api.updateStatus(StatefulSet, { ...set, status })
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
  }
}

async function cleanUp(
  api: Client,
  set: StatefulSet,
  history: readonly ControllerRevision[],
  members: readonly Pod[],
  { currentRevision, updateRevision }: { readonly currentRevision: string; readonly updateRevision: string },
): Promise<void> {
  const inUse = new Set([currentRevision, updateRevision, ...members.map(pod => revisionOf(pod) ?? '')])
  for (const revision of planCleanup(history, inUse, set.spec.revisionHistoryLimit)) {
    await api.delete(ControllerRevision, keyOf(revision), { uid: revision.metadata.uid }).catch((error: unknown) => {
      if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
    })
  }
}

/** By the name of a claim: it is made before its Pod, and may outlive it. */
const setsWithClaim = (sets: Cache<StatefulSet>, { namespace, name }: ObjectKey): ObjectKey[] =>
  sets
    .list(namespace)
    .filter(({ metadata, spec }) => spec.volumeClaimTemplates?.some(template => name.startsWith(`${template.metadata.name}-${metadata.name}-`)))
    .map(keyOf)
