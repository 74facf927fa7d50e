/** Chooses a node for a Pod, or says why there is none. Pure: the same snapshot and draw give the same node. */
import type { Random } from '../base/random.ts'
import type { Pod } from '../api/kinds/pod.ts'
import { filterNode, type Objection } from './filter.ts'
import { scoreNodes } from './score.ts'
import type { NodeInfo, Snapshot } from './snapshot.ts'

export type Choice =
  | { readonly is: 'node'; readonly name: string }
  | { readonly is: 'none'; readonly message: string }

export function chooseNode(pod: Pod, { nodes }: Snapshot, random: Random): Choice {
  if (nodes.length === 0) return { is: 'none', message: 'no nodes available to schedule pods' }
  const feasible: NodeInfo[] = []
  const objections: Objection[] = []
  for (const info of nodes) {
    const objection = filterNode(pod, info)
    if (objection) objections.push(objection)
    else feasible.push(info)
  }
  if (feasible.length === 0) return { is: 'none', message: explain(pod, nodes.length, objections) }
  return { is: 'node', name: best(feasible, scoreNodes(pod, feasible), random).node.metadata.name! }
}

/** Ties are broken by chance, so that equal nodes fill evenly. */
function best(infos: readonly NodeInfo[], scores: readonly number[], random: Random): NodeInfo {
  const top = Math.max(...scores)
  const winners = infos.filter((_, i) => scores[i] === top)
  return winners[random.below(winners.length)]!
}

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. preemption: …` */
function explain(pod: Pod, total: number, objections: readonly Objection[]): string {
  const counts = new Map<string, number>()
  for (const { reasons } of objections) for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return `0/${total} nodes are available: ${printCounts(counts)} ${preemption(pod, total, objections)}`
}

function preemption(pod: Pod, total: number, objections: readonly Objection[]): string {
  if (pod.spec.preemptionPolicy === 'Never') return 'preemption: not eligible due to preemptionPolicy=Never.'
  const counts = new Map<string, number>()
  const helpless = objections.filter(objection => objection.unresolvable).length
  if (helpless > 0) counts.set('Preemption is not helpful for scheduling', helpless)
  if (helpless < objections.length) counts.set('No preemption victims found for incoming pod', objections.length - helpless)
  return `preemption: 0/${total} nodes are available: ${printCounts(counts)}`
}

const printCounts = (counts: ReadonlyMap<string, number>): string => `${[...counts].map(([reason, count]) => `${count} ${reason}`).sort().join(', ')}.`
