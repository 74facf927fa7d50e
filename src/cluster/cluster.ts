/**
 * The composition root: wires the floors below into a cluster and starts them. No logic of its own.
 *
 *   kubectl ─▶ handle ─▶ API server ─▶ store
 *                 ▲           ▼ watch
 *                 └── scheduler, controllers, kubelets
 */
import { kinds } from '../api/kinds/index.ts'
import { EndpointSlice } from '../api/kinds/endpoint_slice.ts'
import { Namespace } from '../api/kinds/namespace.ts'
import { Node } from '../api/kinds/node.ts'
import { Pod } from '../api/kinds/pod.ts'
import { Service } from '../api/kinds/service.ts'
import { createApiServer, type ApiServer } from '../apiserver/api_server.ts'
import type { MetricsPort } from '../apiserver/metrics.ts'
import type { Backends } from '../apiserver/subresources/workload_proxy.ts'
import type { Host } from '../base/host.ts'
import { silentTrace } from '../base/lifecycle_trace.ts'
import type { TokenIssuer } from '../base/tokens.ts'
import type { Transport, User } from '../base/transport.ts'
import { createClient } from '../client/api_client.ts'
import { atMost } from '../client/at_most.ts'
import { createCaches } from '../client/caches.ts'
import type { Client } from '../client/client.ts'
import type { Cache } from '../client/cache.ts'
import { createSeriesEventRecorder } from '../client/series_events.ts'
import type { BuiltInService } from '../controllers/built_in_services.ts'
import type { Provisioner } from '../controllers/persistent_volumes/storage.ts'
import type { Kubelet } from '../kubelet/kubelet.ts'
import { createMetricsCollector } from '../metrics/collector.ts'
import { createDnsView } from '../network/dns/cluster_view.ts'
import { measureDnsProgramming } from '../network/dns/programming_latency.ts'
import type { DnsView } from '../network/dns/records.ts'
import { startServiceProxy, type Programmed, type RuleProgrammer } from '../network/proxy/proxy.ts'
import { createProgrammedSteps, type ProgrammedSteps } from '../network/proxy/programmed.ts'
import type { ProfileOptions } from '../scheduler/profiles.ts'
import { startScheduler } from '../scheduler/scheduler.ts'
import type { Store } from '../store/store.ts'
import { createTimelineRecorder } from '../timeline/record/recorder.ts'
import { startControllers } from './controllers.ts'
import { controllerManagerUser, localPathUser, metricsServerUser, nameServerUser, schedulerUser } from './identities.ts'
import { createNode, type NodeParts, type RunningNode } from './node.ts'

export interface ClusterParts {
  readonly host: Host
  readonly store: Store
  readonly tokens: TokenIssuer
  /** PEM, published to every namespace. */
  readonly caCertificate: string
  readonly serviceCidr: string
  readonly clusterDomain: string
  /** The cluster IP that containers ask for names. */
  readonly dnsIP: string
  /** Services that are served by no Pod: the API and names. */
  readonly builtIn?: readonly BuiltInService[]
  readonly metrics?: MetricsPort
  /** The way to what Pods serve, for the API's proxies. */
  readonly backends?: Backends
  /** The way of the scheduler and the controllers to the API. Default: straight to it, in process. */
  readonly connect?: (handle: Transport) => Transport
  /** The schedulers there are; Kubernetes' default one alone, if nothing is said. */
  readonly schedulerProfiles?: readonly ProfileOptions[]
  /** Whether timelines of Pods are recorded. Default: true; false shows what that costs. */
  readonly recordsTimelines?: boolean
}

export interface Cluster {
  readonly apiServer: ApiServer
  readonly handle: Transport
  readonly dns: DnsView
  readonly services: Cache<Service>
  /** When which node knew of which change of a Service. */
  readonly programmed: Pick<ProgrammedSteps, 'of'>
  client(user: User): Client
  /** Makes the objects every cluster has and starts the controllers. The API answers before this has ended. */
  start(): Promise<void>
  /** Again with the same name: its kubelet has crashed and begins anew. */
  addNode(parts: NodeParts): Promise<Kubelet>
  /** Sends requests of the machine's own programs to Services on their way, where the machine is no node. */
  addMachine(rules: RuleProgrammer): void
  /** Its process is gone without having been stopped, so nothing of it can be stopped later. */
  lostNode(name: string): void
  /** Stops the components; containers go on. */
  stop(): Promise<void>
}

/** Of all controllers together; the API server works on 200 writes at once, and they are not the only ones who write. */
const CONTROLLER_REQUESTS_MAX = 100

export function createCluster({
  host,
  store,
  tokens,
  caCertificate,
  serviceCidr,
  clusterDomain,
  dnsIP,
  builtIn = [],
  metrics,
  backends,
  connect = handle => handle,
  schedulerProfiles,
  recordsTimelines = true,
}: ClusterParts): Cluster {
  const running = new Map<string, RunningNode>()
  const programmed = createProgrammedSteps(metrics)
  const kubeletOf = (nodeName: string): Transport | undefined => running.get(nodeName)?.kubelet.handle
  const timelines = recordsTimelines ? createTimelineRecorder(host.clock) : undefined
  const metricsCollector = createMetricsCollector({ host, kubelets: kubeletOf, user: metricsServerUser })
  const apiServer = createApiServer({
    kinds,
    store,
    tokens,
    serviceCidr,
    metrics,
    clock: host.clock,
    random: host.random.fork('apiserver'),
    log: host.log.child({ component: 'apiserver' }),
    kubelets: kubeletOf,
    backends,
    usage: metricsCollector,
    timelines: timelines?.readings,
  })
  const client = (user: User, transport = apiServer.handle): Client => createClient(transport, { user, userAgent: user.name.split(':').at(-1) })
  const stopping: (() => Promise<void> | void)[] = []
  const wayToApi = connect(apiServer.handle)
  const forScheduler = client(schedulerUser, wayToApi)
  const forControllers = client(controllerManagerUser, atMost(CONTROLLER_REQUESTS_MAX, wayToApi))
  const forNameServer = client(nameServerUser)
  const localPath: Provisioner = {
    client: client(localPathUser, wayToApi),
    kubeletOf: nodeName => {
      const kubelet = kubeletOf(nodeName)
      return kubelet && client(localPathUser, kubelet)
    },
  }

  /** What the scheduler and the controllers see: one cache for each kind. */
  const caches = createCaches(host, forControllers)
  /** What the service proxy and the name server may see. */
  const published = createCaches(host, forNameServer)
  const services = published.of(Service)
  const endpointSlices = published.of(EndpointSlice)
  measureDnsProgramming(endpointSlices, host.clock, metrics)

  return {
    apiServer,
    handle: apiServer.handle,
    dns: createDnsView({ services, endpointSlices, namespaces: published.of(Namespace) }),
    services,
    programmed,
    client: user => client(user),
    async start() {
      await apiServer.bootstrap()
      const components = [
        ...startControllers(host, { client: forControllers, cacheOf: caches.of, caCertificate, builtIn, localPath }),
        metricsCollector.start(caches.of(Node)),
        startScheduler(host, {
          client: forScheduler,
          cacheOf: caches.of,
          events: name => schedulerEvents(host, forScheduler, name),
          profiles: schedulerProfiles,
        }),
        ...(timelines ? [timelines.follow({ pods: caches.of(Pod), endpointSlices, nodes: caches.of(Node) })] : []),
      ]
      stopping.push(...components.map(component => () => component.stop()))
      await Promise.all([caches.synced(), published.synced()])
    },
    async addNode(parts) {
      const told = (step: Programmed) => {
        programmed.record(parts.name, step)
        timelines?.programmed(parts.name, step)
      }
      const node = createNode(
        { ...parts, programmed: told, trace: timelines?.traceOf(parts.name) ?? silentTrace },
        { handle: apiServer.handle, client, clusterDomain, dnsIP },
      )
      running.set(parts.name, node)
      await node.start()
      return node.kubelet
    },
    addMachine(rules) {
      const proxy = startServiceProxy(host, { services, endpointSlices, node: () => ({ name: undefined, zone: undefined }), rules })
      stopping.push(() => proxy.stop())
    },
    lostNode(name) {
      running.delete(name)
    },
    async stop() {
      for (const node of running.values()) await node.stop()
      running.clear()
      for (const stop of stopping.splice(0).reverse()) await stop()
      caches.stop()
      published.stop()
      apiServer.close()
    },
  }
}

/** The scheduler writes the newer Events; kubelets the older ones, as on Kubernetes. */
const schedulerEvents = (host: Host, client: Client, schedulerName: string) =>
  createSeriesEventRecorder(host, client, {
    controller: schedulerName,
    instance: `${schedulerName}-poise`,
    actions: { Scheduled: 'Binding', FailedScheduling: 'Scheduling', Preempted: 'Preempting' },
  })
