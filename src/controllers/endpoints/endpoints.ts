/**
 * Keeps Endpoints, the older list of what stands behind a Service, for those who still read it. Nothing in a cluster does.
 *
 *   watch Service, Pod, Endpoints ─▶ reconcile(Service) ─▶ planSubsets ─▶ create or update
 */
import { deepEqual } from '../../api/deep.ts'
import { Endpoints } from '../../api/kinds/endpoints.ts'
import { Pod } from '../../api/kinds/pod.ts'
import { Service } from '../../api/kinds/service.ts'
import { keyText } from '../../api/meta.ts'
import { isReason } from '../../api/status.ts'
import type { EndpointAddress, EndpointSubset } from '../../api/types/endpoints.ts'
import type { Host } from '../../base/host.ts'
import type { Cache } from '../../client/cache.ts'
import type { Client } from '../../client/client.ts'
import { settled, startController, watches } from '../../client/controller.ts'
import { unlessSettled } from '../namespace_contents.ts'
import { backendOf, hasSelector, HEADLESS_LABEL, isHeadless, TRIGGER_TIME_ANNOTATION, type Backend } from './backends.ts'
import { RETRIES_MAX, RETRY, servicesTouchedBy } from './endpoint_slices.ts'
import { portsKey } from './plan_endpoint_slices.ts'
import { createSelection } from './selection.ts'
import { createTriggerTimes } from './trigger_times.ts'
import { createWritePace } from './write_pace.ts'

const MANAGED_BY_LABEL = 'endpoints.kubernetes.io/managed-by'
const MANAGER = 'endpoint-controller'
const OVER_CAPACITY_ANNOTATION = 'endpoints.kubernetes.io/over-capacity'
export const ADDRESSES_MAX = 1000

export function startEndpointsController(
  host: Host,
  client: Client,
  { services, pods, endpoints }: { services: Cache<Service>; pods: Cache<Pod>; endpoints: Cache<Endpoints> },
) {
  const selection = createSelection(pods, services)
  const triggerTimes = createTriggerTimes()
  const pace = createWritePace(host.clock)
  const controller = startController(host, client, {
    name: 'endpoints',
    retry: RETRY,
    retriesMax: RETRIES_MAX,
    sources: [
      watches(Service, services),
      watches(Pod, pods, change => servicesTouchedBy(change, selection)),
      watches(Endpoints, endpoints, ({ key, object, previous }) => ((object ?? previous)?.metadata.labels?.[MANAGED_BY_LABEL] === MANAGER ? [key] : [])),
    ],
    async reconcile(key, api) {
      const service = services.get(key)
      const current = endpoints.get(key)
      if (!service) {
        triggerTimes.forget(key)
        pace.forget(keyText(key))
        // Those that somebody wrote himself for a Service without a selector went with it, too: there the names are the link.
        if (current && !current.metadata.deletionTimestamp) await api.delete(Endpoints, key).catch(unlessGone)
        return settled
      }
      if (!hasSelector(service) || service.metadata.deletionTimestamp) return settled
      const selected = selection.podsOf(service)
      const { subsets, isTruncated } = planSubsets(backendsOf(service, selected))
      const labels = { ...service.metadata.labels, ...(isHeadless(service) && { [HEADLESS_LABEL]: '' }), [MANAGED_BY_LABEL]: MANAGER }
      const isOver = current?.metadata.annotations?.[OVER_CAPACITY_ANNOTATION] !== undefined
      if (current && deepEqual(current.subsets ?? [], subsets) && deepEqual(current.metadata.labels, labels) && isOver === isTruncated) return settled
      const waitMs = pace.take(keyText(key), 'addition')
      if (waitMs > 0) return { again: waitMs }
      const triggerTime = triggerTimes.next(service, selected)
      const annotations = {
        ...(triggerTime && { [TRIGGER_TIME_ANNOTATION]: triggerTime }),
        ...(isTruncated && { [OVER_CAPACITY_ANNOTATION]: 'truncated' }),
      }
      if (current) await api.update(Endpoints, { ...current, metadata: { ...current.metadata, labels, annotations }, subsets })
      else await api.create(Endpoints, { metadata: { ...key, labels, annotations }, subsets }).catch(unlessSettled)
      return settled
    },
  })
  return {
    async stop() {
      await controller.stop()
      selection.stop()
    },
  }
}

/** Here, other than in slices, a Pod without any of the Service's ports is none of its endpoints, unless the Service has no ports. */
const backendsOf = (service: Service, pods: readonly Pod[]): Backend[] =>
  pods.flatMap(pod => backendOf(service, pod) ?? []).filter(({ ports }) => ports.length > 0 || !service.spec.ports?.length)

/** Pods on their way out are left out, unless the Service publishes everything. At most a thousand addresses, ready ones first. */
export function planSubsets(backends: readonly Backend[]): { subsets: EndpointSubset[]; isTruncated: boolean } {
  const shown = backends.filter(({ conditions }) => conditions.ready || !conditions.terminating)
  const chosen = [...shown].sort((a, b) => Number(b.conditions.ready) - Number(a.conditions.ready)).slice(0, ADDRESSES_MAX)
  const groups = new Map<string, Backend[]>()
  for (const backend of chosen) groups.set(portsKey(backend.ports), [...(groups.get(portsKey(backend.ports)) ?? []), backend])
  const subsets = [...groups.keys()].sort().map(key => subsetOf(groups.get(key)!))
  return { subsets, isTruncated: shown.length > ADDRESSES_MAX }
}

function subsetOf(backends: readonly Backend[]): EndpointSubset {
  const addresses = (ready: boolean) =>
    backends
      .filter(({ conditions }) => conditions.ready === ready)
      .map(addressOf)
      .sort((a, b) => (a.ip < b.ip ? -1 : 1))
  const [ready, notReady] = [addresses(true), addresses(false)]
  const ports = backends[0]!.ports.map(({ name, port, protocol, appProtocol }) => ({
    ...(name && { name }),
    port: port!,
    protocol: protocol!,
    ...(appProtocol && { appProtocol }),
  }))
  return { ...(ready.length > 0 && { addresses: ready }), ...(notReady.length > 0 && { notReadyAddresses: notReady }), ...(ports.length > 0 && { ports }) }
}

const addressOf = ({ pod, address, hostname }: Backend): EndpointAddress => ({
  ip: address,
  ...(hostname && { hostname }),
  ...(pod.spec.nodeName && { nodeName: pod.spec.nodeName }),
  targetRef: { kind: 'Pod', namespace: pod.metadata.namespace!, name: pod.metadata.name!, uid: pod.metadata.uid! },
})

const unlessGone = (error: unknown): void => {
  if (!isReason(error, 'NotFound')) throw error
}
