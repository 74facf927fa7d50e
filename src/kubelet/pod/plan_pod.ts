/**
 * What to do next for a Pod, from what is wanted, what is seen and what was tried before.
 *
 *   sandbox ─▶ init containers, one after the other ─▶ containers ─▶ keep them as the restart policy says
 *      └──────────── termination: hooks, signals, sandbox; there is no way back ────────────┘
 *
 * Pure: the tests of it are tables of cases. The order of the two branches is what makes a kill stick.
 */
import type { Millis } from '../../base/clock.ts'
import { planContainers, planEphemeralContainers } from './plan_containers.ts'
import { planInitContainers } from './plan_init_containers.ts'
import { planPodLimits, planResizes } from './plan_resize.ts'
import { planSandbox, type SandboxPlan } from './plan_sandbox.ts'
import { planTermination } from './plan_termination.ts'
import { containersOf, specGraceMs } from './pod_nouns.ts'
import { type Action, type DesiredPod, type HealthOf, type ObservedPod, type PodMemory, type PodStep, type Termination, type Waiting } from './pod_state.ts'
import { instancesOf } from './instances.ts'

export function planPod(desired: DesiredPod, observed: ObservedPod, memory: PodMemory, healthOf: HealthOf, now: Millis): PodStep {
  return desired.termination ? planTermination(desired.pod, desired.termination, observed, memory, now) : planRunning(desired, observed, memory, healthOf, now)
}

function planRunning({ pod }: DesiredPod, observed: ObservedPod, memory: PodMemory, healthOf: HealthOf, now: Millis): PodStep {
  const deadline = activeDeadline(pod, memory)
  if (deadline !== undefined && now >= deadline) return ends({ because: 'killed', graceMs: specGraceMs(pod), failure: DEADLINE_EXCEEDED })

  const planned = planSandbox(pod, observed, memory, now)
  const needsVolumes = planned.is === 'act' && planned.action.do === 'startSandbox' && memory.volumes !== 'mounted'
  // A Pod whose volumes cannot be had gets no sandbox and no address: PodReadyToStartContainers stays False.
  const sandbox: SandboxPlan = needsVolumes ? { is: 'wait' } : planned
  if (sandbox.is === 'finished') return ends(finishedBecause(pod))
  const actions: Action[] = memory.volumes === 'unmounted' && now >= memory.retryAt ? [{ do: 'mountVolumes' }] : []
  const left = emptySandboxes(observed)
  // Not beside the start of another: the last sandbox of a Pod takes their common cgroup with it.
  const mayRemove = sandbox.is === 'usable' || (sandbox.is === 'act' && sandbox.action.do === 'stopSandboxes')
  if (left.length > 0 && mayRemove && now >= memory.removeAt) actions.push({ do: 'removeSandboxes', ids: left })
  const waiting = new Map<string, Waiting>(startFailures(memory))
  const wakes = [deadline ?? Infinity, memory.retryAt > now ? memory.retryAt : Infinity]
  const step = (): PodStep => ({ actions, waiting, wakeAt: Math.min(...wakes), end: undefined, finished: false })

  if (memory.limitsRetryAt > now) wakes.push(memory.limitsRetryAt)
  const isStarting = sandbox.is === 'act' && sandbox.action.do === 'startSandbox'
  const limits = sandbox.is === 'usable' || isStarting ? planPodLimits(pod, observed, memory, now, isStarting) : []
  actions.push(...limits)
  if (sandbox.is !== 'usable') {
    // What takes longest begins first.
    if (sandbox.is === 'act') actions.unshift(sandbox.action)
    return step()
  }
  if (limits.length === 0) actions.push(...planResizes(pod, observed, memory, now))

  const ephemeral = planEphemeralContainers(pod, observed, memory, now)
  const init = planInitContainers(pod, sandbox.sandbox.id, observed, memory, healthOf, now)
  const containers = init.outcome === 'done' ? planContainers(pod, sandbox.sandbox.id, observed, memory, healthOf, now) : undefined
  if (init.outcome === 'failed' || containers?.outcome === 'finished') return ends(finishedBecause(pod))

  const parts = containers ? [ephemeral, init, containers] : [ephemeral, init]
  for (const part of parts) {
    actions.push(...part.stops, ...part.backOffs)
    for (const [name, why] of part.waiting) waiting.set(name, why)
    wakes.push(part.wakeAt)
  }
  const orders = parts.flatMap(({ starts }) => starts)
  if (orders.length > 0 && memory.volumes === 'mounted' && memory.podLimits && memory.starting.size === 0) {
    actions.push({ do: 'startContainers', orders, sandboxId: sandbox.sandbox.id })
  }
  const outdated = outdatedInstances(pod, observed)
  if (outdated.length > 0 && memory.starting.size === 0 && now >= memory.removeAt) actions.push({ do: 'removeContainers', ids: outdated })
  return step()
}

const ends = (end: Termination): PodStep => ({ actions: [], waiting: new Map(), wakeAt: Infinity, end, finished: false })

const finishedBecause = (pod: DesiredPod['pod']): Termination => ({ because: 'finished', graceMs: specGraceMs(pod) })

const DEADLINE_EXCEEDED = { reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' }

/** Counted from when the kubelet first acknowledged the Pod. */
function activeDeadline(pod: DesiredPod['pod'], memory: PodMemory): Millis | undefined {
  const seconds = pod.spec.activeDeadlineSeconds
  return seconds ? Date.parse(pod.status?.startTime ?? memory.startTime) + seconds * 1000 : undefined
}

const startFailures = (memory: PodMemory): [string, Waiting][] => [...memory.startFailures].map(([name, { reason, message }]) => [name, { reason, message }])

/**
 * Of each container the newest instance and the one before it are kept: status.lastState and `logs --previous` show it.
 * What the runtime has lost and only the API remembers (it has no sandbox) cannot be removed: that would be asked for ever.
 */
function outdatedInstances(pod: DesiredPod['pod'], observed: ObservedPod): string[] {
  return containersOf(pod).flatMap(({ container }) =>
    instancesOf(observed, container.name)
      .slice(2)
      .filter(c => c.state !== 'running' && c.sandboxId !== '')
      .map(c => c.id),
  )
}

/** Replaced, and none of their containers is kept any more. Otherwise a Pod whose sandbox fails again and again would leave one each time. */
const emptySandboxes = ({ sandboxes, containers }: ObservedPod): string[] =>
  sandboxes
    .slice(1)
    .filter(({ id, ready }) => !ready && !containers.some(({ sandboxId }) => sandboxId === id))
    .map(({ id }) => id)
