/**
 * Why a Pod has no node, as kubectl describe shows it:
 * `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. no new claims to deallocate, preemption: …`
 */
import type { NoNode } from './choose.ts'
import type { Objection } from './objection.ts'
import type { PreemptionPlan } from './preempt.ts'

export function explain({ nodeCount, rejection, objections }: NoNode, plan: PreemptionPlan): string {
  if (nodeCount === 0) return 'no nodes available to schedule pods'
  const why = rejection ? `${rejection.message}.` : printReasons(reasonsOf(objections))
  return `0/${nodeCount} nodes are available: ${why}${explainPreemption(nodeCount, plan)}`
}

/** What 1.34 says for the device claims of a Pod, also of one that has none; we know no claims. */
const NO_CLAIMS = 'no new claims to deallocate'

function explainPreemption(nodeCount: number, plan: PreemptionPlan): string {
  switch (plan.is) {
    case 'victims':
      return ''
    case 'not eligible':
      return ` ${NO_CLAIMS}, preemption: not eligible due to ${plan.reason}.`
    case 'in vain':
      return ` ${NO_CLAIMS}, preemption: 0/${nodeCount} nodes are available: ${printReasons(plan.reasons)}`
  }
}

function reasonsOf(objections: ReadonlyMap<string, Objection>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { reasons } of objections.values()) for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return counts
}

/** Sorted as text: 10 comes before 2. */
const printReasons = (counts: ReadonlyMap<string, number>): string =>
  `${[...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ')}.`
