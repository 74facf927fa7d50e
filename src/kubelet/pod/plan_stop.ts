/**
 * The way out of one container:
 *
 *   Killing event ─▶ preStop hook ─▶ (a sidecar waits for those that lean on it) ─▶ stop signal ─▶ gone, or killed
 *   └───────────────────── all of it within the grace, which counts from the event ─────────────────────┘
 *
 * However late the signal comes, two seconds are left between it and the kill.
 */
import type { Pod } from '../../api/kinds/pod.ts'
import type { Millis } from '../../base/clock.ts'
import type { ContainerStatus } from '../../runtime/runtime.ts'
import { newestOf } from './instances.ts'
import { initContainersOf, regularContainersOf, type NamedContainer } from './pod_nouns.ts'
import type { Action, ObservedPod, PodMemory, Stop } from './pod_state.ts'

const SIGNAL_TO_KILL_MS_MIN = 2000

export interface StopWish {
  readonly container: ContainerStatus
  readonly named: NamedContainer | undefined
  readonly graceMs: Millis
  /** The text of the Killing event. */
  readonly message: string
  /** Why it has to go, in one word. */
  readonly reason: string
}

export function planStop(
  wish: StopWish,
  observed: ObservedPod,
  pod: Pod,
  memory: PodMemory,
  now: Millis,
  { ordered }: { ordered: boolean },
): { actions: Action[]; wakeAt: Millis } {
  const { container, named, graceMs, message, reason } = wish
  const actions: Action[] = []
  let stop = memory.stops.get(container.id)
  if (!stop || graceMs < stop.graceMs) {
    const hook = !stop && graceMs > 0 && named?.container.lifecycle?.preStop !== undefined
    actions.push({ do: 'beginStop', id: container.id, name: named?.container.name ?? '', graceMs, message: stop ? '' : message, reason, hook })
    stop = { graceMs, beganAt: now, hook: hook ? 'running' : (stop?.hook ?? 'none'), killAt: stop?.killAt, retryAt: stop?.retryAt ?? 0 }
  }

  const graceEndsAt = stop.beganAt + stop.graceMs
  const isBlocked = stop.hook === 'running' || (ordered && named !== undefined && othersLeanOn(named, pod, observed))
  if (isBlocked && now < graceEndsAt) return { actions, wakeAt: graceEndsAt }

  if (now < stop.retryAt) return { actions, wakeAt: stop.retryAt }
  const timeoutMs = remainingGraceMs(stop, now)
  if (stop.killAt === undefined || now + timeoutMs < stop.killAt) actions.push({ do: 'signal', id: container.id, timeoutMs })
  return { actions, wakeAt: Infinity }
}

/** Only whole seconds that have passed are taken off, as the kubelet counts. */
function remainingGraceMs(stop: Stop, now: Millis): Millis {
  const usedMs = Math.floor((now - stop.beganAt) / 1000) * 1000
  return Math.max(SIGNAL_TO_KILL_MS_MIN, stop.graceMs - usedMs)
}

/** A sidecar serves the regular containers and the sidecars that started after it: it goes when they are gone. */
function othersLeanOn({ role, container }: NamedContainer, pod: Pod, observed: ObservedPod): boolean {
  if (role !== 'sidecar') return false
  const init = initContainersOf(pod)
  const later = init.slice(init.findIndex(other => other.container.name === container.name) + 1)
  return [...later, ...regularContainersOf(pod)].some(other => newestOf(observed, other.container.name)?.state === 'running')
}
