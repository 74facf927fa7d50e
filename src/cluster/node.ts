/**
 * One node: its kubelet, and what sends its Service traffic on its way. Both hear of the cluster over the node's own
 * connection, so that in a simulation each can be cut off by itself.
 */
import { EndpointSlice } from '../api/kinds/endpoint_slice.ts'
import { Node } from '../api/kinds/node.ts'
import { Pod } from '../api/kinds/pod.ts'
import { Service } from '../api/kinds/service.ts'
import type { Host } from '../base/host.ts'
import type { LifecycleTrace } from '../base/lifecycle_trace.ts'
import type { Transport, User } from '../base/transport.ts'
import type { Client } from '../client/client.ts'
import { createEventRecorder } from '../client/events.ts'
import { createCache } from '../client/reflector.ts'
import { createKubelet, type Kubelet, type KubeletOptions } from '../kubelet/kubelet.ts'
import type { Machine } from '../kubelet/node/machine.ts'
import type { MachineStats } from '../kubelet/stats/machine_stats.ts'
import type { PodCgroups } from '../runtime/pod_cgroups.ts'
import type { ContainerRuntime } from '../runtime/runtime.ts'
import { startServiceProxy, type Programmed, type RuleProgrammer, type ServiceProxy } from '../network/proxy/proxy.ts'
import { nodeUser, serviceProxyUser } from './identities.ts'

export interface NodeParts {
  readonly name: string
  readonly host: Host
  readonly runtime: ContainerRuntime
  /** The kubelet's own files. */
  readonly rootDirectory: string
  /** Manifests of static Pods. Default: there are none. */
  readonly staticPodPath?: string
  readonly machine: Machine
  readonly machineStats: MachineStats
  /** When the node counts as short of memory or disk, and which images it removes then. Default: as a kubelet on Linux. */
  readonly eviction?: KubeletOptions['eviction']
  readonly imageGc?: KubeletOptions['imageGc']
  readonly volumeStatsAggPeriodMs?: KubeletOptions['volumeStatsAggPeriodMs']
  readonly allowedUnsafeSysctls?: KubeletOptions['allowedUnsafeSysctls']
  /** Below which Pods get their cgroups, and who makes them. Default: the runtime decides. */
  readonly cgroupRoot?: string
  readonly cgroups?: PodCgroups
  /** Where requests to Services are sent on their way; left out, they are not. */
  readonly serviceRules?: RuleProgrammer
  /** What lies between this node and the API server; nothing, when they share a process. */
  readonly connect?: (handle: Transport) => Transport
  /** What lies, beyond that, between what writes the rules for Service traffic and the API server. */
  readonly connectProxy?: (transport: Transport) => Transport
}

export interface RunningNode {
  readonly kubelet: Kubelet
  /** Resolves when the kubelet works; rules for Service traffic follow as soon as they are known. */
  start(): Promise<void>
  stop(): Promise<void>
}

export interface NodeSurroundings {
  readonly handle: Transport
  readonly client: (user: User, transport: Transport) => Client
  readonly clusterDomain: string
  readonly dnsIP: string
}

const ZONE_LABEL = 'topology.kubernetes.io/zone'

export function createNode(
  parts: NodeParts & { readonly programmed: (step: Programmed) => void; readonly trace: LifecycleTrace },
  { handle, client, clusterDomain, dnsIP }: NodeSurroundings,
): RunningNode {
  const { name, host, connect = transport => transport, connectProxy = way => way, serviceRules, programmed, ...kubeletParts } = parts
  const transport = connect(handle)
  const forKubelet = client(nodeUser(name), transport)
  const services = createCache(host, forKubelet, Service)
  const pods = createCache(host, forKubelet, Pod, { fieldSelector: `spec.nodeName=${name}` })
  const nodes = createCache(host, forKubelet, Node, { fieldSelector: `metadata.name=${name}` })
  const kubelet = createKubelet({
    host,
    client: forKubelet,
    pods,
    services,
    nodes,
    events: createEventRecorder(host, forKubelet, { component: 'kubelet', host: name }),
    ...kubeletParts,
    nodeName: name,
    clusterDomain,
    clusterDns: [dnsIP],
  })
  let proxy: (ServiceProxy & { readonly caches: readonly { stop(): void }[] }) | undefined

  function startProxy(rules: RuleProgrammer) {
    const forProxy = client(serviceProxyUser, connectProxy(transport))
    const endpointSlices = createCache(host, forProxy, EndpointSlice)
    const zone = () => nodes.get({ namespace: '', name })?.metadata.labels?.[ZONE_LABEL]
    return {
      ...startServiceProxy(host, { services, endpointSlices, node: () => ({ name, zone: zone() }), rules, programmed }),
      caches: [endpointSlices],
    }
  }

  return {
    kubelet,
    async start() {
      if (serviceRules) proxy = startProxy(serviceRules)
      await kubelet.start()
    },
    async stop() {
      await Promise.all([kubelet.stop(), proxy?.stop()])
      for (const cache of [pods, services, nodes, ...(proxy?.caches ?? [])]) cache.stop()
    },
  }
}
