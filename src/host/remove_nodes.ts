/** Takes away everything that the nodes of a cluster have brought onto this machine; its objects stay. */
import { rm } from 'node:fs/promises'
import type { Host } from '../base/host.ts'
import { cgroupRootOf } from './address_ranges.ts'
import { removeClusterNetwork, setUpClusterNetwork, type ClusterNetworkOptions } from './cluster_network.ts'
import type { ContainerdOptions } from './containerd/containerd.ts'
import { destroyContainerd } from './containerd/destroy.ts'
import { removeCgroupTree } from './cri/cgroups.ts'
import type { ClusterDirectories } from './directories.ts'
import { containerdOptions } from './node_host.ts'

export interface RemoveNodesOptions extends ClusterNetworkOptions {
  readonly host: ContainerdOptions['host'] & Pick<Host, 'mounts'>
  readonly directories: Pick<ClusterDirectories, 'containerd' | 'kubelet'>
}

/** A containerd that has ended is started once more, because only it knows what is its own; so its node must have its network. */
export async function removeNodes(options: RemoveNodesOptions): Promise<void> {
  const { ranges, places, host, directories } = options
  if (places.nodes.some(({ network }) => network)) await setUpClusterNetwork(options)
  await Promise.all(places.nodes.map(place => destroyContainerd(containerdOptions(place, host))))
  // Volumes show directories of the machine: what is still mounted must never be removed with them.
  await host.mounts.unmountBelow(directories.kubelet)
  await rm(directories.containerd, { recursive: true, force: true })
  await removeClusterNetwork(options)
  await removeCgroupTree(cgroupRootOf(ranges))
}
