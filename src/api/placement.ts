/** Whether a Pod may and would rather run on a node: taints, selectors, affinity and host ports. Pure predicates. */
import type { Pod } from './kinds/pod.ts'
import type { Node } from './kinds/node.ts'
import type { NodeSelectorRequirement, NodeSelectorTerm } from './types/affinity.ts'
import type { Taint, Toleration } from './types/scheduling.ts'

type TaintLike = Pick<Taint, 'key' | 'effect' | 'value'>

/** An empty effect means every effect, and Exists without a key means every taint. */
export function tolerates(toleration: Toleration, taint: TaintLike): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false
  if (toleration.key && toleration.key !== taint.key) return false
  if (toleration.operator === 'Exists') return true
  return (toleration.key ?? '') === taint.key && (toleration.value ?? '') === (taint.value ?? '')
}

/** Both lists as one; what another toleration of them covers is left out, and of equal ones the first stays. */
export function mergeTolerations(first: readonly Toleration[], second: readonly Toleration[]): Toleration[] {
  const all = [...first, ...second]
  return all.filter((one, index) => !all.some((other, at) => at !== index && covers(other, one) && (at < index || !covers(one, other))))
}

/** Whatever the narrow one tolerates, the wide one does too, and for as long. */
function covers(wide: Toleration, narrow: Toleration): boolean {
  const { key = '', operator = 'Equal', effect = '', tolerationSeconds = Infinity } = wide
  if (operator !== 'Exists' && (key !== (narrow.key ?? '') || operator !== (narrow.operator ?? 'Equal'))) return false
  if (operator === 'Exists' ? key !== '' && key !== (narrow.key ?? '') : (wide.value ?? '') !== (narrow.value ?? '')) return false
  if (effect !== '' && effect !== (narrow.effect ?? '')) return false
  return effect !== 'NoExecute' || tolerationSeconds >= (narrow.tolerationSeconds ?? Infinity)
}

/** The first of the taints that the Pod does not tolerate. */
export const untoleratedTaint = <T extends TaintLike>({ spec }: Pod, taints: readonly T[]): T | undefined =>
  taints.find(taint => !(spec.tolerations ?? []).some(toleration => tolerates(toleration, taint)))

/** Whether the taint is a reason not to put a Pod there, rather than a preference. */
export const keepsPodsAway = ({ effect }: Pick<Taint, 'effect'>): boolean => effect === 'NoSchedule' || effect === 'NoExecute'

/** How many taints would rather not have the Pod there. */
export const countUntoleratedPreferences = ({ spec }: Pod, taints: readonly TaintLike[]): number =>
  taints.filter(taint => taint.effect === 'PreferNoSchedule' && !(spec.tolerations ?? []).some(toleration => tolerates(toleration, taint))).length

/** nodeSelector and the required node affinity together. */
export function matchesNodeSelection({ spec }: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {}
  if (!Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value)) return false
  const affinity = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return !affinity || affinity.nodeSelectorTerms.some(term => matchesNodeSelectorTerm(term, node))
}

/** The sum of the weights of the preferences this node meets. A preference without conditions is met by every node. */
export const nodePreferenceWeight = ({ spec }: Pod, node: Node): number =>
  (spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
    .filter(({ preference }) => isEmptyTerm(preference) || matchesNodeSelectorTerm(preference, node))
    .reduce((sum, { weight }) => sum + weight, 0)

/** All of the term's requirements must hold; a term without any matches no node. */
export function matchesNodeSelectorTerm(term: NodeSelectorTerm, node: Node): boolean {
  if (isEmptyTerm(term)) return false
  const labels = node.metadata.labels ?? {}
  const fields = { 'metadata.name': node.metadata.name ?? '' }
  return (
    (term.matchExpressions ?? []).every(requirement => meets(requirement, labels)) && (term.matchFields ?? []).every(requirement => meets(requirement, fields))
  )
}

export interface HostPort {
  readonly ip: string
  readonly protocol: string
  readonly port: number
}

/** The ports on the node that the Pod takes while it runs: those of its containers and sidecars. */
export const hostPortsOf = ({ spec }: Pod): HostPort[] =>
  [...(spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'), ...spec.containers]
    .flatMap(({ ports }) => ports ?? [])
    .filter(({ hostPort }) => hostPort)
    .map(({ hostIP, protocol, hostPort }) => ({ ip: hostIP || ANY_IP, protocol, port: hostPort! }))

/** Two host ports are the same if one of them is on every address. */
export const hostPortsConflict = (wanted: readonly HostPort[], taken: readonly HostPort[]): boolean =>
  wanted.some(a => taken.some(b => a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === ANY_IP || b.ip === ANY_IP)))

const ANY_IP = '0.0.0.0'

const isEmptyTerm = ({ matchExpressions, matchFields }: NodeSelectorTerm): boolean => !matchExpressions?.length && !matchFields?.length

function meets({ key, operator, values = [] }: NodeSelectorRequirement, labels: { readonly [key: string]: string }): boolean {
  const value = labels[key]
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return isInteger(value) && isInteger(values[0]) && Number(value) > Number(values[0])
    case 'Lt':
      return isInteger(value) && isInteger(values[0]) && Number(value) < Number(values[0])
  }
}

const isInteger = (text: string | undefined): boolean => text !== undefined && /^[-+]?\d+$/.test(text)
