/**
 * Where the nodes of a cluster are on this machine.
 *
 *   one       the machine itself: its network is the node's, and Pods hang on it directly
 *   several   each in a network namespace of its own, at the end of a cable:
 *
 *     machine 10.244.255.1 ─┬─ poise0-node1 ── 10.244.255.11  Pods in 10.244.1.0/24
 *                           └─ poise0-node2 ── 10.244.255.12  Pods in 10.244.2.0/24
 *
 * Only the network is divided. Files and processes are the machine's, so that what a kubelet mounts is there for its containerd.
 */
import { join } from 'node:path'
import { cgroupRootOf, type AddressRanges } from './address_ranges.ts'
import { manifestsOf, type ClusterDirectories } from './directories.ts'

export interface NodePlace {
  readonly name: string
  readonly podCidr: string
  /** What its network devices, namespace and tables are named after: no other node of the machine has it. */
  readonly networkName: string
  /** Undefined: the machine's own. */
  readonly network: NodeNetwork | undefined
  /** State directory of its containerd. */
  readonly containerd: string
  readonly kubelet: string
  readonly manifests: string
  /** Above the cgroups of its Pods. */
  readonly cgroupRoot: string
}

export interface NodeNetwork {
  /** Of `ip netns`. */
  readonly namespace: string
  readonly address: string
  /** The machine's, as this node sees it. */
  readonly machineAddress: string
}

export interface ClusterPlaces {
  readonly nodes: readonly NodePlace[]
  /** Where the cluster's own servers listen for Pods. */
  readonly serversAddress: string
}

export function clusterPlaces(clusterName: string, ranges: AddressRanges, directories: ClusterDirectories): ClusterPlaces {
  const { nodeCount, gateway, slot } = ranges
  const base = `10.${244 + slot}`
  if (nodeCount === 1) return { serversAddress: gateway, nodes: [wholeMachine(clusterName, ranges, directories)] }
  const machineAddress = `${base}.255.1`
  return {
    serversAddress: machineAddress,
    nodes: Array.from({ length: nodeCount }, (_, index) => {
      const number = index + 1
      const name = `${clusterName}-${number}`
      const networkName = `${ranges.networkName}-node${number}`
      return {
        name,
        networkName,
        podCidr: `${base}.${number}.0/24`,
        network: { namespace: networkName, address: `${base}.255.${10 + number}`, machineAddress },
        // By number: a unix socket's path may have 107 bytes, and a cluster's name 32.
        containerd: join(directories.containerd, `node${number}`),
        kubelet: join(directories.kubelet, name),
        manifests: manifestsOf(directories, name),
        cgroupRoot: `${cgroupRootOf(ranges)}/node${number}/kubepods`,
      }
    }),
  }
}

const wholeMachine = (name: string, ranges: AddressRanges, directories: ClusterDirectories): NodePlace => ({
  name,
  networkName: ranges.networkName,
  podCidr: ranges.podCidr,
  network: undefined,
  containerd: directories.containerd,
  kubelet: join(directories.kubelet, name),
  manifests: manifestsOf(directories, name),
  cgroupRoot: `${cgroupRootOf(ranges)}/kubepods`,
})

/** What a command line begins with, so that it runs on the node. Empty on the machine itself. */
export const onNode = ({ network }: Pick<NodePlace, 'network'>): readonly string[] =>
  network ? ['nsenter', `--net=/run/netns/${network.namespace}`, '--'] : []
