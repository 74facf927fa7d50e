/** What a cluster's containers run in, whichever it is. */
import type { Backends } from '../apiserver/subresources/workload_proxy.ts'
import type { Host } from '../base/host.ts'
import type { AddressRanges } from '../host/address_ranges.ts'
import type { Containerd } from '../host/containerd/containerd.ts'
import type { ClusterPlaces, NodePlace } from '../host/node_places.ts'
import type { Machine } from '../kubelet/node/machine.ts'
import type { MachineStats } from '../kubelet/stats/machine_stats.ts'
import type { RuleProgrammer } from '../network/proxy/proxy.ts'
import type { SimulatedRuntime } from '../sim/runtime.ts'
import type { ContainerRuntime } from '../runtime/runtime.ts'
import type { PodCgroups } from '../runtime/pod_cgroups.ts'

export interface ClusterRuntime {
  readonly kind: 'containerd' | 'simulated'
  /** In the order of their places. */
  readonly nodes: readonly NodeRuntime[]
  /** The way to what Pods serve. */
  readonly backends: Backends
  /** Where requests of the machine's own programs to Services are sent on their way; undefined where a node's rules do it. */
  readonly machineRules: RuleProgrammer | undefined
  /** Why `auto` did not take real containers. */
  readonly note: string | undefined
  /** Leaves containers as they are. */
  close(): Promise<void>
  /** After `close`, once no Pod is left: what the nodes need of the machine goes. */
  remove(): Promise<void>
  /** After `close`, when the cluster could not start: what this start has brought goes, and what was there before stays. */
  undo(): Promise<void>
}

export interface NodeRuntime {
  readonly place: NodePlace
  readonly runtime: ContainerRuntime
  readonly containerd: Containerd | undefined
  /** What stands in for containerd, with its network. */
  readonly simulated?: SimulatedRuntime
  readonly socketPath: string | undefined
  /** The machine as the node's kubelet sees it: with simulated containers, probes go to the simulated network. */
  readonly host: Host
  readonly cgroups: PodCgroups | undefined
  /** What its machine uses: with simulated containers, a machine that does what they do. */
  machineStats(machine: Machine): MachineStats
  /** Where its Pods' requests to Services are sent on their way. */
  readonly serviceRules: RuleProgrammer
}

export interface RuntimeParts {
  readonly host: Host
  readonly ranges: AddressRanges
  readonly places: ClusterPlaces
  /** The cluster's name server, for simulated containers; real ones ask it over the network. */
  resolve(name: string): Promise<readonly string[]>
}
