/** What status.containerStatuses says about one container: its state, the state before, and whether it is of use. */
import type { Pod } from '../../api/kinds/pod.ts'
import { timestamp } from '../../api/meta.ts'
import { containerStatusNamed } from '../../api/pod.ts'
import type { ContainerState as ContainerStateOfApi, ContainerStatus as ContainerStatusOfApi } from '../../api/types/container_status.ts'
import type { PodStatus } from '../../api/types/pod_status.ts'
import type { ContainerStatus } from '../../runtime/runtime.ts'
import { restartCountOf } from '../container/labels.ts'
import { hasExited, instancesOf } from '../pod/instances.ts'
import { actualResources } from './actual_resources.ts'
import { LOST_AT_THE_END } from './final_statuses.ts'
import { containersOf, type ContainerRole, type NamedContainer } from '../pod/pod_nouns.ts'
import type { HealthOf, ObservedPod, Waiting } from '../pod/pod_state.ts'

export interface StatusView {
  readonly pod: Pod
  readonly observed: ObservedPod
  readonly waiting: ReadonlyMap<string, Waiting>
  readonly healthOf: HealthOf
  /** The status as it was published last: what the runtime has forgotten is taken from it. */
  readonly previous: PodStatus | undefined
  /** The Pod is ending: what never ran, never will. */
  readonly isEnding: boolean
  /** Containers being started: until they run, why they waited stands. */
  readonly starting: ReadonlySet<string>
  /** As the runtime calls itself, `containerd`: the scheme of container ids. */
  readonly runtimeName: string
}

/** The two spaces are Kubernetes' own. */
const LOST_BEFORE = 'The container could not be located when the pod was deleted.  The container used to be Running'

/** All messages of a Pod together may have this many bytes. */
const MESSAGE_BYTES_PER_POD = 12_288

export function computeContainerStatuses(view: StatusView): Pick<PodStatus, 'containerStatuses' | 'initContainerStatuses' | 'ephemeralContainerStatuses'> {
  const all = containersOf(view.pod)
  const messageMax = Math.floor(MESSAGE_BYTES_PER_POD / all.length)
  const of = (...roles: ContainerRole[]) => all.filter(({ role }) => roles.includes(role)).map(named => statusOf(named, view, messageMax))
  const byName = (a: ContainerStatusOfApi, b: ContainerStatusOfApi) => (a.name < b.name ? -1 : 1)
  const init = of('init', 'sidecar')
  const ephemeral = of('ephemeral')
  return {
    containerStatuses: of('regular').sort(byName),
    ...(init.length > 0 && { initContainerStatuses: init }),
    ...(ephemeral.length > 0 && { ephemeralContainerStatuses: ephemeral.sort(byName) }),
  }
}

function statusOf(named: NamedContainer, view: StatusView, messageMax: number): ContainerStatusOfApi {
  const { container, role } = named
  const [newest, ...older] = instancesOf(view.observed, container.name)
  const old = view.previous && containerStatusNamed({ status: view.previous }, container.name)
  if (old?.state?.waiting && newest?.state !== 'running' && view.starting.has(container.name)) return old
  const waiting = view.waiting.get(container.name)
  const isWaiting = newest === undefined || newest.state === 'created' || (hasExited(newest) && waiting !== undefined)
  const ended = (isWaiting ? [newest, ...older] : older).find(instance => instance && hasExited(instance))
  const health = newest?.state === 'running' ? view.healthOf(newest, named) : undefined

  const status: ContainerStatusOfApi = {
    name: container.name,
    state: isWaiting ? waitingState(newest, waiting, view, old) : stateOf(newest, view, messageMax),
    lastState: ended ? { terminated: terminatedState(ended, view, messageMax, LOST_BEFORE) } : {},
    ready: role === 'init' ? newest !== undefined && hasExited(newest) && newest.exitCode === 0 : (health?.ready ?? false),
    restartCount: newest ? restartCountOf(newest) : (old?.restartCount ?? 0),
    image: newest?.image || container.image || '',
    imageID: newest?.imageRef ?? '',
    started: health?.started ?? false,
  }
  if (newest) status.containerID = idOf(newest, view)
  const { requests } = container.resources ?? {}
  if (requests && newest) status.allocatedResources = requests
  if (newest) status.resources = actualResources(container, newest)
  const mounts = (container.volumeMounts ?? []).map(({ name, mountPath, readOnly }) => ({
    name,
    mountPath,
    ...(readOnly && { readOnly, recursiveReadOnly: isRecursive(newest, mountPath) ? 'Enabled' : 'Disabled' }),
  }))
  if (mounts.length > 0) status.volumeMounts = mounts as ContainerStatusOfApi['volumeMounts']
  return status
}

function stateOf(newest: ContainerStatus, view: StatusView, messageMax: number): ContainerStateOfApi {
  if (newest.state === 'running') return { running: { startedAt: timestamp(newest.startedAt) } }
  return { terminated: terminatedState(newest, view, messageMax) }
}

function terminatedState(ended: ContainerStatus, view: StatusView, messageMax: number, lost = LOST_AT_THE_END): NonNullable<ContainerStateOfApi['terminated']> {
  if (ended.state === 'unknown') {
    return {
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
      containerID: idOf(ended, view),
      message: lost,
      ...timesOf(ended),
    }
  }
  const message = cutBytes(ended.message, messageMax)
  return {
    exitCode: ended.exitCode,
    reason: ended.reason || (ended.exitCode === 0 ? 'Completed' : 'Error'),
    ...(message && { message }),
    ...timesOf(ended),
    // The runtime counts from 1970, and so does what is seen of a container that could not be started.
    startedAt: timestamp(ended.startedAt),
    containerID: idOf(ended, view),
  }
}

/** What the runtime made of it: the spec may only have asked for it if possible. */
const isRecursive = (container: ContainerStatus | undefined, mountPath: string): boolean =>
  container?.mounts.some(({ containerPath, recursiveReadOnly }) => containerPath === mountPath && recursiveReadOnly) ?? false

/** 0 is "nobody knows". */
const timesOf = ({ startedAt, finishedAt }: ContainerStatus): { startedAt: string | null; finishedAt: string | null } => ({
  startedAt: startedAt > 0 ? timestamp(startedAt) : null,
  finishedAt: finishedAt > 0 ? timestamp(finishedAt) : null,
})

function waitingState(
  newest: ContainerStatus | undefined,
  waiting: Waiting | undefined,
  view: StatusView,
  old: ContainerStatusOfApi | undefined,
): ContainerStateOfApi {
  if (waiting) return { waiting: { reason: waiting.reason, ...(waiting.message && { message: waiting.message }) } }
  if (newest) return { waiting: {} }
  // A Pod that ends before a container began keeps what was last said about it.
  if (view.isEnding && old?.state?.waiting) return { waiting: old.state.waiting }
  return { waiting: { reason: (view.pod.spec.initContainers?.length ?? 0) > 0 ? 'PodInitializing' : 'ContainerCreating' } }
}

const idOf = (container: ContainerStatus, { runtimeName }: StatusView): string => `${runtimeName}://${container.id}`

/** Cut between characters, never within one. */
function cutBytes(text: string, bytesMax: number): string {
  const bytes = new TextEncoder().encode(text)
  if (bytes.length <= bytesMax) return text
  return new TextDecoder().decode(bytes.subarray(0, bytesMax)).replace(/\uFFFD+$/, '')
}
