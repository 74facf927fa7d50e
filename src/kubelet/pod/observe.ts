/**
 * Looks what the runtime has for one Pod. Two lists tell what changed; details are asked for only of that, because
 * what has ended stays as it was.
 */
import type { Pod } from '../../api/kinds/pod.ts'
import { RuntimeError, type ContainerStatus, type PodSandboxStatus } from '../../runtime/runtime.ts'
import { messageFileOf, messagePolicyOf, POD_UID_LABEL } from '../container/labels.ts'
import { readTerminationMessage } from '../container/termination_message.ts'
import type { KubeletContext } from '../context.ts'
import { podLogsOf } from '../directories.ts'
import { hasExited, newestFirst } from './instances.ts'
import { recallContainers } from './recall.ts'
import type { ObservedPod } from './pod_state.ts'

export interface Observer {
  look(): Promise<ObservedPod>
  /** What the last look saw. */
  readonly last: ObservedPod
}

/** `isNew`: nothing of the Pod can be in the runtime yet, and the first look need not ask it. */
export function createObserver({ runtime, host, directories }: KubeletContext, pod: Pod, isNew = false): Observer {
  const labels = { [POD_UID_LABEL]: pod.metadata.uid ?? '' }
  const sandboxes = new Map<string, PodSandboxStatus>()
  const containers = new Map<string, ContainerStatus>()
  const recalled = recallContainers(pod)
  let last: ObservedPod = { sandboxes: [], containers: [] }
  let isFirst = true

  async function containerStatus(id: string): Promise<ContainerStatus> {
    const status = await runtime.containerStatus(id)
    if (!hasExited(status)) return status
    const file = messageFileOf(status)
    const log = status.logPath.startsWith('/') ? status.logPath : `${podLogsOf(directories, pod)}/${status.logPath}`
    const message = await readTerminationMessage(host.disk, { file, log, policy: messagePolicyOf(status), exitCode: status.exitCode })
    return { ...status, message: message || status.message }
  }

  return {
    get last() {
      return last
    },
    async look() {
      if (isNew && isFirst) {
        isFirst = false
        return (last = { sandboxes: [], containers: [...recalled].sort(newestFirst) })
      }
      const [sandboxList, containerList] = await Promise.all([runtime.listPodSandboxes({ labels }), runtime.listContainers({ labels })])
      await Promise.all([
        ...sandboxList.filter(({ id, ready }) => sandboxes.get(id)?.ready !== ready).map(({ id }) => keep(sandboxes, id, () => runtime.podSandboxStatus(id))),
        ...containerList.filter(({ id, state }) => containers.get(id)?.state !== state).map(({ id }) => keep(containers, id, () => containerStatus(id))),
      ])
      drop(sandboxes, sandboxList)
      drop(containers, containerList)
      last = {
        sandboxes: [...sandboxes.values()].sort((a, b) => b.createdAt - a.createdAt || b.metadata.attempt - a.metadata.attempt),
        containers: [...containers.values(), ...recalled.filter(({ id }) => !containers.has(id))].sort(newestFirst),
      }
      return last
    },
  }
}

async function keep<T>(map: Map<string, T>, id: string, load: () => Promise<T>): Promise<void> {
  try {
    map.set(id, await load())
  } catch (error) {
    // Removed between the list and the question.
    if (!(error instanceof RuntimeError && error.code === 'NotFound')) throw error
    map.delete(id)
  }
}

function drop<T>(map: Map<string, T>, present: readonly { id: string }[]): void {
  const ids = new Set(present.map(({ id }) => id))
  for (const id of map.keys()) if (!ids.has(id)) map.delete(id)
}
