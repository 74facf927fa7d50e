/** The whole status of a Pod as the kubelet sees it. Pure: it is computed anew each time and written when it differs. */
import { timestamp } from '../../api/meta.ts'
import type { PodStatus } from '../../api/types/pod_status.ts'
import type { Millis } from '../../base/clock.ts'
import type { ContainerStatus } from '../../runtime/runtime.ts'
import { containerNameOf } from '../container/labels.ts'
import { runningOf } from '../pod/instances.ts'
import { isUsable } from '../pod/plan_sandbox.ts'
import { containersOf, isHostNetwork, type Phase } from '../pod/pod_nouns.ts'
import { isResizing } from '../pod/plan_resize.ts'
import type { DesiredPod, ObservedPod, PodMemory, Termination } from '../pod/pod_state.ts'
import { computeConditions, type ResizeState } from './conditions.ts'
import { computeContainerStatuses, type StatusView } from './container_statuses.ts'
import { concludeStatuses } from './final_statuses.ts'
import { computePhase, endPhase } from './phase.ts'

export interface PodStatusInputs extends Omit<StatusView, 'isEnding' | 'starting'> {
  readonly termination: Termination | undefined
  readonly memory: PodMemory
  readonly hostIPs: readonly string[]
  readonly resize?: DesiredPod['resize']
  /** Wall-clock. */
  readonly now: Millis
}

export function computePodStatus(inputs: PodStatusInputs): PodStatus {
  const { pod, termination, memory, hostIPs, now } = inputs
  const previous = previousOf(inputs)
  const observed = withoutHalfStarted(inputs)
  const phase = phaseOf({ ...inputs, observed, previous })
  const isOver = isTerminalPhase(phase)
  const seen = computeContainerStatuses({ ...inputs, observed, isEnding: termination !== undefined, starting: memory.starting })
  const statuses = isOver ? concludeStatuses(pod, seen) : seen
  const sandbox = observed.sandboxes[0]
  const hasSandbox = !isOver && sandbox !== undefined && isUsable(pod, sandbox)
  const seenIPs = isHostNetwork(pod) ? hostIPs : (observed.sandboxes.find(s => s.ips.length > 0)?.ips ?? [])
  // Addresses stay in the status when the sandbox has gone: that is where it was.
  const podIPs = seenIPs.length > 0 ? seenIPs.map(ip => ({ ip })) : (previous?.podIPs ?? [])
  const failure =
    isOver && phase === 'Failed' ? (termination?.failure ?? (previous?.reason ? { reason: previous.reason, message: previous.message } : undefined)) : undefined
  // Its containers have no state to tell of, so kubectl shows the reason in their place. It stays so after a restart.
  const isRefused = isOver && (termination?.isRefusal === true || (previous?.phase === 'Failed' && previous.containerStatuses === undefined))

  return {
    phase,
    ...(failure?.reason && { reason: failure.reason }),
    ...(failure?.message && { message: failure.message }),
    conditions: computeConditions({
      pod,
      phase,
      statuses,
      hasSandbox,
      previous: previous?.conditions ?? pod.status?.conditions ?? [],
      disruption: termination?.disruption,
      resize: termination ? undefined : resizeState(inputs),
      now: timestamp(now),
    }),
    ...(hostIPs[0] && { hostIP: hostIPs[0], hostIPs: hostIPs.map(ip => ({ ip })) }),
    ...(podIPs[0] && { podIP: podIPs[0].ip, podIPs }),
    startTime: previous?.startTime ?? pod.status?.startTime ?? memory.startTime,
    ...(!isRefused && statuses),
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
  } as PodStatus
}

const resizeState = ({ pod, observed, memory, resize }: PodStatusInputs): ResizeState => ({
  pending: resize?.pending,
  isInProgress: isResizing(pod, observed, memory),
  error: memory.resizeError,
  generation: resize?.generation,
})

/** What is there before the call that starts it has returned is not shown yet; a postStart hook is waited for in sight of all. */
function withoutHalfStarted({ pod, observed, memory: { starting } }: PodStatusInputs): ObservedPod {
  if (starting.size === 0) return observed
  const isHooked = (name: string) => containersOf(pod).some(({ container }) => container.name === name && container.lifecycle?.postStart)
  const isHalfStarted = (one: ContainerStatus) => one.state === 'created' || (one.state === 'running' && !isHooked(containerNameOf(one)))
  return { ...observed, containers: observed.containers.filter(one => !(starting.has(containerNameOf(one)) && isHalfStarted(one))) }
}

/** A terminal phase that somebody else has written, with its reason, is as good as one of our own. */
function previousOf({ pod, previous }: PodStatusInputs): PodStatus | undefined {
  const { phase, reason, message } = pod.status ?? {}
  if (!previous || !isTerminalPhase(phase) || isTerminalPhase(previous.phase)) return previous
  return { ...previous, phase: phase!, reason, message }
}

/** A terminal phase is withheld until nothing can be running any more, and is never left again. */
function phaseOf({ pod, observed, healthOf, previous, termination, memory }: PodStatusInputs): Phase {
  const before = previous?.phase as Phase | undefined
  if (before && isTerminalPhase(before)) return before
  const mayRun = runningOf(observed).length > 0 || memory.starting.size > 0
  if (!termination) {
    const phase = computePhase(pod, observed, healthOf)
    return isTerminalPhase(phase) && mayRun ? (before ?? 'Pending') : phase
  }
  if (mayRun) return before ?? 'Pending'
  return termination.failure ? 'Failed' : endPhase(pod, observed)
}

const isTerminalPhase = (phase: string | undefined): boolean => phase === 'Succeeded' || phase === 'Failed'
