/** Keeps the cgroups of a node's Pods, and those above them, at what the Pods have been given. */
import type { Pod } from '../../api/kinds/pod.ts'
import { isTerminal } from '../../api/pod.ts'
import { podRequests } from '../../api/resources.ts'
import { messageOf } from '../../base/error_message.ts'
import type { CgroupLimits } from '../../runtime/pod_cgroups.ts'
import { cgroupParent } from '../container/sandbox_config.ts'
import type { KubeletContext } from '../context.ts'
import { BEST_EFFORT_LIMITS, burstableLimits, nodeLimits } from './cgroup_values.ts'

export interface NodeCgroups {
  /** Those of the node and of the QoS classes, for the Pods that are there already. */
  start(pods: readonly Pod[]): Promise<void>
  setPod(pod: Pod, limits: CgroupLimits): Promise<void>
  /** The Pod has ended: it weighs nothing any more. What the runtime still has in its cgroup stays. */
  removePod(pod: Pod): Promise<void>
  /** Those of Pods that nobody knows: their kubelet or their runtime was killed before they could be removed. */
  removeOrphans(isKnown: (uid: string) => boolean): Promise<void>
}

/** Where the runtime decides about cgroups (no root was given) there is nothing to keep. */
export function createNodeCgroups({ cgroups, cgroupRoot, machine, host }: KubeletContext): NodeCgroups {
  /** CPU requests of Burstable Pods, by uid. */
  const burstable = new Map<string, number>()
  let shares: number | undefined
  let writing: Promise<void> = Promise.resolve()

  /** Before a Pod gets its share of the class, after it gives it back. One write at a time, each of the newest sum. */
  function weighBurstable(): Promise<void> {
    const write = async () => {
      const limits = burstableLimits([...burstable.values()])
      if (!cgroups || limits.cpuShares === shares) return
      await cgroups.set(`${cgroupRoot}/burstable`, limits)
      shares = limits.cpuShares
    }
    const written = writing.then(write)
    writing = written.catch(() => undefined)
    return written
  }

  return {
    async start(pods) {
      if (!cgroups || !cgroupRoot) return
      for (const pod of pods) if (pod.status.qosClass === 'Burstable' && !isTerminal(pod)) burstable.set(pod.metadata.uid ?? '', cpuOf(pod))
      await cgroups.set(cgroupRoot, nodeLimits(machine))
      await Promise.all([cgroups.set(`${cgroupRoot}/besteffort`, BEST_EFFORT_LIMITS), weighBurstable()])
    },
    async setPod(pod, limits) {
      if (!cgroups || !cgroupRoot) return
      if (pod.status.qosClass === 'Burstable') {
        burstable.set(pod.metadata.uid ?? '', cpuOf(pod))
        await weighBurstable()
      }
      await cgroups.set(cgroupParent(cgroupRoot, pod), limits)
    },
    async removePod(pod) {
      if (!cgroups || !cgroupRoot) return
      await cgroups.remove(cgroupParent(cgroupRoot, pod))
      if (!burstable.delete(pod.metadata.uid ?? '')) return
      await weighBurstable().catch((error: unknown) => host.log.warn('the cgroup of Burstable Pods could not be changed', { error: messageOf(error) }))
    },
    async removeOrphans(isKnown) {
      if (!cgroups || !cgroupRoot) return
      for (const parent of [cgroupRoot, `${cgroupRoot}/burstable`, `${cgroupRoot}/besteffort`]) {
        const names = await cgroups.list(parent)
        // Asked after the list: a Pod that has just come may have its cgroup in it.
        for (const name of names) if (name.startsWith('pod') && !isKnown(name.slice('pod'.length))) await cgroups.destroy(`${parent}/${name}`)
      }
    },
  }
}

const cpuOf = (pod: Pod): number => podRequests(pod).get('cpu') ?? 0
