/**
 * How many Pods of a kind are in each domain of a topology: in each zone, on each host. Kept as Pods and nodes come and go, so
 * that a decision looks a number up where Kubernetes' rules speak of all Pods of all nodes.
 */
import type { Node } from '../api/kinds/node.ts'
import type { NamespaceLabels, PodFeatures } from './affinity_terms.ts'

/** Which Pods are counted, and where. */
export interface CountedPods {
  /** Whoever has the same counts the same. */
  readonly key: string
  readonly topologyKey: string
  /** Whether domains without any Pod must be known too. */
  readonly hasDomains: boolean
  readonly usesNamespaceLabels: boolean
  matches(pod: PodFeatures, namespaceLabels: NamespaceLabels): boolean
  /** Nodes that do not take part are as if they were not there. */
  includes(node: Node): boolean
}

export interface DomainCounts {
  /** How many Pods there are in the domain with this value of the topology key. */
  of(value: string): number
  /** Pods in all domains. */
  readonly total: number
  /** Known only where the counted have `hasDomains`. */
  readonly domainCount: number
  /** The number of Pods in the emptiest domain; infinite without domains. */
  least(): number
}

export interface KeptDomainCounts extends DomainCounts {
  readonly counted: CountedPods
  addNode(node: Node): void
  removeNode(node: Node): void
  /** So many Pods more on this node, or fewer. */
  change(node: Node, by: number): void
}

export function createDomainCounts(counted: CountedPods): KeptDomainCounts {
  const { topologyKey, hasDomains } = counted
  /** Without those that have none. */
  const pods = new Map<string, number>()
  const nodes = new Map<string, number>()
  let total = 0
  let least: number | undefined
  const domainOf = (node: Node): string | undefined => {
    const value = node.metadata.labels?.[topologyKey]
    return value !== undefined && counted.includes(node) ? value : undefined
  }
  const changeNodes = (node: Node, by: 1 | -1) => {
    const value = hasDomains ? domainOf(node) : undefined
    if (value !== undefined) changeBy(nodes, value, by)
    least = undefined
  }

  return {
    counted,
    of: value => pods.get(value) ?? 0,
    get total() {
      return total
    },
    get domainCount() {
      return nodes.size
    },
    least() {
      return (least ??= pods.size < nodes.size ? 0 : smallest(pods.values()))
    },
    addNode: node => changeNodes(node, 1),
    removeNode: node => changeNodes(node, -1),
    change(node, by) {
      const value = domainOf(node)
      if (value === undefined) return
      changeBy(pods, value, by)
      total += by
      least = undefined
    },
  }
}

export function changeBy(counts: Map<string, number>, key: string, by: number): void {
  const next = (counts.get(key) ?? 0) + by
  if (next === 0) counts.delete(key)
  else counts.set(key, next)
}

function smallest(numbers: Iterable<number>): number {
  let least = Infinity
  for (const n of numbers) if (n < least) least = n
  return least
}
