/** Scores that look past the node, at who is in the same domain of a topology. */
import type { NodeInfo } from './node_info.ts'
import { podsMeetingAll, type Question } from './question.ts'
import type { Snapshot } from './snapshot.ts'

const HOSTNAME = 'kubernetes.io/hostname'

/**
 * The fewer siblings in a node's domains the better. A constraint over few domains weighs less in the sum than one over many, whose
 * numbers are smaller (behaviour 7.4).
 */
export function scoreTopologySpread({ demand: { spread } }: Question, infos: readonly NodeInfo[], { pods }: Snapshot): readonly number[] | undefined {
  const { soft, allKeysNeeded } = spread
  if (soft.length === 0) return undefined
  const takesPart = ({ node }: NodeInfo): boolean => !allKeysNeeded || soft.every(({ topologyKey }) => node.metadata.labels?.[topologyKey] !== undefined)
  const taking = infos.filter(takesPart)
  const constraints = soft.map(({ topologyKey, maxSkew, counted }) => {
    const domains = topologyKey === HOSTNAME ? taking.length : new Set(taking.flatMap(({ node }) => node.metadata.labels?.[topologyKey] ?? [])).size
    return { topologyKey, maxSkew, weight: Math.log(domains + 2), counts: pods.counts(counted) }
  })
  const raw = infos.map(info => {
    if (!takesPart(info)) return undefined
    let sum = 0
    for (const { topologyKey, maxSkew, weight, counts } of constraints) {
      const value = info.node.metadata.labels?.[topologyKey]
      if (value !== undefined) sum += counts.of(value) * weight + (maxSkew - 1)
    }
    return Math.round(sum)
  })
  let most = 0
  let least = Infinity
  for (const score of raw) {
    if (score === undefined) continue
    if (score > most) most = score
    if (score < least) least = score
  }
  return raw.map(score => (score === undefined ? 0 : most === 0 ? 100 : Math.floor((100 * (most + least - score)) / most)))
}

/** Weights of preferred terms, this Pod's and those of the Pods that are there, for every Pod that meets them in the node's domain. */
export function scoreInterPodAffinity({ demand, weighing }: Question, infos: readonly NodeInfo[], { pods }: Snapshot): readonly number[] | undefined {
  const own = demand.affinity.preferred.map(({ term, weight }) => ({
    topologyKey: term.topologyKey,
    weight,
    counts: pods.counts(podsMeetingAll([term], term.topologyKey)),
  }))
  const others = weighing.flatMap(counts =>
    counts.held.is === 'weighs' ? [{ topologyKey: counts.held.term.topologyKey, weight: counts.held.weight, counts }] : [],
  )
  const terms = [...own, ...others]
  if (terms.length === 0) return undefined
  const raw = infos.map(({ node }) => {
    let sum = 0
    for (const { topologyKey, weight, counts } of terms) {
      const value = node.metadata.labels?.[topologyKey]
      if (value !== undefined) sum += weight * counts.of(value)
    }
    return sum
  })
  let most = -Infinity
  let least = Infinity
  for (const sum of raw) {
    if (sum > most) most = sum
    if (sum < least) least = sum
  }
  return most === least ? undefined : raw.map(sum => Math.floor((100 * (sum - least)) / (most - least)))
}
