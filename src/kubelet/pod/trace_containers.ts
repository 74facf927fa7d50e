/** Tells of each container of a Pod how long its process ran, as the runtime has it. */
import type { Pod } from '../../api/kinds/pod.ts'
import type { Clock, Millis } from '../../base/clock.ts'
import type { OpenStep, StepOutcome } from '../../base/lifecycle_trace.ts'
import type { ContainerStatus } from '../../runtime/runtime.ts'
import { containerNameOf, restartCountOf } from '../container/labels.ts'
import type { KubeletContext } from '../context.ts'
import { hasExited } from './instances.ts'
import { initContainersOf, tracedPod } from './pod_nouns.ts'
import type { ObservedPod } from './pod_state.ts'

/** Its exit code is as unknown as its instant, whatever the status of the Pod has to say for it. */
const UNSEEN: StepOutcome = {
  atMs: 'unknown',
  reason: 'ContainerStatusUnknown',
  message: 'the container was removed before the kubelet saw it exit: nobody knows when it ended',
}

export interface ContainerTrace {
  looked(pod: Pod, observed: ObservedPod): void
}

/** The runtime tells the time of day; a timeline counts by the clock that never goes back. Never later than now. */
export const monotonic = (clock: Clock, wallMs: Millis): Millis => clock.now() - Math.max(0, clock.wall() - wallMs)

export function createContainerTrace({ host: { clock }, trace }: KubeletContext): ContainerTrace {
  /** By id; undefined: it has ended. */
  const told = new Map<string, OpenStep | undefined>()

  function look(pod: Pod, container: ContainerStatus): void {
    const { id, startedAt, finishedAt, exitCode, reason } = container
    const isOver = hasExited(container)
    let step = told.get(id)
    if (told.has(id) && (!step || !isOver)) return
    const about = { container: containerNameOf(container), restart: restartCountOf(container) }
    if (!step) {
      // What only the API remembers has no instants that are worth telling.
      if (container.sandboxId === '' || !startedAt) return
      step = trace.begin(tracedPod(pod), { type: typeOf(pod, about.container), ...about, atMs: monotonic(clock, startedAt) })
    }
    told.set(id, isOver ? undefined : step)
    if (!isOver) return
    if (!finishedAt) return step.end(UNSEEN)
    const atMs = monotonic(clock, finishedAt)
    step.end({ atMs, exitCode, reason })
    if (reason === 'OOMKilled') trace.note(tracedPod(pod), { type: 'Kill', ...about, reason, atMs })
  }

  return {
    looked(pod, { containers }) {
      for (let i = containers.length - 1; i >= 0; i--) look(pod, containers[i]!)
      for (const [id, step] of told) {
        if (containers.some(container => container.id === id)) continue
        step?.end(UNSEEN)
        told.delete(id)
      }
    },
  }
}

/** A sidecar runs as long as the Pod does: it is no step on the way. */
const typeOf = (pod: Pod, name: string): string =>
  initContainersOf(pod).some(({ role, container }) => role === 'init' && container.name === name) ? 'InitContainer' : 'Container'
