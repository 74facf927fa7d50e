/**
 * A check on somebody's cluster: seen from outside, through its API and from this machine.
 *
 *   --url ─▶ the address of a load balancer ─▶ a node port that answers ─▶ the API server's proxy: the first that there is
 */
import { Node } from '../api/kinds/node.ts'
import { PodTimeline } from '../api/kinds/pod_timeline.ts'
import { Service } from '../api/kinds/service.ts'
import { isReason } from '../api/status.ts'
import { sleep } from '../base/clock.ts'
import type { Host } from '../base/host.ts'
import type { Log } from '../base/log.ts'
import type { Client } from '../client/client.ts'
import { createHost } from '../host/host.ts'
import { startLoad, type HostLoad } from '../host/load/load.ts'
import { createLocalPorts } from '../host/load/local_ports.ts'
import type { Entrance, LoadRequest } from './observation.ts'
import { CheckProblem } from './problem.ts'
import { watchLives, type LifeWatch } from './life_watch.ts'
import { startProxyLoad } from './proxy_load.ts'
import type { CheckSite, LoadOptions, LoadTarget } from './site.ts'

export interface ContextSiteOptions {
  readonly connection: { readonly client: Client; readonly context: string; readonly server: string; close(): void }
  /** Where the load goes in; undefined: looked for. */
  readonly url?: string | undefined
  readonly log: Log
}

const FROM_OUTSIDE = [
  "This is somebody else's cluster, seen from outside: which Pod answered a request is not known.",
  'How programs take signals cannot be seen there.',
  'Times of its objects and of the requests are from two clocks: causes are as exact as those agree.',
]
const BY_PROXY =
  'The load goes through the API server, which picks a ready Pod itself for each request: late rules of nodes and kept connections of clients cannot be seen. Give an address with --url.'
const NO_TIMELINES =
  'The cluster records no timelines: they are read off its objects, which are exact to the second, and when each node took over a change of endpoints is not among them.'

/** So long a load balancer or the rules of a node may need to be there. */
const REACHABLE_MS = 5_000
const TRY_MS = 1_500
const TRIES_PAUSE_MS = 500

export async function startContextSite({ connection, url, log }: ContextSiteOptions): Promise<CheckSite> {
  if (url !== undefined && !url.startsWith('http:')) throw new CheckProblem(`the load is plain HTTP, and ${url} is not`, 'Give an http:// address with --url.')
  const host = createHost({ log })
  const { client, context, server } = connection
  const blindSpots = new Set(FROM_OUTSIDE)
  const loads = new Set<HostLoad>()
  const ports = createLocalPorts()
  const watches = new Map<string, Promise<LifeWatch>>()
  const watched = (namespace: string): Promise<LifeWatch> => {
    const known = watches.get(namespace) ?? watchLives(host, client, namespace)
    watches.set(namespace, known)
    return known
  }
  return {
    kind: 'context',
    description: `context ${context} (${server}), load from this machine`,
    get blindSpots() {
      return [...blindSpots]
    },
    client,
    host: { clock: host.clock, random: host.random.fork('check'), log },

    async entranceTo(target) {
      // From here on, because nobody else keeps what is gone.
      await watched(target.namespace)
      const found = await findEntrance(host, client, target, url)
      if (found.through === 'proxy') blindSpots.add(BY_PROXY)
      return found
    },

    async startLoad(options: LoadOptions) {
      const { entrance, clients, target } = options
      if (clients.includes('direct'))
        throw new CheckProblem("Pods of somebody else's cluster cannot be reached from here by their own addresses", 'Use --clients new, keep-alive or both.')
      if (entrance.through === 'proxy') return startProxyLoad({ clock: host.clock, client }, options)
      const { hostname, port, host: named, pathname } = new URL(entrance.url)
      const { path, ratePerSecond, timeoutMs } = options
      const load = await startLoad(
        {
          clients,
          ratePerSecond,
          path: `${pathname.replace(/\/$/, '')}${path}`,
          timeoutMs,
          host: entrance.through === 'url' ? named : `${target.service}.${target.namespace}`,
          entrance: { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) },
        },
        { clock: host.clock, inNetwork: [], decidedAt: undefined, ports },
      )
      loads.add(load)
      return {
        counts: () => load.counts(),
        async stop() {
          const requests = await load.stop().finally(() => loads.delete(load))
          return requests.map(withoutTarget)
        },
      }
    },

    async timelines(namespace) {
      try {
        return (await client.list(PodTimeline, { namespace })).items.map(byTimeOfDay)
      } catch (error) {
        if (!isReason(error, 'NotFound') && !isReason(error, 'Forbidden')) throw error
        blindSpots.add(NO_TIMELINES)
        return (await watched(namespace)).timelines()
      }
    },
    signalHabits: async () => [],

    async close() {
      await Promise.all([...loads].map(load => load.abandon()))
      for (const watch of watches.values()) await watch.then(({ stop }) => stop()).catch(() => undefined)
      connection.close()
    },
  }
}

async function findEntrance(host: Host, client: Client, target: LoadTarget, url: string | undefined): Promise<Entrance> {
  const { service, namespace, port, type, nodePort } = target
  if (url !== undefined) return { service, through: 'url', url, node: undefined }
  const { clock } = host
  const proxied: Entrance = { service, through: 'proxy', url: `http://${service}.${namespace}:${port}`, node: undefined }
  if (type !== 'NodePort' && type !== 'LoadBalancer') return proxied
  for (const deadline = clock.now() + REACHABLE_MS; ;) {
    const { status } = await client.get(Service, { namespace, name: service })
    for (const { ip, hostname } of status.loadBalancer.ingress ?? []) {
      const address = ip ?? hostname
      if (address && (await answers(host, address, port))) return { service, through: 'LoadBalancer', url: urlOf(address, port), node: undefined }
    }
    for (const { node, address } of nodePort === undefined ? [] : await nodeAddresses(client)) {
      if (await answers(host, address, nodePort!)) return { service, through: 'NodePort', url: urlOf(address, nodePort!), node }
    }
    if (clock.now() >= deadline) return proxied
    await sleep(clock, TRIES_PAUSE_MS, undefined, 'check')
  }
}

const urlOf = (address: string, port: number): string => `http://${address.includes(':') ? `[${address}]` : address}:${port}`

/** What is open to the outside first. Who may not list nodes has none. */
async function nodeAddresses(client: Client): Promise<{ node: string; address: string }[]> {
  const { items } = await client.list(Node).catch((error: unknown) => {
    if (isReason(error, 'Forbidden')) return { items: [] as readonly Node[] }
    throw error
  })
  const of = (wanted: string) =>
    items.flatMap(({ metadata, status }) =>
      (status?.addresses ?? []).flatMap(({ type, address }) => (type === wanted ? [{ node: metadata.name!, address }] : [])),
    )
  return [...of('ExternalIP'), ...of('InternalIP')].slice(0, NODES_TRIED_MAX)
}

const NODES_TRIED_MAX = 5

const answers = (host: Host, address: string, port: number): Promise<boolean> =>
  host.network.connect(address, port, { timeoutMs: TRY_MS }).then(
    () => true,
    () => false,
  )

/** An address behind a name is that of a gateway, and no Pod's. */
const withoutTarget = ({ target: _target, ...request }: LoadRequest): LoadRequest => request

/** Their monotonic clock is that of another process: only the time of day means the same here. */
const byTimeOfDay = (timeline: PodTimeline): PodTimeline => ({
  ...timeline,
  spans: timeline.spans.map(({ startMs: _start, finishMs: _finish, ...span }) => span),
})
