/** Chooses a node for a Pod, or says why there is none. Pure: the same snapshot, start and draw give the same node. */
import type { Random } from '../base/random.ts'
import type { PodDemand } from './demand.ts'
import { filterNode, type Objection } from './filter.ts'
import { largest, scoreNodes } from './score.ts'
import type { NodeInfo, Snapshot } from './snapshot.ts'

export type Choice =
  | { readonly is: 'node'; readonly name: string; readonly examined: number }
  | { readonly is: 'none'; readonly message: string; readonly examined: number }

/**
 * @param start where among the nodes to begin. In a large cluster only a part is looked at; whoever goes on where the
 *   last decision stopped (`start + examined`) gives every node its turn.
 */
export function chooseNode(demand: PodDemand, { nodes }: Snapshot, random: Random, start = 0): Choice {
  if (nodes.length === 0) return { is: 'none', message: 'no nodes available to schedule pods', examined: 0 }
  const enough = feasibleNodesToFind(nodes.length)
  const feasible: NodeInfo[] = []
  const objections: Objection[] = []
  let examined = 0
  while (examined < nodes.length && feasible.length < enough) {
    const info = nodes[(start + examined++) % nodes.length]!
    const objection = filterNode(demand, info)
    if (objection) objections.push(objection)
    else feasible.push(info)
  }
  if (feasible.length === 0) return { is: 'none', message: explain(demand, nodes.length, objections), examined }
  return { is: 'node', name: best(feasible, scoreNodes(demand, feasible), random).node.metadata.name!, examined }
}

const NODES_FOUND_MIN = 100

/** Kubernetes' sampling: up to 100 nodes all of them, then half and ever less, but never below five percent or 100. */
export function feasibleNodesToFind(total: number): number {
  if (total < NODES_FOUND_MIN) return total
  const percent = Math.max(5, 50 - Math.floor(total / 125))
  return Math.max(NODES_FOUND_MIN, Math.floor((total * percent) / 100))
}

/** Ties are broken by chance, so that equal nodes fill evenly. */
function best(infos: readonly NodeInfo[], scores: readonly number[], random: Random): NodeInfo {
  const top = largest(scores)
  const winners = infos.filter((_, i) => scores[i] === top)
  return winners[random.below(winners.length)]!
}

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. no new claims to deallocate, preemption: …` */
function explain(demand: PodDemand, total: number, objections: readonly Objection[]): string {
  const counts = new Map<string, number>()
  for (const { reasons } of objections) for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return `0/${total} nodes are available: ${printCounts(counts)} ${NO_CLAIMS}, ${preemption(demand, total, objections)}`
}

/** What 1.34 says for the device claims of a Pod, also of one that has none; we know no claims. */
const NO_CLAIMS = 'no new claims to deallocate'

function preemption({ pod }: PodDemand, total: number, objections: readonly Objection[]): string {
  if (pod.spec.preemptionPolicy === 'Never') return 'preemption: not eligible due to preemptionPolicy=Never.'
  const counts = new Map<string, number>()
  const helpless = objections.filter(objection => objection.unresolvable).length
  if (helpless > 0) counts.set('Preemption is not helpful for scheduling', helpless)
  if (helpless < objections.length) counts.set('No preemption victims found for incoming pod', objections.length - helpless)
  return `preemption: 0/${total} nodes are available: ${printCounts(counts)}`
}

const printCounts = (counts: ReadonlyMap<string, number>): string =>
  `${[...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ')}.`
