/** Gives a Pod, and its containers while they run, what they have been given on this node. */
import type { Pod } from '../../api/kinds/pod.ts'
import { messageOf } from '../../base/error_message.ts'
import type { CgroupLimits } from '../../runtime/pod_cgroups.ts'
import type { Allocations } from '../allocation/allocations.ts'
import { containerLimits, NO_LIMIT } from '../cgroup/cgroup_values.ts'
import type { NodeCgroups } from '../cgroup/node_cgroups.ts'
import { runtimeResources } from '../container/resources.ts'
import type { KubeletContext } from '../context.ts'
import type { Jobs } from './jobs.ts'
import type { Observer } from './observe.ts'
import { actualLimits } from './plan_resize.ts'
import type { NamedContainer } from './pod_nouns.ts'
import type { PodMemory } from './pod_state.ts'

export interface Resizer {
  setPodLimits(pod: Pod, limits: Required<CgroupLimits>): void
  resizeContainer(pod: Pod, named: NamedContainer, id: string): void
}

export interface ResizerParts {
  readonly context: KubeletContext
  readonly cgroups: NodeCgroups
  readonly allocations: Allocations
  readonly memory: PodMemory
  readonly observer: Observer
  readonly jobs: Jobs
}

const RETRY_MS = 10_000

export function createResizer({ context, cgroups, allocations, memory, observer, jobs }: ResizerParts): Resizer {
  const { host, runtime, events, machine } = context

  function failed(error: unknown): void {
    memory.limitsRetryAt = host.clock.wall() + RETRY_MS
    memory.resizeError = messageOf(error)
  }

  /** The kernel would kill what runs to make it fit. */
  async function refuseBelowUsage({ container }: NamedContainer, id: string): Promise<void> {
    const resources = observer.last.containers.find(instance => instance.id === id)?.resources
    const [wanted, actual] = [containerLimits(container).memoryLimitBytes, actualLimits(resources ?? {}).memoryLimitBytes]
    if (wanted === NO_LIMIT || (actual !== NO_LIMIT && wanted >= actual)) return
    const stats = (await runtime.listContainerStats()).find(({ containerId }) => containerId === id)
    if (stats && stats.memoryUsageBytes >= wanted)
      throw new Error(
        `cannot decrease memory limits: attempting to set container "${container.name}" memory limit (${wanted}) below current usage (${stats.memoryUsageBytes})`,
      )
  }

  return {
    setPodLimits(pod, limits) {
      memory.isSettingLimits = true
      // A new sandbox waits for its cgroup; what runs in an old one does not.
      if (memory.sandbox === 'starting') memory.podLimits = undefined
      jobs.start('limits', async () => {
        try {
          await allocations.saved(pod.metadata.uid ?? '')
          await cgroups.setPod(pod, limits)
          memory.podLimits = limits
          memory.resizeError = undefined
        } catch (error) {
          failed(error)
          events.warning(pod, 'FailedToCreatePodContainer', `unable to ensure pod container exists: ${messageOf(error)}`)
        } finally {
          memory.isSettingLimits = false
        }
      })
    },
    resizeContainer(pod, named, id) {
      memory.resizing.add(id)
      jobs.start(`resize ${id}`, async () => {
        try {
          await refuseBelowUsage(named, id)
          await runtime.updateContainerResources(id, runtimeResources(pod, named.container, named.role, machine.memoryBytes))
          memory.resizeError = undefined
          await observer.learnContainer(id)
        } catch (error) {
          failed(error)
          observer.doubt()
        } finally {
          memory.resizing.delete(id)
        }
      })
    },
  }
}
