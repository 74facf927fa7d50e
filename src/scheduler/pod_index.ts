/**
 * The placed Pods as selectors see them. Pods that no selector can tell apart are one class, so that a new count looks at
 * classes, not at Pods; a Pod that comes or goes changes the counts that match its class, and the terms it holds itself.
 */
import type { Node } from '../api/kinds/node.ts'
import type { HeldTerm, NamespaceLabels, PodFeatures, PodTerm } from './affinity_terms.ts'
import type { PodDemand } from './demand.ts'
import { changeBy, createDomainCounts, type CountedPods, type DomainCounts, type KeptDomainCounts } from './domain_counts.ts'

/** A term that Pods with nodes hold, with the domains they hold it in. */
export interface HeldTerms {
  readonly held: HeldTerm
  /** How many of them are in the domain with this value of the term's topology key. */
  of(value: string): number
}

export interface PodIndex {
  /** The same object as long as the Pods change one by one: it is kept up to date. */
  counts(counted: CountedPods): DomainCounts
  /** The terms of placed Pods that speak of this one. */
  heldAbout(pod: PodFeatures): readonly HeldTerms[]
  meets(term: PodTerm, pod: PodFeatures): boolean
  isCounted(counted: CountedPods, pod: PodFeatures): boolean
  /** How many placed Pods use the claim, `namespace/name`. */
  usersOf(claim: string): number
}

export interface KeptPodIndex extends PodIndex {
  addNode(node: Node): void
  /** After its Pods. */
  removeNode(node: Node): void
  addPod(demand: PodDemand, node: Node): void
  removePod(demand: PodDemand, node: Node): void
  /** Labels of a namespace have changed. */
  namespacesChanged(): void
  /** Lets go of what nobody holds any more. Not done at once, because a Pod may be taken away on trial only. */
  sweep(): void
}

/** Counts nobody has asked for the longest are given up beyond this many, and made anew when they are asked for. */
const COUNTS_MAX = 1_024

interface PodClass {
  readonly features: PodFeatures
  readonly onNode: Map<string, number>
  readonly counts: Set<KeptDomainCounts>
}

interface KeptHeldTerms extends HeldTerms {
  readonly domains: Map<string, number>
  holders: number
}

export function createPodIndex(nodes: ReadonlyMap<string, { readonly node: Node }>, namespaceLabels: NamespaceLabels): KeptPodIndex {
  const classes = new Map<string, PodClass>()
  /** In the order of their last use. */
  const known = new Map<string, KeptDomainCounts>()
  const held = new Map<string, KeptHeldTerms>()
  const claimUsers = new Map<string, number>()
  const idle = new Set<string>()

  const forget = (counts: KeptDomainCounts) => {
    known.delete(counts.counted.key)
    for (const podClass of classes.values()) podClass.counts.delete(counts)
  }
  const learn = (counted: CountedPods): KeptDomainCounts => {
    const counts = createDomainCounts(counted)
    if (counted.hasDomains) for (const { node } of nodes.values()) counts.addNode(node)
    for (const podClass of classes.values()) {
      if (!counted.matches(podClass.features, namespaceLabels)) continue
      podClass.counts.add(counts)
      for (const [name, count] of podClass.onNode) counts.change(nodes.get(name)!.node, count)
    }
    return counts
  }
  const classOf = ({ classKey, features }: PodDemand): PodClass => {
    let podClass = classes.get(classKey)
    if (podClass) return podClass
    podClass = { features, onNode: new Map(), counts: new Set() }
    for (const counts of known.values()) if (counts.counted.matches(features, namespaceLabels)) podClass.counts.add(counts)
    classes.set(classKey, podClass)
    return podClass
  }
  const hold = (term: HeldTerm): KeptHeldTerms => {
    const known = held.get(term.key)
    if (known) return known
    const domains = new Map<string, number>()
    const kept: KeptHeldTerms = { held: term, domains, holders: 0, of: value => domains.get(value) ?? 0 }
    held.set(term.key, kept)
    return kept
  }
  const change = (demand: PodDemand, node: Node, by: 1 | -1) => {
    const podClass = classOf(demand)
    changeBy(podClass.onNode, node.metadata.name!, by)
    for (const counts of podClass.counts) counts.change(node, by)
    if (podClass.onNode.size === 0) classes.delete(demand.classKey)
    for (const claim of demand.claims) changeBy(claimUsers, claim, by)
    for (const term of demand.affinity.held) {
      const kept = hold(term)
      kept.holders += by
      const value = node.metadata.labels?.[term.term.topologyKey]
      if (value !== undefined) changeBy(kept.domains, value, by)
      if (kept.holders === 0) idle.add(term.key)
    }
  }

  return {
    counts(counted) {
      const counts = known.get(counted.key) ?? learn(counted)
      known.delete(counted.key)
      known.set(counted.key, counts)
      if (known.size > COUNTS_MAX) forget(known.values().next().value!)
      return counts
    },
    heldAbout: pod => [...held.values()].filter(({ held: { term } }) => term.matches(pod, namespaceLabels)),
    meets: (term, pod) => term.matches(pod, namespaceLabels),
    isCounted: (counted, pod) => counted.matches(pod, namespaceLabels),
    usersOf: claim => claimUsers.get(claim) ?? 0,
    addNode: node => known.forEach(counts => counts.addNode(node)),
    removeNode: node => known.forEach(counts => counts.removeNode(node)),
    addPod: (demand, node) => change(demand, node, 1),
    removePod: (demand, node) => change(demand, node, -1),
    namespacesChanged() {
      for (const counts of known.values()) if (counts.counted.usesNamespaceLabels) forget(counts)
    },
    sweep() {
      for (const key of idle) if (held.get(key)?.holders === 0) held.delete(key)
      idle.clear()
    },
  }
}
