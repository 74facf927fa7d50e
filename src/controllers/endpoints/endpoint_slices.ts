/**
 * Writes down where the requests to a Service may go, in EndpointSlices, as soon as it changes.
 *
 *   watch Service, Pod, EndpointSlice ─▶ reconcile(Service) ─▶ planEndpointSlices ─▶ create, update, delete
 *
 * This is one of the two chains that race when a Pod ends: it begins when the Pod gets its deletionTimestamp, as does
 * the kubelet's. Slices without their Service are removed here, too.
 */
import { EndpointSlice } from '../../api/kinds/endpoint_slice.ts'
import { Node } from '../../api/kinds/node.ts'
import { Pod } from '../../api/kinds/pod.ts'
import { Service } from '../../api/kinds/service.ts'
import { keyText } from '../../api/meta.ts'
import type { Endpoint } from '../../api/types/endpoint_slice.ts'
import { messageOf } from '../../base/error_message.ts'
import type { Host } from '../../base/host.ts'
import type { Cache, CacheChange } from '../../client/cache.ts'
import { indexBy } from '../../client/cache_index.ts'
import type { Client } from '../../client/client.ts'
import { settled, startController, watches } from '../../client/controller.ts'
import type { EventRecorder } from '../../client/event_recorder.ts'
import { backendOf, hasSelector, HEADLESS_LABEL, isHeadless, mattersToServices, type Backend } from './backends.ts'
import { isUnchanged, planEndpointSlices, portsKey, withdraws, type EndpointGroup } from './plan_endpoint_slices.ts'
import { createSelection, type Selection } from './selection.ts'
import { createTriggerTimes } from './trigger_times.ts'
import { createWritePace } from './write_pace.ts'
import { MANAGED_BY_LABEL, removeSlice, SERVICE_NAME_LABEL, writeEndpointSlices } from './write_endpoint_slices.ts'

const MANAGER = 'endpointslice-controller.k8s.io'
const ZONE_LABEL = 'topology.kubernetes.io/zone'

export interface EndpointSources {
  readonly services: Cache<Service>
  readonly pods: Cache<Pod>
  readonly endpointSlices: Cache<EndpointSlice>
  readonly nodes: Cache<Node>
  readonly events: EventRecorder
}

/** Kubernetes' own. A change in between begins anew. */
export const RETRY = { baseMs: 1_000, maxMs: 1_000_000 }
export const RETRIES_MAX = 15

export function startEndpointSliceController(host: Host, client: Client, { services, pods, endpointSlices, nodes, events }: EndpointSources) {
  const selection = createSelection(pods, services)
  const owned = indexBy(endpointSlices, slicesOf(MANAGER))
  const triggerTimes = createTriggerTimes()
  const pace = createWritePace(host.clock)
  const controller = startController(host, client, {
    name: 'endpointslice',
    retry: RETRY,
    retriesMax: RETRIES_MAX,
    sources: [
      watches(Service, services),
      watches(Pod, pods, change => servicesTouchedBy(change, selection)),
      watches(EndpointSlice, endpointSlices, ({ object, previous }) => serviceKeysOf([object, previous], MANAGER)),
      // Only waited for: zones are read when a Pod changes.
      watches(Node, nodes, () => []),
    ],
    async reconcile(key, api) {
      const service = services.get(key)
      const existing = owned.find(`${key.namespace}/${key.name}`)
      if (!service) {
        triggerTimes.forget(key)
        pace.forget(keyText(key))
        await Promise.all(existing.map(slice => removeSlice(api, slice)))
        return settled
      }
      if (!hasSelector(service) || service.metadata.deletionTimestamp) return settled
      const selected = selection.podsOf(service)
      const groups = groupsOf(
        service,
        selected.flatMap(pod => backendOf(service, pod) ?? []),
        nodes,
      )
      const current = existing.filter(slice => slice.metadata.deletionTimestamp === undefined)
      const changes = planEndpointSlices(groups, current)
      const waitMs = isUnchanged(changes) ? 0 : pace.take(keyText(key), withdraws(groups, current) ? 'withdrawal' : 'addition')
      if (waitMs > 0) return { again: waitMs }
      const labels = {
        ...service.metadata.labels,
        ...(isHeadless(service) && { [HEADLESS_LABEL]: '' }),
        [SERVICE_NAME_LABEL]: key.name,
        [MANAGED_BY_LABEL]: MANAGER,
      }
      try {
        await writeEndpointSlices(api, changes, current, { service, labels, triggerTime: triggerTimes.next(service, selected) })
      } catch (error) {
        events.warning(service, 'FailedToUpdateEndpointSlices', `Error updating Endpoint Slices for Service ${key.namespace}/${key.name}: ${messageOf(error)}`)
        throw error
      }
      return settled
    },
  })
  return {
    async stop() {
      await controller.stop()
      selection.stop()
      owned.stop()
    },
  }
}

/** The Services a Pod stands behind, or stood behind a moment ago. */
export function servicesTouchedBy({ object, previous }: CacheChange<Pod>, selection: Selection) {
  if (object && previous && !mattersToServices(object, previous)) return []
  return [...(object ? selection.servicesOf(object) : []), ...(previous ? selection.servicesOf(previous) : [])]
}

/** For an index of one manager's slices by their Service. */
export const slicesOf = (manager: string) => (slice: EndpointSlice) => serviceKeysOf([slice], manager).map(({ namespace, name }) => `${namespace}/${name}`)

export const serviceKeysOf = (slices: readonly (EndpointSlice | undefined)[], manager: string) =>
  slices.flatMap(slice => {
    const { labels, namespace = '' } = slice?.metadata ?? {}
    const name = labels?.[SERVICE_NAME_LABEL]
    return name && labels?.[MANAGED_BY_LABEL] === manager ? [{ namespace, name }] : []
  })

function groupsOf(service: Service, backends: readonly Backend[], nodes: Cache<Node>): EndpointGroup[] {
  const groups = new Map<string, { ports: Backend['ports']; endpoints: Endpoint[] }>()
  for (const backend of backends) {
    const key = portsKey(backend.ports)
    const group = groups.get(key) ?? { ports: backend.ports, endpoints: [] }
    group.endpoints.push(endpointOf(service, backend, nodes))
    groups.set(key, group)
  }
  return [...groups.values()]
}

function endpointOf({ spec }: Service, { pod, address, hostname, conditions }: Backend, nodes: Cache<Node>): Endpoint {
  const { nodeName } = pod.spec
  const zone = nodeName ? nodes.get({ namespace: '', name: nodeName })?.metadata.labels?.[ZONE_LABEL] : undefined
  const hints = hintsOf(spec.trafficDistribution, zone, nodeName)
  return {
    addresses: [address],
    conditions,
    ...(hints && { hints }),
    ...(hostname && { hostname }),
    ...(nodeName && { nodeName }),
    targetRef: { kind: 'Pod', namespace: pod.metadata.namespace!, name: pod.metadata.name!, uid: pod.metadata.uid! },
    ...(zone && { zone }),
  }
}

/** PreferClose is the older name of PreferSameZone. */
function hintsOf(preference: Service['spec']['trafficDistribution'], zone: string | undefined, nodeName: string | undefined): Endpoint['hints'] {
  const forZones = zone ? { forZones: [{ name: zone }] } : undefined
  if (preference === 'PreferSameNode' && nodeName) return { ...forZones, forNodes: [{ name: nodeName }] }
  return preference ? forZones : undefined
}
