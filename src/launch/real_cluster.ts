/**
 * Starts a cluster on this machine: certificates, store, API server over TLS, name server, and its nodes.
 *
 *   address ranges ─▶ certificates ─┬▶ API server answers ─▶ controllers, scheduler ─▶ kubelets ─▶ nodes Ready
 *                     store ────────┤                                                   ▲
 *                     containerds ──┴───────────────────────────────────────────────────┘
 *
 * What takes long runs side by side; the API answers before containerd does. Where nodes are is in `host/node_places.ts`.
 */
import { keyText, stampResourceVersion } from '../api/meta.ts'
import { Node } from '../api/kinds/node.ts'
import type { Host } from '../base/host.ts'
import type { Log } from '../base/log.ts'
import { sleep } from '../base/clock.ts'
import type { Client } from '../client/client.ts'
import { createCluster, type Cluster } from '../cluster/cluster.ts'
import { builtInServices } from '../cluster/built_in_services.ts'
import { administrator } from '../cluster/identities.ts'
import { cgroupRootOf, claimAddressRanges, type AddressRanges } from '../host/address_ranges.ts'
import { ensureCertificates } from '../host/certificates.ts'
import { lockCluster } from '../host/cluster_lock.ts'
import type { ClusterDirectories } from '../host/directories.ts'
import type { RespondDns } from '../host/dns_server.ts'
import type { Kubelet } from '../kubelet/kubelet.ts'
import type { Machine } from '../kubelet/node/machine.ts'
import type { ShutdownGrace } from '../kubelet/node/shutdown.ts'
import { removeCgroupTree } from '../host/cri/cgroups.ts'
import { createHost } from '../host/host.ts'
import { serve, type RunningServer } from '../host/http/server.ts'
import { createMetrics } from '../host/metrics.ts'
import { renderKubeconfig } from '../host/kubeconfig.ts'
import { machineAt, readMachine } from '../host/machine.ts'
import { clusterPlaces, type ClusterPlaces } from '../host/node_places.ts'
import { openDurableStore } from '../host/store_lmdb.ts'
import { createTokenIssuer } from '../host/tokens.ts'
import { respondDns } from '../network/dns/message.ts'
import { addressesOf } from '../network/dns/records.ts'
import { createMemoryStore } from '../store/memory_store.ts'
import { leadLoopback, serveInside } from './inside.ts'
import { nodeGuard, type NodeGuard } from './node_guard.ts'
import type { ClusterRuntime, NodeRuntime } from './node_runtime.ts'
import { startRuntimes, type RuntimeChoice } from './runtimes.ts'

export interface RealClusterOptions {
  readonly name: string
  readonly directories: ClusterDirectories
  readonly clustersDirectory: string
  readonly runtime: RuntimeChoice
  readonly store: 'memory' | { readonly directory: string }
  /** Default 127.0.0.1; anything else opens the API to the network. */
  readonly address?: string
  readonly port: number
  /** Default: as many as the cluster has, or one. */
  readonly nodeCount?: number | undefined
  readonly log: Log
  readonly seed?: string
  /** Kernel settings outside Kubernetes' safe set that Pods may have. Default: none. */
  readonly allowedUnsafeSysctls?: readonly string[]
  /** Manifests of static Pods, on each node. Default: a directory of the node's own. */
  readonly staticPodPath?: string
  /** In place of what `node_guard.ts` says of this machine, option by option. */
  readonly guard?: NodeGuard
}

export interface RealCluster {
  readonly name: string
  readonly server: string
  /** The administrator's kubeconfig, as text. */
  readonly kubeconfig: string
  readonly cluster: Cluster
  readonly client: Client
  readonly nodes: readonly RealNode[]
  readonly runtime: ClusterRuntime
  readonly host: Host
  readonly ranges: AddressRanges
  readonly places: ClusterPlaces
  /** Resolves once every node is Ready. */
  nodesReady(signal?: AbortSignal): Promise<void>
  /** Pods end as on a machine that is about to go: they become Failed, and their object says why. Before `stop`. */
  shutDown(grace: ShutdownGrace): Promise<void>
  /** Ends the process's part; with `containers`, what runs in them is ended too, and containerd with it. */
  stop(options?: { containers: boolean }): Promise<void>
}

export interface RealNode extends NodeRuntime {
  readonly name: string
  /** Where manifests of static Pods are put. */
  readonly staticPodPath: string
  readonly kubelet: Kubelet
}

export const CLUSTER_DOMAIN = 'cluster.local'

/** Rejects when another process has the cluster. */
export async function startRealCluster(options: RealClusterOptions): Promise<RealCluster> {
  const { release } = await lockCluster(options.directories)
  try {
    const cluster = await startLocked(options)
    return { ...cluster, stop: how => cluster.stop(how).finally(release) }
  } catch (error) {
    await release()
    throw error
  }
}

async function startLocked(options: RealClusterOptions): Promise<RealCluster> {
  const { name, directories, log } = options
  const host = createHost({ log, seed: options.seed })
  const ranges = await claimAddressRanges(options.clustersDirectory, directories.network, {
    nodeCount: options.nodeCount,
    onMachine: options.runtime.is !== 'simulated',
  })
  const places = clusterPlaces(name, ranges, directories)
  let cluster: Cluster | undefined
  const runtimeStarting = startRuntimes(options.runtime, {
    host,
    ranges,
    places,
    resolve: async question => (cluster ? addressesOf(cluster.dns, CLUSTER_DOMAIN, question) : []),
  })
  // Its failure is reported below, after the API is up; until then nobody awaits it.
  runtimeStarting.catch(() => undefined)

  const stopping: (() => Promise<void>)[] = []
  try {
    const [certificates, store] = await Promise.all([
      ensureCertificates(directories.pki, { sans: [ranges.apiServerIP, ...(options.address ? [options.address] : [])] }),
      options.store === 'memory'
        ? createMemoryStore({ stamp: stampResourceVersion })
        : openDurableStore(options.store.directory, { stamp: stampResourceVersion }),
    ])
    stopping.push(() => store.close())
    const started = (cluster = createCluster({
      host,
      store,
      metrics: createMetrics(),
      tokens: createTokenIssuer(certificates.serviceAccountKey),
      caCertificate: certificates.ca.certificate,
      serviceCidr: ranges.serviceCidr,
      clusterDomain: CLUSTER_DOMAIN,
      dnsIP: ranges.dnsIP,
      builtIn: builtInServices({ ...ranges, gateway: places.serversAddress }),
      backends: async (address, request) => (await runtimeStarting).backends(address, request),
    }))
    const tls = { ...certificates.server, clientCa: certificates.ca.certificate }
    const listen = (address: string, port: number): Promise<RunningServer> => serve({ handle: started.handle, tls, address, port, log })
    const server = await listen(options.address ?? '127.0.0.1', options.port)
    stopping.push(() => server.close())
    const url = `https://${server.address}:${server.port}`
    const client = started.client(administrator)
    await started.start()
    stopping.push(() => started.stop())

    const runtime = await runtimeStarting
    stopping.push(() => runtime.close())
    const machine = await readMachine(directories.root)
    const respond: RespondDns = (query, transport) => respondDns(started.dns, CLUSTER_DOMAIN, query, transport)
    if (runtime.kind === 'containerd') {
      const address = places.serversAddress
      stopping.push(await serveInside({ host, address, listen, respond, nameServers: machine.dns.servers }))
      stopping.push(leadLoopback({ host, cluster: started, nodeAddress: address, addresses: ranges.loadBalancerAddresses }))
    }
    if (runtime.machineRules) started.addMachine(runtime.machineRules)
    const nodes = await Promise.all(runtime.nodes.map(node => addNode(started, node, runtime.kind, machine, options)))

    return {
      name,
      client,
      cluster: started,
      runtime,
      host,
      ranges,
      places,
      nodes,
      async shutDown(grace) {
        await Promise.all(nodes.map(({ kubelet }) => kubelet.shutDown(grace)))
      },
      server: url,
      kubeconfig: renderKubeconfig({ name, server: url, ca: certificates.ca.certificate, client: certificates.admin }),
      nodesReady: signal => untilReady(host, client, nodes, signal),
      async stop({ containers } = { containers: false }) {
        // The kubelet first: it would start again what is ended here.
        if (containers) {
          await started.stop()
          await Promise.all(nodes.map(stopContainers))
        }
        for (const stop of stopping.splice(0).reverse())
          await stop().catch((error: unknown) => log.warn('not everything could be stopped', { error: String(error) }))
        if (containers) {
          await runtime.remove()
          // Simulated containers have no cgroups, and their addresses, which these are named after, are not theirs alone.
          if (runtime.kind === 'containerd') await removeCgroupTree(cgroupRootOf(ranges))
          for (const { host: nodeHost, place } of nodes) await nodeHost.mounts.unmountBelow(place.kubelet)
        }
      },
    }
  } catch (error) {
    for (const stop of stopping.reverse()) await stop().catch(() => undefined)
    const runtime = await runtimeStarting.catch(() => undefined)
    await runtime?.close().catch(() => undefined)
    await runtime?.undo()
    throw error
  }
}

async function addNode(
  cluster: Cluster,
  node: NodeRuntime,
  kind: ClusterRuntime['kind'],
  wholeMachine: Machine,
  { staticPodPath = node.place.manifests, guard, allowedUnsafeSysctls }: RealClusterOptions,
): Promise<RealNode> {
  const { place, host, runtime, serviceRules, cgroups } = node
  const machine = machineAt(place, wholeMachine)
  const kubelet = await cluster.addNode({
    name: place.name,
    staticPodPath,
    host,
    runtime,
    rootDirectory: place.kubelet,
    machine,
    machineStats: node.machineStats(machine),
    ...nodeGuard(kind, machine, guard),
    allowedUnsafeSysctls,
    serviceRules,
    ...(cgroups && { cgroups, cgroupRoot: place.cgroupRoot }),
  })
  return { ...node, name: place.name, staticPodPath, kubelet }
}

/** Ends every sandbox, so that nothing runs on unseen. The Pods stay in the store and start again with the cluster. */
async function stopContainers({ runtime, host }: RealNode): Promise<void> {
  const sandboxes = await runtime.listPodSandboxes()
  await Promise.all(
    sandboxes.map(async ({ id, metadata }) => {
      try {
        await runtime.stopPodSandbox(id)
        await runtime.removePodSandbox(id)
      } catch (error) {
        host.log.warn('a sandbox could not be removed', { pod: keyText(metadata), error: String(error) })
      }
    }),
  )
}

const POLL_MS = 20

async function untilReady(host: Host, client: Client, nodes: readonly RealNode[], signal?: AbortSignal): Promise<void> {
  for (const { name } of nodes) {
    for (;;) {
      const node = await client.get(Node, { namespace: '', name }).catch(() => undefined)
      if (node?.status?.conditions?.some(condition => condition.type === 'Ready' && condition.status === 'True')) break
      await sleep(host.clock, POLL_MS, signal)
    }
  }
}
