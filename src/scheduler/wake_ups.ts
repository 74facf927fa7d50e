/**
 * Who deserves another try when something in the cluster changes. Without this a change would send every waiting Pod through
 * the whole decision again, and most of them would only fail again and back off longer.
 */
import type { PodDemand } from './demand.ts'
import { filterWithNominated } from './filter.ts'
import type { FilterName } from './objection.ts'
import { questionOf } from './question.ts'
import type { SchedulingQueue, WaitingPod } from './queue.ts'
import type { NodeInfo } from './node_info.ts'
import type { PodMove, Snapshot, SnapshotKeeper } from './snapshot.ts'

export interface WakeUps {
  /** The node is new, or takes other Pods than before. */
  nodeChanged(name: string): void
  podMoved(move: PodMove): void
  /** Room that was kept on the node is free. */
  roomMade(nodeName: string): void
  namespacesChanged(): void
  /** The claim `namespace/name`, or undefined: some volume or class. */
  volumesChanged(claim: string | undefined): void
}

export function createWakeUps(queue: Pick<SchedulingQueue, 'wake'>, keeper: SnapshotKeeper): WakeUps {
  const wakeThoseThatFit = (nodeName: string, also: (waiting: WaitingPod) => boolean = () => false) => {
    const info = keeper.node(nodeName)
    const snapshot = keeper.snapshot()
    queue.wake(waiting => also(waiting) || (info !== undefined && fits(waiting.demand, info, snapshot)))
  }
  return {
    nodeChanged(name) {
      const info = keeper.node(name)
      if (!info) return
      const snapshot = keeper.snapshot()
      queue.wake(({ demand, rejectedBy }) => {
        const found = filterWithNominated(questionOf(demand, snapshot), info, snapshot)
        // Full, but it may push others out there now; and a new domain changes what is even.
        return !found || !found.unresolvable || rejectedBy.has('PodTopologySpread')
      })
    },
    podMoved({ before, after }) {
      const isOfSelectors = ({ rejectedBy }: WaitingPod) => rejectedBy.has('InterPodAffinity') || rejectedBy.has('PodTopologySpread')
      const snapshot = keeper.snapshot()
      const also = (waiting: WaitingPod) =>
        (isOfSelectors(waiting) && changesNeighbourhood(waiting, { before, after }, snapshot)) || freesClaim(waiting, { before, after })
      if (before && (before.nodeName !== after?.nodeName || asksForLess(before.demand, after.demand))) wakeThoseThatFit(before.nodeName, also)
      else queue.wake(also)
    },
    roomMade: nodeName => wakeThoseThatFit(nodeName),
    volumesChanged: claim =>
      queue.wake(({ demand, rejectedBy }) => VOLUME_FILTERS.some(name => rejectedBy.has(name)) && (claim === undefined || demand.claims.includes(claim))),
    namespacesChanged: () => queue.wake(({ rejectedBy }) => rejectedBy.has('InterPodAffinity')),
  }
}

const VOLUME_FILTERS: readonly FilterName[] = ['VolumeBinding', 'VolumeRestrictions', 'VolumeZone']

const fits = (demand: PodDemand, info: NodeInfo, snapshot: Snapshot): boolean => filterWithNominated(questionOf(demand, snapshot), info, snapshot) === undefined

const asksForLess = (before: PodDemand, after: PodDemand): boolean =>
  [...before.requests].some(([resource, amount]) => (after.requests.get(resource) ?? 0) < amount)

/** A claim that only one Pod may use has lost its user. */
const freesClaim = ({ demand, rejectedBy }: WaitingPod, { before, after }: PodMove): boolean =>
  rejectedBy.has('VolumeRestrictions') && before !== undefined && after === undefined && before.demand.claims.some(claim => demand.claims.includes(claim))

/** Whether the waiting Pod's rules, or those of the Pod that came or went, speak of the other. */
function changesNeighbourhood({ demand, rejectedBy }: WaitingPod, { before, after }: PodMove, { pods }: Snapshot): boolean {
  const moved = [before, after].flatMap(placement => placement?.demand ?? [])
  if (rejectedBy.has('PodTopologySpread')) {
    // Counted or not: a Pod on its way out does not count, and that is what is new about it.
    const isCounted = ({ features }: PodDemand) => demand.spread.hard.some(({ counted }) => pods.isCounted(counted, features))
    if (moved.some(isCounted)) return true
  }
  if (!rejectedBy.has('InterPodAffinity')) return false
  const { required, forbidden } = demand.affinity
  if (after && required.length > 0 && required.every(term => pods.meets(term, after.demand.features))) return true
  return (
    before !== undefined &&
    (forbidden.some(term => pods.meets(term, before.demand.features)) || before.demand.affinity.forbidden.some(term => pods.meets(term, demand.features)))
  )
}
