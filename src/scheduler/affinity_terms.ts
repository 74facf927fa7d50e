/**
 * Affinity between Pods, worked out once for each Pod: which other Pods a term speaks of, and near what (its topology key).
 *
 * A term of a Pod is looked at from both sides. While the Pod waits, it asks about the Pods that are there; once the Pod has
 * a node, its terms are *held against* (or in favour of) those that come after it.
 */
import { matchesLabels, requirementsOf, type LabelRequirement, type Labels } from '../api/label_selector.ts'
import type { Pod } from '../api/kinds/pod.ts'
import type { PodAffinity, PodAffinityTerm } from '../api/types/affinity.ts'

/** All that a selector can tell two Pods apart by. */
export interface PodFeatures {
  readonly namespace: string
  readonly labels: Labels
  readonly isTerminating: boolean
}

export type NamespaceLabels = (namespace: string) => Labels

export interface PodTerm {
  readonly topologyKey: string
  /** Equal terms of different Pods have the same. */
  readonly key: string
  readonly usesNamespaceLabels: boolean
  matches(pod: PodFeatures, namespaceLabels: NamespaceLabels): boolean
}

export interface WeightedTerm {
  readonly term: PodTerm
  /** Negative for anti-affinity. */
  readonly weight: number
}

/** What a placed Pod says about those that come later: it forbids its surroundings to them, or weighs in their score. */
export type HeldTerm = { readonly key: string; readonly term: PodTerm } & ({ readonly is: 'forbids' } | { readonly is: 'weighs'; readonly weight: number })

export interface AffinityTerms {
  readonly required: readonly PodTerm[]
  readonly forbidden: readonly PodTerm[]
  readonly preferred: readonly WeightedTerm[]
  readonly held: readonly HeldTerm[]
}

const NO_TERMS: AffinityTerms = { required: [], forbidden: [], preferred: [], held: [] }

/** How much one Pod's requirement to be near others counts for these others, when they come later. */
const HARD_AFFINITY_WEIGHT = 1

export function affinityTermsOf({ spec: { affinity }, metadata: { namespace = '' } }: Pod): AffinityTerms {
  const { podAffinity, podAntiAffinity } = affinity ?? {}
  if (!podAffinity && !podAntiAffinity) return NO_TERMS
  const requiredOf = (side: PodAffinity | undefined) => (side?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(term => podTerm(term, namespace))
  const preferredOf = (side: PodAffinity | undefined, sign: 1 | -1): WeightedTerm[] =>
    (side?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm, weight }) => ({
      term: podTerm(podAffinityTerm, namespace),
      weight: sign * weight,
    }))
  const required = requiredOf(podAffinity)
  const forbidden = requiredOf(podAntiAffinity)
  const preferred = [...preferredOf(podAffinity, 1), ...preferredOf(podAntiAffinity, -1)]
  const weighing = [...required.map(term => ({ term, weight: HARD_AFFINITY_WEIGHT })), ...preferred]
  return {
    required,
    forbidden,
    preferred,
    held: [
      ...forbidden.map((term): HeldTerm => ({ is: 'forbids', key: `forbids ${term.key}`, term })),
      ...weighing.map(({ term, weight }): HeldTerm => ({ is: 'weighs', key: `${weight} ${term.key}`, term, weight })),
    ],
  }
}

/** Without namespaces and a selector of them a term speaks of its own Pod's namespace. Without a label selector it speaks of nobody. */
function podTerm({ labelSelector, namespaceSelector, namespaces, topologyKey }: PodAffinityTerm, ownNamespace: string): PodTerm {
  const named = namespaces?.length || namespaceSelector ? (namespaces ?? []) : [ownNamespace]
  const requirements = labelSelector && requirementsOf(labelSelector)
  const ofNamespace = namespaceSelector && requirementsOf(namespaceSelector)
  return {
    topologyKey,
    key: JSON.stringify([topologyKey, named, namespaceSelector, labelSelector]),
    usesNamespaceLabels: (ofNamespace?.length ?? 0) > 0,
    matches: ({ namespace, labels }, namespaceLabels) =>
      requirements !== undefined && (named.includes(namespace) || isSelected(ofNamespace, namespace, namespaceLabels)) && matchesLabels(requirements, labels),
  }
}

const isSelected = (requirements: readonly LabelRequirement[] | undefined, namespace: string, namespaceLabels: NamespaceLabels): boolean =>
  requirements !== undefined && (requirements.length === 0 || matchesLabels(requirements, namespaceLabels(namespace)))
