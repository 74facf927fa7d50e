/**
 * Which Pods of lower priority would have to go so that this one fits, and on which node that costs least (behaviour 7.5). Pure:
 * who really goes is for preemption.ts to do.
 */
import { matchesLabelSelector } from '../api/label_selector.ts'
import { isDeleting, podCondition } from '../api/pod.ts'
import type { PodDisruptionBudget } from '../api/kinds/pod_disruption_budget.ts'
import type { Pod } from '../api/kinds/pod.ts'
import type { Random } from '../base/random.ts'
import type { NoNode } from './choose.ts'
import type { PodDemand } from './demand.ts'
import { filterWithNominated } from './filter.ts'
import type { NodeInfo } from './node_info.ts'
import type { Objection } from './objection.ts'
import { questionOf, type Question } from './question.ts'
import type { Snapshot } from './snapshot.ts'

export type PreemptionPlan =
  | { readonly is: 'victims'; readonly nodeName: string; readonly victims: readonly PodDemand[] }
  | { readonly is: 'not eligible'; readonly reason: string }
  /** How many nodes say what. */
  | { readonly is: 'in vain'; readonly reasons: ReadonlyMap<string, number> }

export const NOT_HELPFUL = 'Preemption is not helpful for scheduling'
const NO_VICTIMS = 'No preemption victims found for incoming pod'

/** In a large cluster it is enough to find so many nodes where it could be done. */
const CANDIDATES_MIN = 100
const CANDIDATES_PERCENT = 10

interface Candidate {
  readonly nodeName: string
  /** The most important first. */
  readonly victims: readonly PodDemand[]
  /** How many of them a budget does not allow. */
  readonly violations: number
}

export function planPreemption(
  demand: PodDemand,
  { nodeCount, objections }: NoNode,
  snapshot: Snapshot,
  { budgets, random }: { readonly budgets: readonly PodDisruptionBudget[]; readonly random: Random },
): PreemptionPlan {
  const reason = whyNotEligible(demand, objections, snapshot)
  if (reason) return { is: 'not eligible', reason }

  const reasons = new Map<string, number>()
  const note = (text: string, count = 1) => reasons.set(text, (reasons.get(text) ?? 0) + count)
  const helpless = nodeCount - [...objections.values()].filter(({ unresolvable }) => !unresolvable).length
  if (helpless > 0) note(NOT_HELPFUL, helpless)

  const question = questionOf(demand, snapshot)
  const hopeful = snapshot.nodes.filter(({ node }) => objections.get(node.metadata.name!)?.unresolvable === false)
  const enough = Math.max(CANDIDATES_MIN, Math.floor((hopeful.length * CANDIDATES_PERCENT) / 100))
  const start = random.below(Math.max(1, hopeful.length))
  const candidates: Candidate[] = []
  for (let i = 0; i < hopeful.length && candidates.length < enough; i++) {
    const found = candidateOn(hopeful[(start + i) % hopeful.length]!, question, snapshot, budgets)
    if ('victims' in found) candidates.push(found)
    else for (const text of found.reasons) note(text)
  }
  const best = cheapest(candidates)
  return best ? { is: 'victims', nodeName: best.nodeName, victims: best.victims } : { is: 'in vain', reasons }
}

/** While those it has pushed out are still on their way, nobody else is. */
function whyNotEligible({ pod, priority }: PodDemand, objections: ReadonlyMap<string, Objection>, snapshot: Snapshot): string | undefined {
  if (pod.spec.preemptionPolicy === 'Never') return 'preemptionPolicy=Never'
  const nominated = snapshot.nominationOf(pod.metadata.uid!)
  if (!nominated || objections.get(nominated)?.unresolvable) return undefined
  const others = [...(snapshot.node(nominated)?.pods.values() ?? [])]
  return others.some(other => other.priority < priority && isBeingPreempted(other.pod)) ? 'a terminating pod on the nominated node' : undefined
}

const isBeingPreempted = (pod: Pod): boolean => isDeleting(pod) && podCondition(pod, 'DisruptionTarget')?.reason === 'PreemptionByScheduler'

/** All Pods of lower priority go, and then as many as possible come back, the most important first. */
function candidateOn(
  info: NodeInfo,
  question: Question,
  snapshot: Snapshot,
  budgets: readonly PodDisruptionBudget[],
): Candidate | { readonly reasons: readonly string[] } {
  const lower = [...info.pods.values()].filter(({ priority }) => priority < question.demand.priority).sort(byImportance)
  if (lower.length === 0) return { reasons: [NO_VICTIMS] }
  const nodeName = info.node.metadata.name!
  return snapshot.tryOut(nodeName, trial => {
    for (const pod of lower) trial.remove(pod)
    const still = filterWithNominated(question, info, snapshot)
    if (still) return { reasons: still.reasons }
    const { violating, allowed } = splitByBudget(lower, budgets)
    const mustGo = (pod: PodDemand): boolean => {
      trial.add(pod)
      if (filterWithNominated(question, info, snapshot) === undefined) return false
      trial.remove(pod)
      return true
    }
    // Those that a budget protects come back first.
    const against = violating.filter(mustGo)
    const victims = [...against, ...allowed.filter(mustGo)].sort(byImportance)
    return { nodeName, victims, violations: against.length }
  })
}

/** Who would still be allowed to go if all before them went. */
function splitByBudget(pods: readonly PodDemand[], budgets: readonly PodDisruptionBudget[]) {
  const left = budgets.map(({ status }) => status?.disruptionsAllowed ?? 0)
  const violating: PodDemand[] = []
  const allowed: PodDemand[] = []
  for (const demand of pods) {
    let violates = false
    budgets.forEach((budget, i) => {
      if (!protects(budget, demand.pod)) return
      left[i]! -= 1
      if (left[i]! < 0) violates = true
    })
    if (violates) violating.push(demand)
    else allowed.push(demand)
  }
  return { violating, allowed }
}

/** A Pod whose disruption was counted already, because it was evicted, is not counted twice. A selector without conditions is none here. */
function protects({ metadata, spec, status }: PodDisruptionBudget, { metadata: { namespace, name, labels } }: Pod): boolean {
  const selector = spec?.selector
  const isEmpty = !Object.keys(selector?.matchLabels ?? {}).length && !selector?.matchExpressions?.length
  return metadata.namespace === namespace && !isEmpty && status?.disruptedPods?.[name!] === undefined && matchesLabelSelector(selector, labels)
}

/** One rule after the other; whoever is equal in all of them stays in order. */
function cheapest(candidates: readonly Candidate[]): Candidate | undefined {
  let left = candidates
  for (const cost of COSTS) {
    if (left.length <= 1) break
    const costs = left.map(cost)
    const least = costs.reduce((min, n) => Math.min(min, n), Infinity)
    left = left.filter((_, i) => costs[i] === least)
  }
  return left[0]
}

/** Priorities may be negative; moved up so that more victims always sum up to more. */
const PRIORITY_OFFSET = 2 ** 31

const COSTS: readonly ((candidate: Candidate) => number)[] = [
  ({ violations }) => violations,
  ({ victims }) => victims[0]?.priority ?? -Infinity,
  ({ victims }) => victims.reduce((sum, { priority }) => sum + priority + PRIORITY_OFFSET, 0),
  ({ victims }) => victims.length,
  // Of the most important ones the one that has run longest: better if even that has started lately.
  ({ victims }) => -Math.min(...victims.filter(({ priority }) => priority === victims[0]!.priority).map(startedAt)),
]

/** By uid in the end, so that the order never depends on what was looked at before. */
const byImportance = (a: PodDemand, b: PodDemand): number =>
  b.priority - a.priority || startedAt(a) - startedAt(b) || (a.pod.metadata.uid! < b.pod.metadata.uid! ? -1 : 1)

/** Not started yet counts as just now. */
const startedAt = ({ pod: { status } }: PodDemand): number => (status.startTime ? Date.parse(status.startTime) : Number.MAX_SAFE_INTEGER)
