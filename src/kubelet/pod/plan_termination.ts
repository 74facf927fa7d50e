/**
 * The end of a Pod: nothing new starts, every container is stopped, then the sandbox. Repeated until nothing runs.
 */
import type { Pod } from '../../api/kinds/pod.ts'
import type { Millis } from '../../base/clock.ts'
import { containerNameOf } from '../container/labels.ts'
import { runningOf } from './instances.ts'
import { planStop } from './plan_stop.ts'
import { containersOf } from './pod_nouns.ts'
import type { Action, ObservedPod, PodMemory, PodStep, Termination } from './pod_state.ts'

const ENDINGS = { deleted: 'Deleted', removed: 'Removed', finished: 'Finished', killed: 'Killed' } as const

/** Why a Pod ends, in one word: Evicted, DeadlineExceeded, or what became of its object. */
export const reasonOf = ({ because, failure }: Termination): string => failure?.reason ?? ENDINGS[because]

export function planTermination(pod: Pod, termination: Termination, observed: ObservedPod, memory: PodMemory, now: Millis): PodStep {
  const actions: Action[] = []
  const wakes: Millis[] = []
  const step = (finished: boolean): PodStep => ({ actions, waiting: new Map(), wakeAt: Math.min(...wakes), end: undefined, finished })

  const isStarting = memory.starting.size > 0 || memory.sandbox === 'starting' || memory.volumes === 'mounting'
  if (isStarting) actions.push({ do: 'cancelStart' })

  const named = containersOf(pod)
  const running = runningOf(observed)
  for (const container of running) {
    const name = containerNameOf(container)
    const wish = {
      container,
      named: named.find(n => n.container.name === name),
      graceMs: termination.graceMs,
      message: `Stopping container ${name}`,
      reason: reasonOf(termination),
    }
    const { actions: stops, wakeAt } = planStop(wish, observed, pod, memory, now, { ordered: true })
    actions.push(...stops)
    wakes.push(wakeAt)
  }
  if (isStarting || running.length > 0) return step(false)

  // A sandbox is stopped even when it says it is not ready: its network may still be held.
  const live = observed.sandboxes.filter(sandbox => sandbox.ready)
  if (memory.sandbox === 'stopping') return step(false)
  if (live.length === 0) return step(true)
  if (now < memory.retryAt) wakes.push(memory.retryAt)
  else actions.push({ do: 'stopSandboxes', ids: live.map(sandbox => sandbox.id) })
  return step(false)
}
