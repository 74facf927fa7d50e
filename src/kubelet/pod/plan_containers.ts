/**
 * Regular containers start together, in the order of the spec, and are then kept as the restart policy says:
 * Always after any end, OnFailure after a bad one, Never not at all. Ephemeral containers are started once.
 */
import type { Pod } from '../../api/kinds/pod.ts'
import { restartsAfter } from '../../api/pod.ts'
import type { Millis } from '../../base/clock.ts'
import type { ContainerStatus } from '../../runtime/runtime.ts'
import { hasExited, newestOf } from './instances.ts'
import { emptyPart, planReplacement, planStart, type PlanPart } from './plan_container.ts'
import { containersOf, regularContainersOf, type NamedContainer } from './pod_nouns.ts'
import type { HealthOf, ObservedPod, PodMemory } from './pod_state.ts'

export interface ContainersPlan extends PlanPart {
  /** finished: none runs and none will be started again. */
  readonly outcome: 'going' | 'finished'
}

export function planContainers(pod: Pod, sandboxId: string, observed: ObservedPod, memory: PodMemory, healthOf: HealthOf, now: Millis): ContainersPlan {
  const part = emptyPart()
  for (const named of containersOf(pod).filter(({ role }) => role === 'ephemeral')) {
    if (!newestOf(observed, named.container.name)) planStart(pod, named, undefined, memory, now, part)
  }

  let finished = true
  for (const named of regularContainersOf(pod)) {
    const newest = newestOf(observed, named.container.name)
    if (newest?.state === 'running') {
      planReplacement(pod, named, newest, healthOf(newest, named), observed, memory, now, part)
      finished = false
      continue
    }
    if (!shouldStart(pod, named, newest, sandboxId)) continue
    planStart(pod, named, newest, memory, now, part)
    finished = false
  }
  return { ...part, outcome: finished ? 'finished' : 'going' }
}

function shouldStart(pod: Pod, { container }: NamedContainer, newest: ContainerStatus | undefined, sandboxId: string): boolean {
  if (!newest || !hasExited(newest)) return true
  if (restartsAfter(pod, container, newest.exitCode)) return true
  // A container that was cut off with its old sandbox has not failed by itself; it is run again all the same.
  return pod.spec.restartPolicy === 'OnFailure' && newest.state === 'unknown' && newest.sandboxId !== sandboxId
}
