/** What to do about one container that should run: shared by init containers, sidecars and regular ones. */
import type { Pod } from '../../api/kinds/pod.ts'
import type { Container } from '../../api/types/container.ts'
import type { Probe } from '../../api/types/probe.ts'
import type { Millis } from '../../base/clock.ts'
import type { ContainerStatus } from '../../runtime/runtime.ts'
import { goDuration } from '../../base/go_duration.ts'
import { backoffKey, containerHash, hashOf, restartCountOf } from '../container/labels.ts'
import { planRestart } from './crash_back_off.ts'
import { hasExited } from './instances.ts'
import { podLabel, specGraceMs, type NamedContainer } from './pod_nouns.ts'
import { mustRestart } from './plan_resize.ts'
import type { Action, Health, ObservedPod, PodMemory, StartOrder, Waiting } from './pod_state.ts'
import { planStop } from './plan_stop.ts'

/** What one part of the plan asks for. */
export interface PlanPart {
  readonly starts: StartOrder[]
  readonly stops: Action[]
  readonly backOffs: Action[]
  readonly waiting: Map<string, Waiting>
  wakeAt: Millis
}

export const emptyPart = (): PlanPart => ({ starts: [], stops: [], backOffs: [], waiting: new Map(), wakeAt: Infinity })

/** Starts it, now or when its back-off is over. `newest` is its newest instance, in whatever sandbox. */
export function planStart(pod: Pod, named: NamedContainer, newest: ContainerStatus | undefined, memory: PodMemory, now: Millis, part: PlanPart): void {
  const { name } = named.container
  if (memory.starting.has(name)) return
  const key = backoffKey(named.container)
  const ended = newest && hasExited(newest) ? newest : undefined
  // Who was replaced has not crashed.
  const crashed = ended && !wasReplaced(named.container, ended, memory)
  const { startAt, delayMs, nextDelayMs } = crashed ? planRestart(memory.crashes.get(key), ended.finishedAt) : { startAt: 0, delayMs: 0, nextDelayMs: 0 }
  const failure = memory.startFailures.get(name)

  if (now < startAt) {
    part.waiting.set(name, { reason: 'CrashLoopBackOff', message: `back-off ${goDuration(delayMs)} restarting failed container=${name} pod=${podLabel(pod)}` })
    part.backOffs.push({ do: 'reportBackOff', named, id: ended!.id })
    part.wakeAt = Math.min(part.wakeAt, startAt)
    return
  }
  if (failure && now < failure.retryAt) {
    part.wakeAt = Math.min(part.wakeAt, failure.retryAt)
    return
  }
  part.starts.push({
    named,
    restartCount: newest ? restartCountOf(newest) + 1 : 0,
    crash: crashed ? { key, delayMs: nextDelayMs } : undefined,
  })
}

/** Stops a running container that is not what is wanted any more, or that its probes or its postStart hook have given up. True: it goes. */
export function planReplacement(
  pod: Pod,
  named: NamedContainer,
  running: ContainerStatus,
  health: Health,
  observed: ObservedPod,
  memory: PodMemory,
  now: Millis,
  part: PlanPart,
): boolean {
  const why = whyStopped(pod, named, running, health, memory)
  if (!why && !memory.stops.has(running.id)) return false
  const graceMs = why?.graceMs ?? memory.stops.get(running.id)?.graceMs ?? specGraceMs(pod)
  const { actions, wakeAt } = planStop(
    { container: running, named, graceMs, message: why?.message ?? '', reason: why?.reason ?? '' },
    observed,
    pod,
    memory,
    now,
    { ordered: false },
  )
  part.stops.push(...actions)
  part.wakeAt = Math.min(part.wakeAt, wakeAt)
  return true
}

function whyStopped(
  pod: Pod,
  { role, container }: NamedContainer,
  running: ContainerStatus,
  health: Health,
  memory: PodMemory,
): { message: string; reason: string; graceMs?: Millis } | undefined {
  const isSidecar = role === 'sidecar'
  const subject = isSidecar ? `Init container ${container.name}` : `Container ${container.name}`
  const ending = (restarts: boolean) => (restarts && !isSidecar ? ', will be restarted' : '')
  const mayRestart = pod.spec.restartPolicy !== 'Never'
  if (isOutdated(container, running)) return { message: `${subject} definition changed${ending(true)}`, reason: 'DefinitionChanged' }
  if (mustRestart(container, running)) return { message: `Container ${container.name} resize requires restart`, reason: 'ResizeRestart' }
  if (health.failed === 'liveness')
    return { message: `${subject} failed liveness probe${ending(mayRestart)}`, reason: 'LivenessFailed', graceMs: probeGraceMs(container.livenessProbe) }
  if (health.failed === 'startup')
    return { message: `${subject} failed startup probe${ending(mayRestart)}`, reason: 'StartupFailed', graceMs: probeGraceMs(container.startupProbe) }
  if (memory.startFailures.get(container.name)?.unwanted === running.id) return { message: 'FailedPostStartHook', reason: 'PostStartFailed' }
  return undefined
}

/** It was made from another definition than the Pod has now. */
const isOutdated = (container: Container, made: ContainerStatus): boolean => hashOf(made) !== undefined && hashOf(made) !== containerHash(container)

/** It was stopped so that its new definition, or one with other resources, takes its place: whatever the restart policy says. */
export const wasReplaced = (container: Container, ended: ContainerStatus, memory: PodMemory): boolean =>
  memory.stops.has(ended.id) && (isOutdated(container, ended) || mustRestart(container, ended))

/** A probe may give its container less, or more, time than the Pod does. */
const probeGraceMs = (probe: Probe | undefined): Millis | undefined =>
  probe?.terminationGracePeriodSeconds === undefined ? undefined : probe.terminationGracePeriodSeconds * 1000
