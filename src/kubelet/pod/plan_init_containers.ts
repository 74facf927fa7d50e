/**
 * Init containers run one after the other; each must exit 0 before the next begins. One with restartPolicy Always (a
 * sidecar) must have started, and then runs beside everything that follows, and is kept running.
 */
import type { Pod } from '../../api/kinds/pod.ts'
import type { Millis } from '../../base/clock.ts'
import { hasExited, newestOf } from './instances.ts'
import { emptyPart, planReplacement, planStart, type PlanPart } from './plan_container.ts'
import { initContainersOf, regularContainersOf } from './pod_nouns.ts'
import type { HealthOf, ObservedPod, PodMemory } from './pod_state.ts'

export interface InitPlan extends PlanPart {
  /** failed: one ended badly and restartPolicy is Never, so the Pod is Failed. */
  readonly outcome: 'going' | 'done' | 'failed'
}

export function planInitContainers(pod: Pod, sandboxId: string, observed: ObservedPod, memory: PodMemory, healthOf: HealthOf, now: Millis): InitPlan {
  const part = emptyPart()
  // Once a regular container exists in this sandbox the Pod is initialized, whatever became of the records.
  const isInitialized = regularContainersOf(pod).some(({ container }) => {
    const newest = newestOf(observed, container.name)
    return newest?.sandboxId === sandboxId || memory.starting.has(container.name)
  })

  for (const named of initContainersOf(pod)) {
    const newest = newestOf(observed, named.container.name)
    const current = newest?.sandboxId === sandboxId ? newest : undefined

    if (named.role === 'init') {
      if (isInitialized || (current && hasExited(current) && current.exitCode === 0)) continue
      if (current && hasExited(current) && pod.spec.restartPolicy === 'Never') return { ...part, outcome: 'failed' }
      if (current?.state !== 'running') planStart(pod, named, newest, memory, now, part)
      return { ...part, outcome: 'going' }
    }

    if (current?.state === 'running') {
      const health = healthOf(current, named)
      const goes = planReplacement(pod, named, current, health, observed, memory, now, part)
      if (!isInitialized && (goes || !health.started)) return { ...part, outcome: 'going' }
      continue
    }
    planStart(pod, named, newest, memory, now, part)
    if (!isInitialized) return { ...part, outcome: 'going' }
  }
  return { ...part, outcome: 'done' }
}
