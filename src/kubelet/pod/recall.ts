/**
 * Containers the API remembers and the runtime has lost: after a reboot of the node, or when someone removed them.
 * They count as ended, so that restart counts go on and what may not run twice does not.
 */
import type { Pod } from '../../api/kinds/pod.ts'
import { containerStatusNamed } from '../../api/pod.ts'
import type { ContainerStatus } from '../../runtime/runtime.ts'
import { containerAnnotations, containerLabels } from '../container/labels.ts'
import { hasExited } from './instances.ts'
import { containersOf, type NamedContainer } from './pod_nouns.ts'

const LOST_EXIT_CODE = 137

export function recallContainers(pod: Pod): ContainerStatus[] {
  return containersOf(pod).flatMap(named => {
    const status = containerStatusNamed(pod, named.container.name)
    const id = status?.containerID?.replace(/^[^:]*:\/\//, '')
    if (!status || !id) return []
    const ended = status.state?.terminated ?? (status.lastState?.terminated?.containerID === status.containerID ? status.lastState?.terminated : undefined)
    return [
      {
        ...blank(pod, named, id, status.restartCount),
        state: ended ? 'exited' : 'unknown',
        createdAt: Date.parse(ended?.startedAt ?? status.state?.running?.startedAt ?? '') || 0,
        startedAt: Date.parse(ended?.startedAt ?? status.state?.running?.startedAt ?? '') || 0,
        finishedAt: Date.parse(ended?.finishedAt ?? '') || 0,
        exitCode: ended?.exitCode ?? LOST_EXIT_CODE,
        reason: ended?.reason ?? '',
        message: ended?.message ?? '',
        image: status.image,
        imageRef: status.imageID,
      },
    ]
  })
}

/** Somebody has removed it behind the kubelet's back. How it ended is known only if it had ended before. */
export const asLost = (container: ContainerStatus): ContainerStatus => ({
  ...container,
  sandboxId: '',
  ...(!hasExited(container) && { state: 'unknown', exitCode: LOST_EXIT_CODE }),
})

const blank = (pod: Pod, { container }: NamedContainer, id: string, restartCount: number): Omit<ContainerStatus, 'state'> => ({
  id,
  sandboxId: '',
  metadata: { name: container.name, attempt: restartCount },
  createdAt: 0,
  startedAt: 0,
  finishedAt: 0,
  exitCode: 0,
  reason: '',
  message: '',
  image: '',
  imageRef: '',
  logPath: '',
  labels: containerLabels(pod, container),
  annotations: containerAnnotations(pod, container, restartCount, ''),
  mounts: [],
  resources: undefined,
})
