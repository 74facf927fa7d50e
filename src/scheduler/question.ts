/** One Pod's question to a snapshot: which node? What is the same for every node is looked up here, once. */
import type { HeldTerm, PodTerm } from './affinity_terms.ts'
import type { PodDemand } from './demand.ts'
import type { CountedPods, DomainCounts } from './domain_counts.ts'
import type { HeldTerms, PodIndex } from './pod_index.ts'
import type { Snapshot } from './snapshot.ts'
import type { SpreadConstraint } from './spread_constraints.ts'
import { NEEDS_NOTHING, volumeNeedsOf, type VolumeCatalog, type VolumeNeeds } from './volumes.ts'

export interface Question {
  readonly demand: PodDemand
  /** What it asks for, without what it asks nothing of. */
  readonly requests: readonly (readonly [resource: string, amount: number])[]
  readonly selectsNodes: boolean
  readonly spread: readonly CountedConstraint[]
  /** Required affinity: Pods that meet all of the terms, for each term over its topology. */
  readonly near: readonly CountedTerm[]
  /** Meets its own required affinity, so that it may be the first. */
  readonly isOwnNeighbour: boolean
  /** Required anti-affinity. */
  readonly far: readonly CountedTerm[]
  /** Required anti-affinity of Pods that are there against this one. */
  readonly forbidding: readonly HeldTerms[]
  readonly weighing: readonly HeldTerms[]
  readonly volumes: VolumeNeeds
  readonly catalog: VolumeCatalog
  readonly pods: PodIndex
}

export interface CountedTerm {
  readonly topologyKey: string
  readonly counts: DomainCounts
}

export interface CountedConstraint {
  readonly constraint: SpreadConstraint
  readonly counts: DomainCounts
}

/** @param volumes what its claims ask for, of a Pod that none of them keeps from asking */
export function questionOf(demand: PodDemand, { pods, volumes: catalog }: Snapshot, volumes = needsOrNone(demand, catalog)): Question {
  const { required, forbidden } = demand.affinity
  const { spec } = demand.pod
  const held = pods.heldAbout(demand.features)
  return {
    demand,
    requests: [...demand.requests].filter(([, amount]) => amount > 0),
    selectsNodes: spec.nodeSelector !== undefined || spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution !== undefined,
    spread: demand.spread.hard.map(constraint => ({ constraint, counts: pods.counts(constraint.counted) })),
    near: required.map(({ topologyKey }) => ({ topologyKey, counts: pods.counts(podsMeetingAll(required, topologyKey)) })),
    isOwnNeighbour: required.length > 0 && required.every(term => pods.meets(term, demand.features)),
    far: forbidden.map(term => ({ topologyKey: term.topologyKey, counts: pods.counts(podsMeetingAll([term], term.topologyKey)) })),
    forbidding: held.filter(forbids),
    weighing: held.filter(one => !forbids(one)),
    volumes,
    catalog,
    pods,
  }
}

function needsOrNone(demand: PodDemand, catalog: VolumeCatalog): VolumeNeeds {
  const needs = volumeNeedsOf(demand, catalog)
  return 'message' in needs ? NEEDS_NOTHING : needs
}

const forbids = ({ held }: { readonly held: HeldTerm }): boolean => held.is === 'forbids'

/** Also those that are on their way out: they are still there. */
export const podsMeetingAll = (terms: readonly PodTerm[], topologyKey: string): CountedPods => ({
  key: JSON.stringify(['affinity', topologyKey, terms.map(({ key }) => key)]),
  topologyKey,
  hasDomains: false,
  usesNamespaceLabels: terms.some(({ usesNamespaceLabels }) => usesNamespaceLabels),
  matches: (pod, namespaceLabels) => terms.every(term => term.matches(pod, namespaceLabels)),
  includes: () => true,
})
