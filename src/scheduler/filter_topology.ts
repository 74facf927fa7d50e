/** Filters that look past the node, at who is in the same domain of a topology: spread, and affinity between Pods. */
import { objection, type Filter } from './objection.ts'
import type { CountedTerm, Question } from './question.ts'

export const podTopologySpread: Filter = ({ spread }, { node }) => {
  const labels = node.metadata.labels ?? {}
  for (const { constraint, counts } of spread) {
    const value = labels[constraint.topologyKey]
    if (value === undefined) return LACKS_TOPOLOGY_KEY
    const least = counts.domainCount < constraint.minDomains ? 0 : counts.least()
    const skew = counts.of(value) + Number(constraint.countsItself) - least
    if (skew > constraint.maxSkew) return WOULD_SKEW
  }
  return undefined
}

export const interPodAffinity: Filter = (question, { node }) => {
  const labels = node.metadata.labels ?? {}
  if (!hasNeighbours(question, labels)) return NOT_NEAR
  if (question.far.some(term => isAnyThere(term, labels))) return NOT_FAR
  for (const { held, of } of question.forbidding) {
    const value = labels[held.term.topologyKey]
    if (value !== undefined && of(value) > 0) return IS_FORBIDDEN
  }
  return undefined
}

type NodeLabels = { readonly [key: string]: string }

/** Where nobody fits its affinity at all, a Pod that fits it itself may come first, or no such group could ever begin. */
function hasNeighbours({ near, isOwnNeighbour }: Question, labels: NodeLabels): boolean {
  if (near.every(term => isAnyThere(term, labels))) return true
  return isOwnNeighbour && near.every(({ topologyKey, counts }) => labels[topologyKey] !== undefined && counts.total === 0)
}

function isAnyThere({ topologyKey, counts }: CountedTerm, labels: NodeLabels): boolean {
  const value = labels[topologyKey]
  return value !== undefined && counts.of(value) > 0
}

const LACKS_TOPOLOGY_KEY = objection('PodTopologySpread', "node(s) didn't match pod topology spread constraints (missing required label)", true)
const WOULD_SKEW = objection('PodTopologySpread', "node(s) didn't match pod topology spread constraints", false)
const NOT_NEAR = objection('InterPodAffinity', "node(s) didn't match pod affinity rules", true)
const NOT_FAR = objection('InterPodAffinity', "node(s) didn't match pod anti-affinity rules", false)
const IS_FORBIDDEN = objection('InterPodAffinity', "node(s) didn't satisfy existing pods anti-affinity rules", false)
