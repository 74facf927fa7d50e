/** What one Pod asks of a node, worked out once: a decision looks at thousands of nodes. */
import { hostPortsOf, type HostPort } from '../api/pod.ts'
import { podRequestsInUse, type ResourceAmounts } from '../api/resources.ts'
import type { Pod } from '../api/kinds/pod.ts'

export interface PodDemand {
  readonly pod: Pod
  /** CPU in milli-cores, everything else in whole units. */
  readonly requests: ResourceAmounts
  /** Requested CPU and memory where a Pod that asks for nothing counts as a small one: for spreading only. */
  readonly nonZero: { readonly cpu: number; readonly memory: number }
  readonly hostPorts: readonly HostPort[]
}

/** What the scores count for a Pod that names no request. */
const NON_ZERO = { cpu: 100, memory: 200 * 1024 * 1024 }

export function demandOf(pod: Pod): PodDemand {
  const requests = podRequestsInUse(pod)
  return {
    pod,
    requests,
    nonZero: { cpu: requests.get('cpu') ?? NON_ZERO.cpu, memory: requests.get('memory') ?? NON_ZERO.memory },
    hostPorts: hostPortsOf(pod),
  }
}
