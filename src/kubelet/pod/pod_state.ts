/** What a pod worker wants, sees, remembers and decides. All of it is plain data: the plans are functions from these to these. */
import type { Pod } from '../../api/kinds/pod.ts'
import type { Millis } from '../../base/clock.ts'
import type { CgroupLimits } from '../../runtime/pod_cgroups.ts'
import type { ContainerStatus, PodSandboxStatus } from '../../runtime/runtime.ts'
import type { PendingResize } from '../allocation/allocation.ts'
import type { NamedContainer } from './pod_nouns.ts'

export interface DesiredPod {
  /** With the resources it has been given, which may not be those of its spec. */
  readonly pod: Pod
  /** A change of resources that waits, and the generation of the Pod when it was given what it has. */
  readonly resize?: { readonly pending: PendingResize | undefined; readonly generation: number | undefined }
  /** Once set it stays set, and its grace may only shrink: a Pod that ends never comes back. */
  readonly termination: Termination | undefined
}

export interface Termination {
  readonly graceMs: Millis
  /** deleted: by the API. removed: the object is gone already. finished: nothing is left to run. killed: the kubelet's own decision. */
  readonly because: 'deleted' | 'removed' | 'finished' | 'killed'
  /** Makes the Pod Failed with this reason, whatever its containers returned. */
  readonly failure?: { readonly reason: string; readonly message: string }
  /** Why the kubelet ends it for the node's sake: the message of its condition DisruptionTarget, reason TerminationByKubelet. */
  readonly disruption?: string
  /** It was refused when this node first saw it: nothing of it was ever looked at. */
  readonly isRefusal?: true
}

/** Everything the runtime has for the Pod, newest first. Times in it are wall-clock. */
export interface ObservedPod {
  readonly sandboxes: readonly PodSandboxStatus[]
  readonly containers: readonly ContainerStatus[]
}

/**
 * What was tried before and is under way. A restarted kubelet starts with an empty one: whatever may not be lost
 * is in the runtime. The plans read it; only the worker writes it.
 */
export interface PodMemory {
  volumes: 'unmounted' | 'mounting' | 'mounted'
  sandbox: 'idle' | 'starting' | 'stopping'
  /** Names of the containers that the start job is busy with. */
  starting: ReadonlySet<string>
  /** Why the last attempt to start a container failed, by container name. */
  readonly startFailures: Map<string, StartFailure>
  /** By backoffKey. */
  readonly crashes: Map<string, Crash>
  /** By container id. */
  readonly stops: Map<string, Stop>
  /** Not before this is anything that failed tried again. */
  retryAt: Millis
  /** Not before this are old instances removed: the runtime refused the last time. */
  removeAt: Millis
  /** What the Pod's cgroup was set to; undefined: not by this kubelet yet. */
  podLimits: Required<CgroupLimits> | undefined
  isSettingLimits: boolean
  /** Ids of containers whose resources are being changed. */
  readonly resizing: Set<string>
  /** Why the last attempt to change resources failed; it is made again. */
  resizeError: string | undefined
  limitsRetryAt: Millis
  /** When this kubelet first acknowledged the Pod; the API's startTime goes before it. */
  readonly startTime: string
}

export interface StartFailure {
  readonly reason: string
  readonly message: string
  readonly retryAt: Millis
  /** It runs, but may not stay: the id of the container whose postStart hook failed. */
  readonly unwanted?: string
}

export interface Crash {
  readonly delayMs: Millis
  readonly countedAt: Millis
}

/** A container on its way out: preStop hook first, then the signal. */
export interface Stop {
  readonly graceMs: Millis
  readonly beganAt: Millis
  readonly hook: 'none' | 'running' | 'done'
  /** When the runtime will kill it; undefined: no signal has been sent yet. */
  readonly killAt: Millis | undefined
  /** The runtime refused; not before this is it asked again. */
  readonly retryAt: Millis
}

/** What the probes have found about one running container. */
export interface Health {
  readonly started: boolean
  readonly ready: boolean
  /** A probe has decided that it must be restarted. */
  readonly failed: 'liveness' | 'startup' | undefined
}

export type HealthOf = (container: ContainerStatus, named: NamedContainer) => Health

export type Action =
  | { readonly do: 'mountVolumes' }
  | { readonly do: 'startSandbox'; readonly attempt: number; readonly replaces: string | undefined }
  | { readonly do: 'stopSandboxes'; readonly ids: readonly string[] }
  /** One job, in this order: a container whose start fails does not keep the next from being tried. */
  | { readonly do: 'startContainers'; readonly orders: readonly StartOrder[]; readonly sandboxId: string }
  | { readonly do: 'cancelStart' }
  | { readonly do: 'setPodLimits'; readonly limits: Required<CgroupLimits> }
  | { readonly do: 'resizeContainer'; readonly named: NamedContainer; readonly id: string }
  | {
      readonly do: 'beginStop'
      readonly id: string
      readonly name: string
      readonly graceMs: Millis
      readonly message: string
      readonly reason: string
      readonly hook: boolean
    }
  | { readonly do: 'signal'; readonly id: string; readonly timeoutMs: Millis }
  | { readonly do: 'reportBackOff'; readonly named: NamedContainer; readonly id: string }
  | { readonly do: 'removeContainers'; readonly ids: readonly string[] }
  | { readonly do: 'removeSandboxes'; readonly ids: readonly string[] }

export interface StartOrder {
  readonly named: NamedContainer
  /** How often it was started before. */
  readonly restartCount: number
  /** What the crash back-off becomes with this start. */
  readonly crash: { readonly key: string; readonly delayMs: Millis } | undefined
}

export interface Waiting {
  readonly reason: string
  readonly message: string
}

export interface PodStep {
  readonly actions: readonly Action[]
  /** Why a container is not running, by name, where there is more to say than that it is being created. */
  readonly waiting: ReadonlyMap<string, Waiting>
  /** Wall time at which something is due; Infinity when nothing is. */
  readonly wakeAt: Millis
  /** The Pod ends by itself: from now on this is what is wanted. */
  readonly end: Termination | undefined
  /** Nothing runs any more and the sandbox is stopped. */
  readonly finished: boolean
}

/** What failed is tried again at once: the Pod has been changed, perhaps because of the failure. */
export function forgetWaits(memory: PodMemory): void {
  memory.retryAt = 0
  for (const [name, failure] of memory.startFailures) memory.startFailures.set(name, { ...failure, retryAt: 0 })
}

export const emptyMemory = (startTime: string): PodMemory => ({
  startTime,
  volumes: 'unmounted',
  sandbox: 'idle',
  starting: new Set(),
  startFailures: new Map(),
  crashes: new Map(),
  stops: new Map(),
  retryAt: 0,
  removeAt: 0,
  podLimits: undefined,
  isSettingLimits: false,
  resizing: new Set(),
  resizeError: undefined,
  limitsRetryAt: 0,
})
