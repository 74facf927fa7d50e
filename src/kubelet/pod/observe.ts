/**
 * What the runtime has for one Pod. What a call of ours has brought about is looked up alone; anything else that may have
 * happened makes what is known doubtful, and then two lists tell what changed. Details are asked for only of that, because
 * what has ended stays as it was.
 */
import type { Pod } from '../../api/kinds/pod.ts'
import { RuntimeError, type ContainerStatus, type PodSandboxStatus, type RuntimeChange } from '../../runtime/runtime.ts'
import { messageFileOf, messagePolicyOf, POD_UID_LABEL } from '../container/labels.ts'
import { readTerminationMessage } from '../container/termination_message.ts'
import type { KubeletContext } from '../context.ts'
import { podLogsOf } from '../directories.ts'
import { hasExited, newestFirst } from './instances.ts'
import { asLost, recallContainers } from './recall.ts'
import type { ObservedPod } from './pod_state.ts'

export interface Observer {
  /** Asks the runtime where what is known is doubtful. */
  look(): Promise<ObservedPod>
  readonly last: ObservedPod
  /** The next look asks. */
  doubt(): void
  knows(change: RuntimeChange): boolean
  /** After a call of ours that changed this one and no other. Never throws: what cannot be learned is doubtful. */
  learnSandbox(id: string): Promise<void>
  learnContainer(id: string): Promise<void>
}

/** Of one container: its newest instance and the one before, which status.lastState and `logs --previous` show. */
const KEPT = 2

/** `isNew`: nothing of the Pod can be in the runtime yet, and there is nothing to doubt. */
export function createObserver({ runtime, host, directories }: KubeletContext, pod: Pod, isNew = false): Observer {
  const labels = { [POD_UID_LABEL]: pod.metadata.uid ?? '' }
  const sandboxes = new Map<string, PodSandboxStatus>()
  const containers = new Map<string, ContainerStatus>()
  /** What the runtime has no more, and Pods must not forget: else it would run again as if for the first time. */
  const lost = new Map(recallContainers(pod).map(container => [container.id, container]))
  let last = compose()
  let isDoubtful = !isNew
  let isAsking = false

  function compose(): ObservedPod {
    return {
      sandboxes: [...sandboxes.values()].sort((a, b) => b.createdAt - a.createdAt || b.metadata.attempt - a.metadata.attempt),
      containers: [...containers.values(), ...[...lost.values()].filter(({ id }) => !containers.has(id))].sort(newestFirst),
    }
  }

  async function ask(): Promise<void> {
    const before = [...containers.values()]
    const [sandboxList, containerList] = await Promise.all([runtime.listPodSandboxes({ labels }), runtime.listContainers({ labels })])
    await Promise.all([
      ...sandboxList.filter(({ id, ready }) => sandboxes.get(id)?.ready !== ready).map(({ id }) => keep(sandboxes, id, () => runtime.podSandboxStatus(id))),
      ...containerList.filter(({ id, state }) => containers.get(id)?.state !== state).map(({ id }) => keep(containers, id, () => containerStatus(id))),
    ])
    drop(sandboxes, sandboxList)
    drop(containers, containerList)
    // Also those that were in the list still, and gone when they were asked about.
    for (const container of before) if (!containers.has(container.id) && isKept(container)) lost.set(container.id, asLost(container))
    for (const [id, container] of lost) if (!containers.has(id) && !isKept(container)) lost.delete(id)
  }

  /** Of the two newest of its name: older ones we remove ourselves. */
  function isKept({ id, metadata: { name } }: ContainerStatus): boolean {
    const instances = last.containers.filter(container => container.metadata.name === name)
    return instances.length === 0 || instances.slice(0, KEPT).some(container => container.id === id)
  }

  async function learn<T>(map: Map<string, T>, id: string, load: () => Promise<T>): Promise<void> {
    const learned = await keep(map, id, load).then(
      () => true,
      () => false,
    )
    // A list that was on its way meanwhile may be older than this, and has the last word.
    if (!learned || isAsking) isDoubtful = true
    last = compose()
  }

  async function containerStatus(id: string): Promise<ContainerStatus> {
    const status = await runtime.containerStatus(id)
    if (!hasExited(status)) return status
    const file = messageFileOf(status)
    const log = status.logPath.startsWith('/') ? status.logPath : `${podLogsOf(directories, pod)}/${status.logPath}`
    const message = await readTerminationMessage(host.disk, { file, log, policy: messagePolicyOf(status), exitCode: status.exitCode })
    return { ...status, message: [status.message, message].filter(Boolean).join(': ') }
  }

  return {
    get last() {
      return last
    },
    async look() {
      // What happened while we asked may be missing from the answer, and would be done a second time.
      while (isDoubtful) {
        isDoubtful = false
        isAsking = true
        try {
          await ask()
        } catch (error) {
          isDoubtful = true
          throw error
        } finally {
          isAsking = false
        }
        last = compose()
      }
      return last
    },
    doubt() {
      isDoubtful = true
    },
    knows({ id, state }) {
      const sandbox = sandboxes.get(id)
      return sandbox ? (sandbox.ready ? 'running' : 'exited') === state : containers.get(id)?.state === state
    },
    learnSandbox: id => learn(sandboxes, id, () => runtime.podSandboxStatus(id)),
    learnContainer: id => learn(containers, id, () => containerStatus(id)),
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
