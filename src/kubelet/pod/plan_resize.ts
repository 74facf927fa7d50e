/**
 * Brings what runs to what the Pod has been given:
 *
 *   cgroup of the Pod made wide enough ─▶ containers changed, one by one or by a restart ─▶ cgroup of the Pod as it shall be
 *
 * A container is restarted where its resizePolicy says so for a resource that changes, and changed in place otherwise.
 */
import { deepEqual } from '../../api/deep.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import type { Container } from '../../api/types/container.ts'
import type { Millis } from '../../base/clock.ts'
import type { CgroupLimits } from '../../runtime/pod_cgroups.ts'
import type { ContainerStatus } from '../../runtime/runtime.ts'
import { containerLimits, NO_LIMIT, podCgroupLimits, widest } from '../cgroup/cgroup_values.ts'
import { newestOf } from './instances.ts'
import { containersOf, type NamedContainer } from './pod_nouns.ts'
import type { Action, ObservedPod, PodMemory } from './pod_state.ts'

/** Made with the sandbox, and again with each new one: whoever took the last one away took the cgroup with it. */
export function planPodLimits(pod: Pod, observed: ObservedPod, memory: PodMemory, now: Millis, isSandboxStarting: boolean): Action[] {
  if (memory.isSettingLimits || now < memory.limitsRetryAt) return []
  const target = podCgroupLimits(pod)
  // A new kubelet does not know what the Pod had; the kernel refuses less for it than its containers have.
  const before = memory.podLimits ?? { ...target, cpuQuotaUs: NO_LIMIT, memoryLimitBytes: NO_LIMIT }
  const limits = toResize(pod, observed).length > 0 ? widest(before, target) : target
  return isSandboxStarting || !deepEqual(memory.podLimits, limits) ? [{ do: 'setPodLimits', limits }] : []
}

/** After planPodLimits had nothing to do. Those that only shrink go first. */
export function planResizes(pod: Pod, observed: ObservedPod, memory: PodMemory, now: Millis): Action[] {
  if (!memory.podLimits || memory.isSettingLimits || memory.resizing.size > 0 || now < memory.limitsRetryAt) return []
  return toResize(pod, observed)
    .filter(({ named, running }) => !mustRestart(named.container, running) && !memory.stops.has(running.id))
    .sort((a, b) => Number(grows(a)) - Number(grows(b)))
    .map(({ named, running }) => ({ do: 'resizeContainer', named, id: running.id }))
}

/** Something of the Pod is not yet as it was given. What does not run will be so when it starts. */
export const isResizing = (pod: Pod, observed: ObservedPod, memory: PodMemory): boolean =>
  toResize(pod, observed).length > 0 || (memory.podLimits !== undefined && !deepEqual(memory.podLimits, podCgroupLimits(pod)))

/** Whether the container cannot get its new resources while it runs. */
export function mustRestart(container: Container, running: ContainerStatus): boolean {
  const changed = changedResources(container, running)
  return (container.resizePolicy ?? []).some(({ resourceName, restartPolicy }) => restartPolicy === 'RestartContainer' && changed.includes(resourceName))
}

interface Resize {
  readonly named: NamedContainer
  readonly running: ContainerStatus
}

const toResize = (pod: Pod, observed: ObservedPod): Resize[] =>
  containersOf(pod).flatMap(named => {
    const running = newestOf(observed, named.container.name)
    const isResizable = named.role === 'regular' || named.role === 'sidecar'
    return isResizable && running?.state === 'running' && changedResources(named.container, running).length > 0 ? [{ named, running }] : []
  })

/** A runtime that does not tell what its containers have cannot be asked for a change either. */
function changedResources(container: Container, { resources }: ContainerStatus): string[] {
  if (!resources) return []
  const [wanted, actual] = [containerLimits(container), actualLimits(resources)]
  return [
    ...(wanted.cpuShares !== actual.cpuShares || wanted.cpuQuotaUs !== actual.cpuQuotaUs ? ['cpu'] : []),
    ...(wanted.memoryLimitBytes !== actual.memoryLimitBytes ? ['memory'] : []),
  ]
}

/** 0 is how a runtime says that nothing is set. */
export const actualLimits = ({ cpuShares, cpuQuotaUs, memoryLimitBytes }: CgroupLimits): Required<CgroupLimits> => ({
  cpuShares: cpuShares || 2,
  cpuQuotaUs: cpuQuotaUs || NO_LIMIT,
  memoryLimitBytes: memoryLimitBytes || NO_LIMIT,
})

function grows({ named, running }: Resize): boolean {
  const [wanted, actual] = [containerLimits(named.container), actualLimits(running.resources ?? {})]
  return !deepEqual(widest(wanted, actual), actual)
}
