/**
 * Regular containers start together, in the order of the spec, and are then kept as the restart policy says:
 * Always after any end, OnFailure after a bad one, Never not at all. Ephemeral containers are started once, as soon as
 * there is a sandbox: whoever debugs an init container that hangs cannot wait for it.
 */
import type { Pod } from '../../api/kinds/pod.ts'
import { restartsAfter } from '../../api/pod.ts'
import type { Millis } from '../../base/clock.ts'
import type { ContainerStatus } from '../../runtime/runtime.ts'
import { hasExited, newestOf } from './instances.ts'
import { emptyPart, planReplacement, planStart, wasReplaced, type PlanPart } from './plan_container.ts'
import { containersOf, regularContainersOf, type NamedContainer } from './pod_nouns.ts'
import type { HealthOf, ObservedPod, PodMemory } from './pod_state.ts'

export interface ContainersPlan extends PlanPart {
  /** finished: none runs and none will be started again. */
  readonly outcome: 'going' | 'finished'
}

export function planContainers(pod: Pod, sandboxId: string, observed: ObservedPod, memory: PodMemory, healthOf: HealthOf, now: Millis): ContainersPlan {
  const part = emptyPart()
  let finished = true
  for (const named of regularContainersOf(pod)) {
    const newest = newestOf(observed, named.container.name)
    if (newest?.state === 'running') {
      planReplacement(pod, named, newest, healthOf(newest, named), observed, memory, now, part)
      finished = false
      continue
    }
    if (!shouldStart(pod, named, newest, sandboxId, memory)) continue
    planStart(pod, named, newest, memory, now, part)
    finished = false
  }
  return { ...part, outcome: finished ? 'finished' : 'going' }
}

export function planEphemeralContainers(pod: Pod, observed: ObservedPod, memory: PodMemory, now: Millis): PlanPart {
  const part = emptyPart()
  for (const named of containersOf(pod)) {
    if (named.role === 'ephemeral' && !newestOf(observed, named.container.name)) planStart(pod, named, undefined, memory, now, part)
  }
  return part
}

function shouldStart(pod: Pod, { container }: NamedContainer, newest: ContainerStatus | undefined, sandboxId: string, memory: PodMemory): boolean {
  if (!newest || !hasExited(newest)) return true
  if (restartsAfter(pod, container, newest.exitCode) || wasReplaced(container, newest, memory)) return true
  // A container that was cut off with its old sandbox has not failed by itself; it is run again all the same.
  return pod.spec.restartPolicy === 'OnFailure' && newest.state === 'unknown' && newest.sandboxId !== sandboxId
}
