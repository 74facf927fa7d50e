/**
 * Gives each Service of type LoadBalancer an address of this machine. Somebody else makes it lead somewhere.
 *
 *   watch Service ─▶ reconcile ─▶ status.loadBalancer
 */
import { deepEqual } from '../api/deep.ts'
import { Service } from '../api/kinds/service.ts'
import { keyOf, keyText } from '../api/meta.ts'
import type { Host } from '../base/host.ts'
import type { Cache } from '../client/cache.ts'
import type { Client } from '../client/client.ts'
import { settled, startController, watches } from '../client/controller.ts'
import type { EventRecorder } from '../client/event_recorder.ts'

export interface LoadBalancerSources {
  readonly services: Cache<Service>
  /** What there is to give, in this order. */
  readonly addresses: readonly string[]
  readonly events: EventRecorder
}

const RETRY_MS = 30_000

export function startLoadBalancerController(host: Host, client: Client, { services, addresses, events }: LoadBalancerSources) {
  /** Given, and perhaps not in the cache yet. */
  const given = new Map<string, string>()

  const addressFor = (key: string, service: Service): string | undefined => {
    const own = given.get(key) ?? service.status.loadBalancer.ingress?.[0]?.ip
    const taken = new Set(given.values())
    for (const other of services.list()) if (keyText(keyOf(other)) !== key) other.status.loadBalancer.ingress?.forEach(({ ip }) => ip && taken.add(ip))
    if (own && addresses.includes(own) && (given.has(key) || !taken.has(own))) return own
    return addresses.find(address => !taken.has(address))
  }

  return startController(host, client, {
    name: 'service-load-balancer',
    // One at a time: each looks at what the others have got.
    workers: 1,
    sources: [watches(Service, services)],
    async reconcile(key, api) {
      const service = services.get(key)
      const isWanted = service?.spec.type === 'LoadBalancer' && service.spec.loadBalancerClass === undefined && !service.metadata.deletionTimestamp
      if (!service || !isWanted) given.delete(keyText(key))
      if (!service) return settled
      // With a class it is somebody else's.
      if (service.spec.type === 'LoadBalancer' && !isWanted) return settled
      const address = isWanted ? addressFor(keyText(key), service) : undefined
      if (isWanted && !address) {
        events.warning(service, 'SyncLoadBalancerFailed', `Error syncing load balancer: all ${addresses.length} addresses are given to other Services`)
        return { again: RETRY_MS }
      }
      // Proxy: what is sent there goes there, also from inside; it is not an address the nodes could take for their own.
      const ingress = address ? [{ ip: address, ipMode: 'Proxy' as const }] : undefined
      if (address) given.set(keyText(key), address)
      if (deepEqual(service.status.loadBalancer.ingress, ingress)) return settled
      await api.updateStatus(Service, { ...service, status: { ...service.status, loadBalancer: ingress ? { ingress } : {} } })
      if (address) events.normal(service, 'EnsuredLoadBalancer', 'Ensured load balancer')
      return settled
    },
  })
}
