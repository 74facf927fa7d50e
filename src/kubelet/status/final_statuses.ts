/** The last word about containers: when a Pod has ended, none of them can be said to wait or to run. */
import type { Pod } from '../../api/kinds/pod.ts'
import { isSidecar } from '../../api/pod.ts'
import type { ContainerStatus } from '../../api/types/container_status.ts'
import type { PodStatus } from '../../api/types/pod_status.ts'

type Statuses = Pick<PodStatus, 'containerStatuses' | 'initContainerStatuses' | 'ephemeralContainerStatuses'>

export const LOST_AT_THE_END = 'The container could not be located when the pod was terminated'

/**
 * Once a Pod was initialized, a container whose end nobody saw counts as failed. Init containers that were never reached
 * are left as they are, and so are all containers behind them.
 */
export function concludeStatuses(pod: Pod, statuses: Statuses): Statuses {
  const init = statuses.initContainerStatuses ?? []
  const reached = init.findLastIndex(hasEvidence) + 1
  return {
    ...statuses,
    containerStatuses: isInitialized(pod, statuses) ? (statuses.containerStatuses ?? []).map(concluded) : statuses.containerStatuses,
    ...(init.length > 0 && { initContainerStatuses: [...init.slice(0, reached).map(concluded), ...init.slice(reached)] }),
  }
}

function isInitialized(pod: Pod, { containerStatuses = [], initContainerStatuses = [] }: Statuses): boolean {
  if (containerStatuses.some(hasEvidence)) return true
  return (pod.spec.initContainers ?? []).every(container => {
    const status = initContainerStatuses.find(({ name }) => name === container.name)
    return isSidecar(container) ? status !== undefined && hasEvidence(status) : status?.state?.terminated?.exitCode === 0
  })
}

/** Something shows that it was started at least once. */
const hasEvidence = ({ state, lastState }: ContainerStatus): boolean => Boolean(state?.running ?? state?.terminated ?? lastState?.terminated)

const concluded = (status: ContainerStatus): ContainerStatus =>
  status.state?.terminated
    ? status
    : {
        ...status,
        ready: false,
        started: false,
        state: { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', message: LOST_AT_THE_END, startedAt: null, finishedAt: null } },
      }
