/** What a Pod's failure means for its Job, by the first rule of its policy that matches. */
import type { Pod } from '../../api/kinds/pod.ts'
import { podCondition } from '../../api/pod.ts'
import type { PodFailurePolicy, PodFailurePolicyRule } from '../../api/types/job.ts'

export interface FailureMatch {
  readonly action: 'FailJob' | 'FailIndex' | 'Ignore' | 'Count'
  /** What has matched, and which rule. */
  readonly message: string
}

/** Undefined: no rule says anything about it, and it counts. */
export function matchFailure(policy: PodFailurePolicy | undefined, pod: Pod): FailureMatch | undefined {
  for (const [index, rule] of (policy?.rules ?? []).entries()) {
    const what = rule.onExitCodes ? matchExitCodes(rule.onExitCodes, pod) : matchConditions(rule.onPodConditions ?? [], pod)
    if (what) return { action: rule.action, message: `${what} matching ${rule.action} rule at index ${index}` }
  }
  return undefined
}

function matchExitCodes({ containerName, operator, values }: NonNullable<PodFailurePolicyRule['onExitCodes']>, pod: Pod): string | undefined {
  const statuses = [...(pod.status.containerStatuses ?? []), ...(pod.status.initContainerStatuses ?? [])]
  for (const { name, state } of statuses) {
    const exitCode = state.terminated?.exitCode ?? 0
    if (exitCode === 0 || (containerName !== undefined && name !== containerName)) continue
    if (values.includes(exitCode) === (operator === 'In')) return `Container ${name} for pod ${nameOf(pod)} failed with exit code ${exitCode}`
  }
  return undefined
}

function matchConditions(patterns: NonNullable<PodFailurePolicyRule['onPodConditions']>, pod: Pod): string | undefined {
  const found = patterns.find(({ type, status }) => podCondition(pod, type)?.status === status)
  return found && `Pod ${nameOf(pod)} has condition ${found.type}`
}

const nameOf = ({ metadata }: Pod): string => `${metadata.namespace}/${metadata.name}`

/** Whether a Pod that has failed is one of those that backoffLimit is about. */
export const countsAsFailure = (policy: PodFailurePolicy | undefined, pod: Pod): boolean => matchFailure(policy, pod)?.action !== 'Ignore'
