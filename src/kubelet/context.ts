/** What every part of the kubelet is given: the machine, the API, the runtime, and where things are on this node. */
import type { Pod } from '../api/kinds/pod.ts'
import type { Service } from '../api/kinds/service.ts'
import type { Host } from '../base/host.ts'
import type { LifecycleTrace } from '../base/lifecycle_trace.ts'
import type { Cache } from '../client/cache.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/event_recorder.ts'
import type { PodCgroups } from '../runtime/pod_cgroups.ts'
import type { ContainerRuntime } from '../runtime/runtime.ts'
import type { Directories } from './directories.ts'
import type { Allocatable } from './node/allocatable.ts'
import type { Machine } from './node/machine.ts'
import type { MachineStats } from './stats/machine_stats.ts'

export interface KubeletContext {
  readonly host: Host
  readonly client: Client
  readonly runtime: ContainerRuntime
  readonly events: EventRecorder
  /** Hears of what is done for Pods at the instant it is done. */
  readonly trace: LifecycleTrace
  /** The Pods of this node. */
  readonly pods: Cache<Pod>
  /** For the environment of containers; undefined: no Service variables. */
  readonly services: Cache<Service> | undefined
  readonly directories: Directories
  readonly nodeName: string
  readonly machine: Machine
  /** What Pods may ask for together; the limit of a container that has none. */
  readonly allocatable: () => Allocatable
  readonly machineStats: MachineStats
  readonly clusterDns: readonly string[]
  readonly clusterDomain: string
  /** Below which Pods get their cgroups: `/kubepods`. '' leaves it to the runtime. */
  readonly cgroupRoot: string
  /** Undefined: the runtime decides, and Pods as a whole have no limits. */
  readonly cgroups: PodCgroups | undefined
}
