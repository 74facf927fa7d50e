/**
 * Keeps a node's rules for Service traffic: what kube-proxy does.
 *
 *   watch Service, EndpointSlice ─▶ changed Services ─▶ servicePorts ─▶ RuleProgrammer (nftables, or simulated)
 *                                        ▲                                   │ failed: everything anew, after a while
 *                                        └───────────────────────────────────┘
 *
 * A change goes out at once; what changes while one is being programmed goes together in the next. So there is one
 * transaction at a time, and a storm of changes costs few.
 */
import type { EndpointSlice } from '../../api/kinds/endpoint_slice.ts'
import type { Service } from '../../api/kinds/service.ts'
import { keyOf, keyText, parseKey } from '../../api/meta.ts'
import { backoffMs } from '../../base/backoff.ts'
import { sleep, type Millis } from '../../base/clock.ts'
import { messageOf } from '../../base/error_message.ts'
import type { Host } from '../../base/host.ts'
import { cachesSynced, type Cache } from '../../client/cache.ts'
import { indexBy } from '../../client/cache_index.ts'
import { serviceNameOf } from '../dns/records.ts'
import { servicePorts, type ProxyNode, type ServicePort } from './service_ports.ts'

/** Where the rules go. Each call is one step: all of it holds afterwards, or nothing of it. Open connections stay as they are. */
export interface RuleProgrammer {
  /** Replaces everything there is. */
  replace(ports: readonly ServicePort[]): Promise<void>
  /** By the name of each port; undefined removes it. */
  change(ports: ReadonlyMap<string, ServicePort | undefined>): Promise<void>
}

/** Told after each step: from now on this node sends requests where the objects up to this revision say. */
export interface Programmed {
  readonly services: readonly string[]
  readonly endpointSlicesRevision: number
  readonly servicesRevision: number
  /** The host's own clock. */
  readonly at: Millis
  /** The same instant as the time of day. */
  readonly wallMs: Millis
  readonly tookMs: Millis
  /** What this step answers, as the objects tell it: when (time of day) which Service's endpoints began to change. */
  readonly triggers: readonly { readonly service: string; readonly at: Millis }[]
}

export interface ServiceProxyOptions {
  readonly services: Cache<Service>
  readonly endpointSlices: Cache<EndpointSlice>
  readonly node: () => ProxyNode
  readonly rules: RuleProgrammer
  readonly programmed?: (step: Programmed) => void
}

export interface ServiceProxy {
  /** The first full set of rules is in place. */
  readonly synced: Promise<void>
  stop(): Promise<void>
}

const RETRY = { baseMs: 100, maxMs: 30_000 }
/** Somebody else may have spoiled the rules: once in a while they are written anew. */
const REWRITE_MS = 60 * 60_000
/** Of one Service, while rules cannot be written: the oldest ones tell the most. */
const TRIGGERS_MAX = 100

export function startServiceProxy(host: Host, { services, endpointSlices, node, rules, programmed }: ServiceProxyOptions): ServiceProxy {
  const { clock } = host
  const log = host.log.child({ component: 'proxy' })
  const slicesOf = indexBy(endpointSlices, slice => [`${slice.metadata.namespace}/${serviceNameOf(slice)}`])
  const dirty = new Set<string>()
  const triggers = new Map<string, Millis[]>()
  const startedWallMs = clock.wall()
  /** The names of the ports that are programmed, by Service. */
  const known = new Map<string, ReadonlyMap<string, ServicePort>>()
  let wake = () => {}
  let markSynced = () => {}
  const synced = new Promise<void>(resolve => (markSynced = resolve))
  const touch = (service: string) => {
    dirty.add(service)
    wake()
  }
  const listeners = [
    services.onChange(({ key }) => touch(keyText(key))),
    endpointSlices.onChange(({ object, previous }) => {
      const triggeredAt = triggerTimeOf(object)
      // What changed before there was this proxy was not for it to follow.
      if (object && triggeredAt !== undefined && triggeredAt !== triggerTimeOf(previous) && triggeredAt >= startedWallMs) {
        const service = `${object.metadata.namespace}/${serviceNameOf(object)}`
        triggers.set(service, [...(triggers.get(service) ?? []), triggeredAt].slice(0, TRIGGERS_MAX))
      }
      for (const slice of [object, previous]) if (slice) touch(`${slice.metadata.namespace}/${serviceNameOf(slice)}`)
    }),
  ]

  const portsOf = (key: string): ReadonlyMap<string, ServicePort> => {
    const service = services.get(parseKey(key))
    return new Map((service ? servicePorts(service, slicesOf.find(key), node()) : []).map(port => [port.name, port]))
  }

  async function rewrite(): Promise<void> {
    const all = new Map(services.list().map(service => [keyText(keyOf(service)), portsOf(keyText(keyOf(service)))]))
    const step = begin([...all.keys()])
    dirty.clear()
    await rules.replace([...all.values()].flatMap(ports => [...ports.values()]))
    known.clear()
    for (const [key, ports] of all) if (ports.size > 0) known.set(key, ports)
    step.end()
  }

  async function update(): Promise<void> {
    const touched = [...dirty]
    dirty.clear()
    const next = new Map(touched.map(key => [key, portsOf(key)]))
    const changes = new Map<string, ServicePort | undefined>()
    for (const [key, ports] of next) {
      const before = known.get(key) ?? new Map<string, ServicePort>()
      for (const name of before.keys()) if (!ports.has(name)) changes.set(name, undefined)
      for (const [name, port] of ports) if (!isSame(before.get(name), port)) changes.set(name, port)
    }
    const step = begin(touched)
    if (changes.size > 0) await rules.change(changes)
    for (const [key, ports] of next) {
      if (ports.size > 0) known.set(key, ports)
      else known.delete(key)
    }
    step.end()
  }

  const begin = (touched: readonly string[]) => {
    const startedAt = clock.now()
    const [servicesRevision, endpointSlicesRevision] = [services.revision, endpointSlices.revision]
    const answered = touched.flatMap(service => (triggers.get(service) ?? []).map(at => ({ service, at })))
    return {
      end() {
        for (const { service } of answered) triggers.get(service)?.shift()
        for (const service of touched) if (triggers.get(service)?.length === 0) triggers.delete(service)
        const at = clock.now()
        programmed?.({
          services: touched,
          servicesRevision,
          endpointSlicesRevision,
          at,
          wallMs: clock.wall(),
          tookMs: at - startedAt,
          triggers: answered,
        })
      },
    }
  }

  /** Until something has changed, or the time for a rewrite has come. */
  const changed = (signal: AbortSignal, rewriteAt: Millis): Promise<void> =>
    new Promise(resolve => {
      if (dirty.size > 0 || signal.aborted) return resolve()
      const timer = clock.at(rewriteAt, () => wake(), 'service proxy rewrite')
      wake = () => {
        timer.cancel()
        resolve()
      }
    })

  const task = host.spawn('service proxy', async signal => {
    if (!(await cachesSynced([services, endpointSlices], signal))) return
    signal.addEventListener('abort', () => wake(), { once: true })
    let failures = 0
    let rewriteAt = clock.now()
    while (!signal.aborted) {
      try {
        if (clock.now() >= rewriteAt) {
          await rewrite()
          rewriteAt = clock.now() + REWRITE_MS
          markSynced()
        } else if (dirty.size > 0) await update()
        failures = 0
        await changed(signal, rewriteAt)
      } catch (error) {
        // What holds now is unknown: the next step says all of it.
        rewriteAt = clock.now()
        log.warn('the rules for Service traffic could not be written; trying again', { error: messageOf(error) })
        await sleep(clock, backoffMs(++failures, RETRY), signal, 'service proxy')
      }
    }
  })

  return {
    synced,
    async stop() {
      listeners.forEach(listener => listener.stop())
      slicesOf.stop()
      await task.stop()
    },
  }
}

/** Kubernetes' annotation, kept by the controllers of endpoints. */
function triggerTimeOf(slice: EndpointSlice | undefined): Millis | undefined {
  const text = slice?.metadata.annotations?.['endpoints.kubernetes.io/last-change-trigger-time']
  const at = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(at) ? undefined : at
}

const isSame = (a: ServicePort | undefined, b: ServicePort): boolean => a !== undefined && JSON.stringify(a) === JSON.stringify(b)
