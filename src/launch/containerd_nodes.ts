/**
 * Nodes with real containers: for each a containerd of its own, and rules for Service traffic in its own network.
 *
 *   network of the cluster ─▶ containerd of node 1, of node 2, … side by side
 */
import { messageOf } from '../base/error_message.ts'
import type { Host } from '../base/host.ts'
import { removeClusterNetwork, serviceTableOf, setUpClusterNetwork } from '../host/cluster_network.ts'
import { forgetFlows } from '../host/conntrack.ts'
import type { Containerd } from '../host/containerd/containerd.ts'
import { MachineNotReady } from '../host/containerd/machine.ts'
import { loadRealContainers, type RealContainers } from '../host/containers.ts'
import { createPodCgroups } from '../host/cri/pod_cgroups.ts'
import { createBackends } from '../host/http/backends.ts'
import { createMachineStats } from '../host/machine_stats.ts'
import { runNft } from '../host/nftables.ts'
import { containerdOptions, nodeHost } from '../host/node_host.ts'
import type { NodePlace } from '../host/node_places.ts'
import { createNftablesRules } from '../network/proxy/nftables.ts'
import type { RuleProgrammer } from '../network/proxy/proxy.ts'
import type { ContainerRuntime } from '../runtime/runtime.ts'
import type { ClusterRuntime, NodeRuntime, RuntimeParts } from './node_runtime.ts'

type StartedNode = Pick<NodeRuntime, 'place' | 'runtime' | 'containerd' | 'socketPath'>

/** All nodes, or an error and none. */
export async function startContainerdNodes(parts: RuntimeParts): Promise<ClusterRuntime> {
  const real = await loadRealContainers()
  const { wasThere } = await setUpClusterNetwork(parts)
  const starts = await Promise.allSettled(parts.places.nodes.map(place => startContainerdAt(place, parts.host, real)))
  const nodes = starts.flatMap(start => (start.status === 'fulfilled' ? [start.value] : []))
  const cluster = clusterRuntime(parts, nodes, wasThere)
  const failed = starts.find(start => start.status === 'rejected')
  if (!failed) return cluster
  await cluster.close()
  await cluster.undo()
  throw failed.reason
}

async function startContainerdAt(place: NodePlace, host: Host, { startContainerd, clearRemains, createCriRuntime }: RealContainers): Promise<StartedNode> {
  const options = containerdOptions(place, host)
  const started = await startContainerd(options)
  const containerd: Containerd = {
    ...started,
    get pid() {
      return started.pid
    },
    async stop() {
      await started.stop()
      await clearRemains(options)
    },
  }
  const { socketPath, hostPortHandler, pinnedImages } = containerd
  const runtime = createCriRuntime({ socketPath, clock: host.clock, log: nodeHost(host, place).log, hostPortHandler, pinnedImages })
  return { place, runtime, containerd, socketPath }
}

/** One that runs already, at its socket: it is on the machine itself, and so can be one node only. */
export async function connectContainerdNode(parts: RuntimeParts, socketPath: string): Promise<ClusterRuntime> {
  const [place, another] = parts.places.nodes
  if (!place || another) throw new MachineNotReady('a containerd that runs already can be one node only. Next: use --nodes 1, or --runtime containerd')
  const { createCriRuntime } = await loadRealContainers()
  // Its images are somebody else's: none is removed there, however full the disk.
  const { clock, log } = parts.host
  const runtime = createCriRuntime({ socketPath, clock, log, pinnedImages: async () => 'all' })
  await runtime.version().catch(async (error: unknown) => {
    await runtime.close()
    throw new MachineNotReady(
      `no container runtime answers at ${socketPath}: ${messageOf(error)}. Next: start it, or let Poise start its own with --runtime containerd`,
    )
  })
  const { wasThere } = await setUpClusterNetwork(parts)
  return clusterRuntime(parts, [{ place, runtime, containerd: undefined, socketPath }], wasThere)
}

function clusterRuntime(parts: RuntimeParts, started: readonly StartedNode[], networkWasThere: boolean): ClusterRuntime {
  const { host, ranges, places } = parts
  const hasOwnNetworks = places.nodes.some(({ network }) => network)
  return {
    kind: 'containerd',
    backends: createBackends(),
    machineRules: hasOwnNetworks ? serviceRules(parts, host, ranges) : undefined,
    note: undefined,
    nodes: started.map(node => {
      const ownHost = nodeHost(host, node.place)
      const rules = serviceRules(parts, ownHost, node.place)
      return { ...node, host: ownHost, cgroups: createPodCgroups(), machineStats: () => createMachineStats(), serviceRules: rules }
    }),
    async close() {
      await Promise.all(started.map(({ runtime, containerd }) => closeNode(runtime, containerd)))
    },
    async remove() {
      await Promise.all(started.flatMap(({ containerd }) => (containerd ? [containerd.stop()] : [])))
      await removeClusterNetwork(parts)
    },
    async undo() {
      await Promise.all(started.flatMap(({ containerd }) => (containerd && !containerd.adopted ? [containerd.stop()] : [])))
      if (!networkWasThere) await removeClusterNetwork(parts)
    },
  }
}

async function closeNode(runtime: ContainerRuntime, containerd: Containerd | undefined): Promise<void> {
  await runtime.close()
  await containerd?.close()
}

/** `where` has the Pods whose requests pass there first. Those of other nodes come from outside: their answers would take another way. */
const serviceRules = ({ ranges }: RuntimeParts, { processes, log }: Host, where: Pick<NodePlace, 'networkName' | 'podCidr'>): RuleProgrammer =>
  createNftablesRules(
    { table: serviceTableOf(where), podCidr: where.podCidr, serviceCidr: ranges.serviceCidr, nodePortsFrom: ranges.podCidr },
    transaction => runNft(processes, transaction),
    flows => forgetFlows(processes, flows, log.child({ component: 'proxy' })),
  )
