/** Why a Pod does not fit on its own node: what the scheduler asks of every node, asked once more where it counts. */
import { hostPortsConflict, hostPortsOf, isStaticPod, matchesNodeSelection, podRequests, untoleratedTaint } from '../../api/pod.ts'
import { resourceAmounts, type ResourceAmounts } from '../../api/resources.ts'
import type { Node } from '../../api/kinds/node.ts'
import type { Pod } from '../../api/kinds/pod.ts'

export type Misfit =
  /** CPU in milli-cores, everything else in whole units. */
  | { readonly is: 'insufficient'; readonly resource: string; readonly requested: number; readonly used: number; readonly capacity: number }
  | { readonly is: 'predicate'; readonly name: 'NodeAffinity' | 'NodeName' | 'NodePorts' | 'TaintToleration'; readonly why: string }

/** All of them, in the order in which the first one is told. `others` are the Pods of this node that have not ended. */
export function misfitsOf(pod: Pod, others: readonly Pod[], node: Node): Misfit[] {
  return [...shortages(pod, others, node), ...predicates(pod, others, node)]
}

/** The number of Pods counts as one more resource, of which every Pod takes one. */
export const requestedOf = (pod: Pod, resource: string): number => (resource === 'pods' ? 1 : (podRequests(pod).get(resource) ?? 0))

function shortages(pod: Pod, others: readonly Pod[], { status }: Node): Misfit[] {
  const allocatable: ResourceAmounts = resourceAmounts(status.allocatable)
  return inOrder(podRequests(pod)).flatMap(resource => {
    const requested = requestedOf(pod, resource)
    const capacity = allocatable.get(resource)
    // What the node has never heard of may be counted by somebody else, for the cluster as a whole.
    if (requested === 0 || (capacity === undefined && isExtended(resource))) return []
    const used = others.reduce((sum, other) => sum + requestedOf(other, resource), 0)
    return used + requested > (capacity ?? 0) ? [{ is: 'insufficient' as const, resource, requested, used, capacity: capacity ?? 0 }] : []
  })
}

const FIRST = ['pods', 'cpu', 'memory', 'ephemeral-storage']
const inOrder = (requests: ResourceAmounts): string[] => [...new Set([...FIRST, ...requests.keys()])]

const isExtended = (resource: string): boolean => resource.includes('/')

function predicates(pod: Pod, others: readonly Pod[], node: Node): Misfit[] {
  const found: Misfit[] = []
  const add = (name: Extract<Misfit, { is: 'predicate' }>['name'], why: string) => void found.push({ is: 'predicate', name, why })
  if (!matchesNodeSelection(pod, node)) add('NodeAffinity', "node(s) didn't match Pod's node affinity/selector")
  if (pod.spec.nodeName && pod.spec.nodeName !== node.metadata.name) add('NodeName', "node(s) didn't match the requested node name")
  if (hostPortsConflict(hostPortsOf(pod), others.flatMap(hostPortsOf))) add('NodePorts', "node(s) didn't have free ports for the requested pod ports")
  // The other effects are for the scheduler: what a taint of theirs found here may stay. A static Pod belongs to its node.
  const taints = (node.spec.taints ?? []).filter(({ effect }) => effect === 'NoExecute')
  if (!isStaticPod(pod) && untoleratedTaint(pod, taints)) add('TaintToleration', "node(s) had taints that the pod didn't tolerate")
  return found
}
