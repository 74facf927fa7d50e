/** The conditions that the kubelet owns, in the order it writes them. Others (readiness gates) are read, never written. */
import type { Pod } from '../../api/kinds/pod.ts'
import type { ContainerStatus as ContainerStatusOfApi } from '../../api/types/container_status.ts'
import type { PodCondition, PodStatus } from '../../api/types/pod_status.ts'
import { isSidecar } from '../../api/pod.ts'
import type { PendingResize } from '../allocation/allocation.ts'
import type { Phase } from '../pod/pod_nouns.ts'

/** Are only there while a resize waits or is under way. */
export const RESIZE_CONDITIONS: readonly string[] = ['PodResizePending', 'PodResizeInProgress']

export const OWNED_CONDITIONS: readonly string[] = [
  ...RESIZE_CONDITIONS,
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
]

type Verdict = Pick<PodCondition, 'status' | 'observedGeneration'> & { readonly reason?: string; readonly message?: string }

export interface ConditionInputs {
  readonly pod: Pod
  readonly phase: Phase
  readonly statuses: Pick<PodStatus, 'containerStatuses' | 'initContainerStatuses'>
  /** A sandbox with its network is there. */
  readonly hasSandbox: boolean
  readonly previous: readonly PodCondition[]
  /** Set when the kubelet itself ended the Pod for the node's sake. */
  readonly disruption?: string
  readonly resize?: ResizeState
  /** RFC 3339, in seconds. */
  readonly now: string
}

export interface ResizeState {
  readonly pending: PendingResize | undefined
  /** Something runs that has not got its new resources yet. */
  readonly isInProgress: boolean
  /** Why the last attempt to give them failed. */
  readonly error: string | undefined
  /** Of the Pod, when it was given them. */
  readonly generation: number | undefined
}

export function computeConditions(inputs: ConditionInputs): PodCondition[] {
  const containersReady = verdictOnContainers(inputs)
  const isOver = inputs.phase === 'Failed' || inputs.phase === 'Succeeded'
  const verdicts: [string, Verdict][] = [
    ...(isOver || !inputs.resize ? [] : verdictsOnResize(inputs.resize)),
    // Together with the terminal phase, never before. What others say of a disruption is theirs and stays.
    ...(isOver && inputs.disruption
      ? [['DisruptionTarget', { status: 'True', reason: 'TerminationByKubelet', message: inputs.disruption }] satisfies [string, Verdict]]
      : []),
    ['PodReadyToStartContainers', { status: inputs.hasSandbox ? 'True' : 'False' }],
    ['Initialized', verdictOnInit(inputs)],
    ['Ready', verdictOnPod(containersReady, inputs)],
    ['ContainersReady', containersReady],
    ['PodScheduled', { status: 'True' }],
  ]
  return verdicts.map(([type, verdict]) => {
    const old = inputs.previous.find(condition => condition.type === type)
    return {
      type,
      // Nobody has ever set it, and everybody shows it.
      lastProbeTime: null,
      lastTransitionTime: old?.status === verdict.status && old.lastTransitionTime ? old.lastTransitionTime : inputs.now,
      ...(inputs.pod.metadata.generation !== undefined && { observedGeneration: inputs.pod.metadata.generation }),
      ...verdict,
    }
  })
}

function verdictsOnResize({ pending, isInProgress, error, generation }: ResizeState): [string, Verdict][] {
  const since = (at: number | undefined) => at !== undefined && { observedGeneration: at }
  return [
    ...(pending
      ? [['PodResizePending', { status: 'True', reason: pending.reason, message: pending.message, ...since(pending.generation) }] satisfies [string, Verdict]]
      : []),
    ...(isInProgress
      ? [
          ['PodResizeInProgress', { status: 'True', ...(error !== undefined && { reason: 'Error', message: error }), ...since(generation) }] satisfies [
            string,
            Verdict,
          ],
        ]
      : []),
  ]
}

function verdictOnInit({ pod, phase, statuses }: ConditionInputs): Verdict {
  const init = pod.spec.initContainers ?? []
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' }
  const hasBegun = (statuses.containerStatuses ?? []).some(({ state, lastState }) => state?.running || state?.terminated || lastState?.terminated)
  if (hasBegun) return { status: 'True' }
  const incomplete = init.filter(container => {
    const status = statuses.initContainerStatuses?.find(({ name }) => name === container.name)
    return isSidecar(container) ? !status?.started : !status?.ready
  })
  if (incomplete.length === 0) return { status: 'True' }
  return {
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${incomplete.map(({ name }) => name).join(' ')}]`,
  }
}

function verdictOnContainers({ pod, phase, statuses }: ConditionInputs): Verdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' }
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' }
  const wanted = [...(pod.spec.initContainers ?? []).filter(isSidecar), ...pod.spec.containers]
  const known: ContainerStatusOfApi[] = [...(statuses.initContainerStatuses ?? []), ...(statuses.containerStatuses ?? [])]
  const unready = wanted.filter(({ name }) => !known.find(status => status.name === name)?.ready)
  if (unready.length === 0) return { status: 'True' }
  return { status: 'False', reason: 'ContainersNotReady', message: `containers with unready status: [${unready.map(({ name }) => name).join(' ')}]` }
}

function verdictOnPod(containers: Verdict, { pod }: ConditionInputs): Verdict {
  if (containers.status !== 'True') return containers
  const problems = (pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const condition = pod.status?.conditions?.find(({ type }) => type === conditionType)
    if (!condition) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`]
    return condition.status === 'True' ? [] : [`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`]
  })
  return problems.length === 0 ? { status: 'True' } : { status: 'False', reason: 'ReadinessGatesNotReady', message: problems.join(', ') }
}
