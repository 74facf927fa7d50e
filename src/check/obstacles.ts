/** Why a Pod does not become Ready, where time alone will not help. */
import type { Pod } from '../api/kinds/pod.ts'
import { podCondition } from '../api/pod.ts'
import type { ContainerStatus } from '../api/types/container_status.ts'
import type { Millis } from '../base/clock.ts'

export interface Obstacle {
  /** A sentence that names the Pod. */
  readonly text: string
  readonly next: string
  /** How long it must have stood in the way before nobody waits any more. */
  readonly patienceMs: Millis
  /** Whose log says more. */
  readonly log?: { readonly pod: string; readonly container: string }
}

/** Nodes may be about to join, and other Pods about to leave. */
const SCHEDULING_PATIENCE_MS = 10_000
/** A ConfigMap that another controller writes. */
const CONFIG_PATIENCE_MS = 10_000
/** One that waits for another to start ends a few times before it stays. */
const CRASHES_MIN = 3

export function obstacleOf(pod: Pod): Obstacle | undefined {
  const name = pod.metadata.name ?? ''
  const scheduled = podCondition(pod, 'PodScheduled')
  if (scheduled?.status === 'False' && scheduled.reason === 'Unschedulable')
    return {
      text: `Pod ${name} is Pending, no node takes it: ${scheduled.message}`,
      next: 'Mend requests, node selectors or tolerations, or give the cluster more nodes with --nodes N.',
      patienceMs: SCHEDULING_PATIENCE_MS,
    }
  const statuses = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])]
  return statuses.map(status => ofContainer(name, status)).find(one => one !== undefined)
}

function ofContainer(pod: string, { name, image, state, lastState, restartCount }: ContainerStatus): Obstacle | undefined {
  const { reason = '', message = '' } = state?.waiting ?? {}
  const why = message ? `: ${innermost(message)}` : ''
  switch (reason) {
    case 'ImagePullBackOff':
      return {
        text: `Pod ${pod}: image "${image}" cannot be pulled${why}`,
        next: `Mend its name or its registry; into a throw-away cluster it can be brought: docker save ${image} -o image.tar, then --image-archive image.tar`,
        patienceMs: 0,
      }
    case 'InvalidImageName':
    case 'ErrImageNeverPull':
      return { text: `Pod ${pod}: image "${image}" cannot be used${why}`, next: 'Mend image or imagePullPolicy in the manifest.', patienceMs: 0 }
    case 'CreateContainerConfigError':
      return {
        text: `Pod ${pod}: container ${name} cannot be made${why}`,
        next: 'Add what it refers to (ConfigMap, Secret) to the files with another -f.',
        patienceMs: CONFIG_PATIENCE_MS,
      }
    case 'CrashLoopBackOff': {
      if (restartCount < CRASHES_MIN) return undefined
      const { exitCode, reason: ended } = lastState?.terminated ?? {}
      return {
        text: `Pod ${pod}: container ${name} keeps ending${exitCode === undefined ? '' : `, with exit code ${exitCode} (${ended})`}; it was started ${restartCount + 1} times`,
        next: 'Its last words are above, if it had any. It may miss something that is not in the files.',
        patienceMs: 0,
        log: { pod, container: name },
      }
    }
    case 'RunContainerError':
    case 'CreateContainerError':
      if (restartCount < 1 && state?.waiting === undefined) return undefined
      return { text: `Pod ${pod}: container ${name} cannot be started${why}`, next: 'Mend command and image in the manifest.', patienceMs: CONFIG_PATIENCE_MS }
    default:
      return undefined
  }
}

/** Runtimes wrap what happened into what they were about, several times over; people need the end of it, and its beginning is in the events. */
function innermost(message: string): string {
  const parts = message.split(': ')
  return message.length <= MESSAGE_MAX ? message : parts.slice(-INNERMOST_PARTS).join(': ')
}

const MESSAGE_MAX = 120
const INNERMOST_PARTS = 2
