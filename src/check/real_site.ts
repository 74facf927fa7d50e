/**
 * A check on real containers: a throw-away cluster of this machine, and a load client that sits on its first node.
 *
 *   first node   the client, and with a cluster IP the rules that choose a Pod
 *   second node  the rules that choose a Pod for a node port: as for whoever comes from outside
 */
import { Node } from '../api/kinds/node.ts'
import type { Pod } from '../api/kinds/pod.ts'
import { PodTimeline } from '../api/kinds/pod_timeline.ts'
import { TimeoutError, withTimeout } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { SERVER_IMAGE } from '../base/server_settings.ts'
import { loadRealContainers } from '../host/containers.ts'
import { cacheDirectory } from '../host/directories.ts'
import { startLoad, type HostLoad } from '../host/load/load.ts'
import { createLocalPorts } from '../host/load/local_ports.ts'
import { latenessText, type Lateness } from '../host/load/requests.ts'
import { onNode } from '../host/node_places.ts'
import { CLUSTER_DOMAIN, type RealNode } from '../launch/real_cluster.ts'
import { provideServerImage } from '../launch/server_image.ts'
import { startThrowawayCluster, type ThrowawayCluster } from '../launch/throwaway_cluster.ts'
import type { Entrance, SignalHabits } from './observation.ts'
import { CheckProblem } from './problem.ts'
import { resolveService } from './simulated_entrance.ts'
import type { CheckSite, LoadOptions, LoadTarget } from './site.ts'
import { plural } from './words.ts'

export interface RealSiteOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Default: 2. */
  readonly nodes?: number
  /** Files in OCI's layout, or of `docker save`: every node gets them. */
  readonly imageArchives?: readonly string[]
  /** Those that the manifests name. What Poise can make by itself is made; others are pulled, as by any cluster. */
  readonly images?: readonly string[]
  readonly log: Log
  readonly seed?: string
  /** Ends the start: nothing is left then. */
  readonly signal?: AbortSignal
}

const NODES = 2
const READY_MS = 60_000
const PURPOSE = 'check'

export async function startRealSite(options: RealSiteOptions): Promise<CheckSite> {
  const { env, nodes = NODES, log, seed, signal } = options
  const cluster = await startThrowawayCluster({ env, purpose: PURPOSE, nodeCount: nodes, log, ...(seed !== undefined && { seed }) })
  try {
    await Promise.all([nodesReady(cluster, signal), bringImages(cluster, options)])
    return realSite(cluster, log)
  } catch (error) {
    await cluster.remove()
    throw error
  }
}

async function nodesReady(cluster: ThrowawayCluster, signal: AbortSignal | undefined): Promise<void> {
  await withTimeout(cluster.host.clock, READY_MS, ending => cluster.nodesReady(ending), signal).catch((error: unknown) => {
    if (error instanceof TimeoutError)
      throw new CheckProblem(`the nodes were not Ready within ${READY_MS / 1_000} s`, 'Try again when this machine is less busy, or on one node: --nodes 1.')
    throw error
  })
}

async function bringImages({ runtime, nodes }: ThrowawayCluster, { env, imageArchives = [], images = [] }: RealSiteOptions): Promise<void> {
  if (images.includes(SERVER_IMAGE)) await provideServerImage(runtime, cacheDirectory(env))
  await Promise.all(nodes.flatMap(({ containerd }) => imageArchives.map(file => containerd!.loadImage(file))))
}

function realSite(cluster: ThrowawayCluster, log: Log): CheckSite {
  const { client, host, nodes, ranges } = cluster
  const first = nodes[0]!
  const another = nodes[1] ?? first
  const blindSpots = new Set<string>()
  /** Of all loads, the one that it was worst with. */
  let lateness: Lateness | undefined
  const loads = new Set<HostLoad>()
  const ports = createLocalPorts()

  return {
    kind: 'containerd',
    description: `${plural(nodes.length, 'node')}, real containers (containerd and runc)`,
    get blindSpots() {
      const late = lateness && latenessText(lateness)
      return [...blindSpots, ...(late === undefined ? [] : [late])]
    },
    client,
    kubeconfig: cluster.kubeconfig,
    host: { clock: host.clock, random: host.random.fork('check'), log },

    async entranceTo({ service, namespace, port, type, nodePort, clusterIP }) {
      const entrance = (through: Entrance['through'], address: string, at: number, node: RealNode | undefined): Entrance => ({
        service,
        through,
        url: `http://${address}:${at}`,
        node: node?.name,
      })
      if (type === 'headless') return entrance('headless', nameOf({ service, namespace }), port, undefined)
      // A load balancer sends what it gets to the node ports: its part is taken by the client.
      if ((type === 'NodePort' || type === 'LoadBalancer') && nodePort !== undefined)
        return entrance('NodePort', await addressOf(cluster, another), nodePort, another)
      if (clusterIP) return entrance('ClusterIP', clusterIP, port, first)
      throw new CheckProblem(`Service ${service} has neither a cluster IP nor a node port`, 'Give it one, or name another Service with --service.')
    },

    async startLoad({ target, entrance, path, ratePerSecond, clients, timeoutMs }: LoadOptions) {
      const { hostname, port } = new URL(entrance.url)
      const way = { host: hostname, port: Number(port || 80) }
      const deciding = nodes.find(({ name }) => name === entrance.node)
      // DNS tells addresses only: who goes to Pods directly must know their port.
      const podPort = resolveService(cluster.cluster.dns, CLUSTER_DOMAIN, target)[0]?.port ?? target.port
      const load = await startLoad(
        {
          clients,
          ratePerSecond,
          path,
          timeoutMs,
          host: `${target.service}.${target.namespace}`,
          entrance: target.type === 'headless' ? { ...way, port: podPort } : way,
          direct: { host: nameOf(target), port: podPort },
          nameServer: ranges.dnsIP,
        },
        {
          clock: host.clock,
          inNetwork: onNode(first.place),
          decidedAt: deciding && { inNetwork: onNode(deciding.place), address: way.host, port: way.port },
          ports,
        },
      )
      loads.add(load)
      return {
        counts: () => load.counts(),
        async stop() {
          const requests = await load.stop().finally(() => loads.delete(load))
          for (const spot of load.blindSpots()) blindSpots.add(spot)
          if (!lateness || load.lateness().mostMs > lateness.mostMs) lateness = load.lateness()
          return requests
        },
      }
    },

    timelines: async namespace => (await client.list(PodTimeline, { namespace })).items,
    signalHabits: pods => signalHabits(nodes, pods),

    async close() {
      await Promise.all([...loads].map(load => load.abandon()))
      await cluster.remove()
    },
  }
}

const nameOf = ({ service, namespace }: Pick<LoadTarget, 'service' | 'namespace'>): string => `${service}.${namespace}.svc.${CLUSTER_DOMAIN}`

async function addressOf({ client }: ThrowawayCluster, { name }: RealNode): Promise<string> {
  const { status } = await client.get(Node, { namespace: '', name })
  const address = status?.addresses?.find(({ type }) => type === 'InternalIP')?.address
  if (address === undefined) throw new CheckProblem(`node ${name} has no address`, 'Its log says why; run the check with --log-level debug.')
  return address
}

async function signalHabits(nodes: readonly RealNode[], pods: readonly Pod[]): Promise<SignalHabits[]> {
  const { readSignalHabits } = await loadRealContainers()
  const found = await Promise.all(
    nodes.map(async ({ name, socketPath }) => {
      const containers = pods.filter(({ spec }) => spec.nodeName === name).flatMap(runningContainers)
      if (socketPath === undefined || containers.length === 0) return []
      const habits = await readSignalHabits(
        socketPath,
        containers.map(({ id }) => id),
      )
      return containers.flatMap(({ podUid, container, id }) => {
        const habit = habits.get(id)
        return habit ? [{ podUid, container, ...habit }] : []
      })
    }),
  )
  return found.flat()
}

/** Sidecars, too. */
const runningContainers = ({ metadata, status }: Pod) =>
  [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].flatMap(({ name, state, containerID }) =>
    state?.running && containerID ? [{ podUid: metadata.uid!, container: name, id: containerID.replace(/^.*:\/\//, '') }] : [],
  )
