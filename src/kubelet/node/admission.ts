/**
 * Whether a Pod still fits on the node when the kubelet first sees it. The scheduler has asked before, but it may not have
 * known everything, and a Pod may name its node itself (behaviour 6.6).
 *
 *   kernel settings ─▶ operating system ─▶ resources, selector, name, ports, taints ─▶ shutdown
 *                                             └▶ a critical Pod: who has to go for it?
 */
import { isCriticalPod } from '../../api/pod.ts'
import type { Node } from '../../api/kinds/node.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { abilityRefusal, NO_ABILITIES, type NodeAbilities } from './abilities.ts'
import { misfitsOf, type Misfit } from './predicates.ts'
import { planPreemption } from './preemption.ts'
import { forbiddenSysctl } from './sysctls.ts'

export interface Refusal {
  readonly reason: string
  readonly message: string
}

/** The Pod is taken once these have stopped. */
export interface Preemption {
  readonly preempt: readonly Pod[]
}

export interface AdmissionView {
  readonly pod: Pod
  /** The Pods of this node that have not ended. */
  readonly others: readonly Pod[]
  /** As it is in the API, or would be. */
  readonly node: Node
  readonly isShuttingDown: boolean
  /** Default: none. */
  readonly abilities?: NodeAbilities
}

/** Undefined: it is taken. */
export function admitPod(view: AdmissionView): Refusal | Preemption | undefined {
  const { pod, others, node, isShuttingDown, abilities = NO_ABILITIES } = view
  const refusal = sysctlRefusal(pod, abilities) ?? systemRefusal(pod, node) ?? abilityRefusal(pod, abilities)
  if (refusal) return refusal
  const misfits = misfitsOf(pod, others, node)
  const unfit = misfits.length > 0 ? recover(view, misfits) : undefined
  // Nobody goes for a Pod that is refused all the same.
  if (isShuttingDown && !(unfit && 'reason' in unfit)) return SHUTTING_DOWN
  return unfit
}

const SHUTTING_DOWN: Refusal = { reason: 'NodeShutdown', message: 'Pod was rejected as the node is shutting down.' }

function sysctlRefusal(pod: Pod, { allowedUnsafeSysctls }: NodeAbilities): Refusal | undefined {
  const message = forbiddenSysctl(pod, allowedUnsafeSysctls)
  return message ? { reason: 'SysctlForbidden', message } : undefined
}

const OS_LABEL = 'kubernetes.io/os'

function systemRefusal({ spec }: Pod, { metadata }: Node): Refusal | undefined {
  const wanted = spec.nodeSelector?.[OS_LABEL]
  if (wanted !== undefined && wanted !== metadata.labels?.[OS_LABEL])
    return { reason: 'PodOSSelectorNodeLabelDoesNotMatch', message: "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label" }
  if (spec.os && spec.os.name !== 'linux') return { reason: 'PodOSNotSupported', message: "Failed to admit pod as the OS field doesn't match node OS" }
  return undefined
}

/** A critical Pod is not refused for what others can be made to give. */
function recover({ pod, others }: AdmissionView, misfits: readonly Misfit[]): Refusal | Preemption {
  const isShortage = (misfit: Misfit) => misfit.is === 'insufficient'
  if (!isCriticalPod(pod) || !misfits.every(isShortage)) {
    const told = isCriticalPod(pod) ? misfits.find(misfit => !isShortage(misfit)) : misfits[0]
    return refusalFor(told!)
  }
  const missing = new Map(misfits.flatMap(misfit => (misfit.is === 'insufficient' ? [[misfit.resource, lackOf(misfit)] as const] : [])))
  const plan = planPreemption(pod, others, missing)
  if (plan.is === 'possible') return { preempt: plan.victims }
  return {
    reason: 'UnexpectedAdmissionError',
    message: `Unexpected error while attempting to recover from admission failure: preemption: error finding a set of pods to preempt: ${plan.why}`,
  }
}

const lackOf = ({ requested, used, capacity }: Extract<Misfit, { is: 'insufficient' }>): number => requested + used - capacity

function refusalFor(misfit: Misfit): Refusal {
  if (misfit.is === 'predicate') return { reason: misfit.name, message: `Predicate ${misfit.name} failed: ${misfit.why}` }
  const { resource, requested, used, capacity } = misfit
  return {
    reason: `OutOf${resource}`,
    message: `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  }
}
