/** Chooses a node for a Pod, or says why there is none. Pure: the same snapshot, start and draw give the same node. */
import type { Random } from '../base/random.ts'
import type { PodDemand } from './demand.ts'
import { filterWithNominated } from './filter.ts'
import type { NodeInfo } from './node_info.ts'
import { objection, type Objection, type Rejection } from './objection.ts'
import { DEFAULT_PROFILE, type Profile } from './profiles.ts'
import { questionOf, type Question } from './question.ts'
import { largest, scoreNodes } from './score.ts'
import type { Snapshot } from './snapshot.ts'
import { volumeNeedsOf } from './volumes.ts'

export type Choice = { readonly is: 'node'; readonly name: string; readonly examined: number } | NoNode

export interface NoNode {
  readonly is: 'none'
  readonly examined: number
  readonly nodeCount: number
  /** Why no node at all was looked at. */
  readonly rejection: Rejection | undefined
  /** By node, where nodes were looked at. */
  readonly objections: ReadonlyMap<string, Objection>
}

export interface ChooseOptions {
  readonly profile?: Profile
  /**
   * Where among the nodes to begin. In a large cluster only a part is looked at; whoever goes on where the
   * last decision stopped (`start + examined`) gives every node its turn.
   */
  readonly start?: number
}

export function chooseNode(demand: PodDemand, snapshot: Snapshot, random: Random, { profile = DEFAULT_PROFILE, start = 0 }: ChooseOptions = {}): Choice {
  const { nodes } = snapshot
  const none = (examined: number, objections: ReadonlyMap<string, Objection>, rejection?: Rejection): NoNode => ({
    is: 'none',
    examined,
    nodeCount: nodes.length,
    rejection,
    objections,
  })
  if (nodes.length === 0) return none(0, NO_OBJECTIONS)
  const question = ask(demand, snapshot)
  if ('message' in question) return none(0, NO_OBJECTIONS, question)

  const kept = nominatedNode(question, snapshot)
  if (kept) return { is: 'node', name: kept, examined: 0 }

  const { feasible, objections, examined } = findFeasible(question, snapshot, start)
  if (feasible.length === 0) return none(examined, objections())
  const [only] = feasible
  const winner = feasible.length === 1 ? only! : best(feasible, scoreNodes(question, feasible, snapshot, profile), random)
  return { is: 'node', name: winner.node.metadata.name!, examined }
}

const NO_OBJECTIONS: ReadonlyMap<string, Objection> = new Map()

/** Some Pods need not ask at all. */
function ask(demand: PodDemand, snapshot: Snapshot): Question | Rejection {
  if (demand.nodeNames?.length === 0) return { by: 'NodeAffinity', message: 'pod affinity terms conflict' }
  const volumes = volumeNeedsOf(demand, snapshot.volumes)
  return 'message' in volumes ? volumes : questionOf(demand, snapshot, volumes)
}

/** Others were pushed out for it there: unless something has come between, no other node is better. */
function nominatedNode(question: Question, snapshot: Snapshot): string | undefined {
  const name = snapshot.nominationOf(question.demand.pod.metadata.uid!)
  const info = name ? snapshot.node(name) : undefined
  return info && filterWithNominated(question, info, snapshot) === undefined ? name : undefined
}

function findFeasible(question: Question, snapshot: Snapshot, start: number) {
  const { nodes } = snapshot
  const { nodeNames } = question.demand
  const feasible: NodeInfo[] = []
  const refused: NodeInfo[] = []
  const reasons: Objection[] = []
  const look = (info: NodeInfo) => {
    const found = filterWithNominated(question, info, snapshot)
    if (!found) return void feasible.push(info)
    refused.push(info)
    reasons.push(found)
  }
  // Who said what is asked for only when nobody has agreed.
  const objections = () => new Map(feasible.length > 0 ? [] : refused.map(({ node }, i) => [node.metadata.name!, reasons[i]!]))
  if (nodeNames) {
    for (const name of nodeNames) {
      const info = snapshot.node(name)
      if (info) look(info)
    }
    const others = feasible.length > 0 ? [] : nodes.filter(({ node }) => !nodeNames.includes(node.metadata.name!))
    refused.push(...others)
    reasons.push(...others.map(() => IS_NOT_NAMED))
    return { feasible, objections, examined: 0 }
  }
  const enough = feasibleNodesToFind(nodes.length)
  let examined = 0
  while (examined < nodes.length && feasible.length < enough) look(nodes[(start + examined++) % nodes.length]!)
  return { feasible, objections, examined }
}

/** Nodes that are left out before the filters, because the Pod names those it wants. */
const IS_NOT_NAMED = objection('NodeAffinity', "node(s) didn't satisfy plugin(s) [NodeAffinity]", true)

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
