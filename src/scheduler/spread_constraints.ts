/** Topology spread, worked out once for each Pod: over what, how evenly, which Pods count, and on which nodes. */
import { matchesLabels, requirementsOf, type LabelRequirement } from '../api/label_selector.ts'
import { keepsPodsAway, matchesNodeSelection, untoleratedTaint } from '../api/pod.ts'
import type { Node } from '../api/kinds/node.ts'
import type { Pod } from '../api/kinds/pod.ts'
import type { TopologySpreadConstraint } from '../api/types/scheduling.ts'
import type { CountedPods } from './domain_counts.ts'

export interface SpreadConstraint {
  readonly topologyKey: string
  readonly maxSkew: number
  /** With fewer domains than this the emptiest counts as empty. */
  readonly minDomains: number
  /** Whether the Pod counts itself among those it spreads. */
  readonly countsItself: boolean
  readonly counted: CountedPods
}

export interface SpreadConstraints {
  /** DoNotSchedule: filters. */
  readonly hard: readonly SpreadConstraint[]
  /** ScheduleAnyway: scores. */
  readonly soft: readonly SpreadConstraint[]
  /** Nodes that lack the topology key of one soft constraint get no score from the others either. */
  readonly allKeysNeeded: boolean
}

export const NO_SPREAD: SpreadConstraints = { hard: [], soft: [], allKeysNeeded: true }

/** What holds for Pods of Services and workloads that say nothing themselves (behaviour 7.4). */
const DEFAULT_CONSTRAINTS = [
  { topologyKey: 'kubernetes.io/hostname', maxSkew: 3 },
  { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5 },
]

export function spreadConstraintsOf(pod: Pod): SpreadConstraints {
  const constraints = pod.spec.topologySpreadConstraints
  if (!constraints?.length) return NO_SPREAD
  const compiled = (whenUnsatisfiable: string) => {
    const chosen = constraints.filter(constraint => constraint.whenUnsatisfiable === whenUnsatisfiable)
    const keys = chosen.map(({ topologyKey }) => topologyKey)
    return chosen.map(constraint => compile(pod, constraint, constraint.labelSelector && requirementsOf(constraint.labelSelector), keys))
  }
  return { hard: compiled('DoNotSchedule'), soft: compiled('ScheduleAnyway'), allKeysNeeded: true }
}

/** @param siblings selects the Pods that belong together with this one, by its Services and its controller */
export function defaultSpreadConstraints(pod: Pod, siblings: readonly LabelRequirement[]): SpreadConstraints {
  if (siblings.length === 0) return NO_SPREAD
  return { hard: [], soft: DEFAULT_CONSTRAINTS.map(constraint => compile(pod, constraint, siblings, [])), allKeysNeeded: false }
}

type Wanted = Pick<TopologySpreadConstraint, 'topologyKey' | 'maxSkew' | 'minDomains' | 'nodeAffinityPolicy' | 'nodeTaintsPolicy'> & {
  readonly whenUnsatisfiable?: string
}

function compile(pod: Pod, wanted: Wanted, requirements: readonly LabelRequirement[] | undefined, neededKeys: readonly string[]): SpreadConstraint {
  const { topologyKey, maxSkew, minDomains = 1, nodeAffinityPolicy = 'Honor', nodeTaintsPolicy = 'Ignore' } = wanted
  const { nodeSelector, affinity, tolerations } = pod.spec
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const selectsNodes = nodeAffinityPolicy === 'Honor' && (nodeSelector !== undefined || required !== undefined)
  const mindsTaints = nodeTaintsPolicy === 'Honor'
  const { namespace: own = '', labels: ownLabels } = pod.metadata
  const matches: CountedPods['matches'] = ({ namespace, labels, isTerminating }) =>
    requirements !== undefined && !isTerminating && namespace === own && matchesLabels(requirements, labels)
  const hasDomains = wanted.whenUnsatisfiable === 'DoNotSchedule'
  return {
    topologyKey,
    maxSkew,
    minDomains,
    countsItself: requirements !== undefined && matchesLabels(requirements, ownLabels),
    counted: {
      // Everything that `matches` and `includes` read: whoever asks the same shares the count.
      key: JSON.stringify([
        'spread',
        hasDomains,
        topologyKey,
        neededKeys,
        own,
        requirements,
        selectsNodes && [nodeSelector, required],
        mindsTaints && [tolerations],
      ]),
      topologyKey,
      hasDomains,
      usesNamespaceLabels: false,
      matches,
      includes: (node: Node) =>
        neededKeys.every(key => node.metadata.labels?.[key] !== undefined) &&
        (!selectsNodes || matchesNodeSelection(pod, node)) &&
        (!mindsTaints || untoleratedTaint(pod, (node.spec?.taints ?? []).filter(keepsPodsAway)) === undefined),
    },
  }
}
