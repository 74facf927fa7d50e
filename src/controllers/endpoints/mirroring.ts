/**
 * Copies Endpoints that somebody wrote for a Service without a selector into EndpointSlices, which is where proxies and
 * name servers look.
 *
 *   watch Service, Endpoints, EndpointSlice ─▶ reconcile(Service) ─▶ planEndpointSlices ─▶ create, update, delete
 */
import { EndpointSlice } from '../../api/kinds/endpoint_slice.ts'
import { Endpoints } from '../../api/kinds/endpoints.ts'
import { Service } from '../../api/kinds/service.ts'
import type { Endpoint } from '../../api/types/endpoint_slice.ts'
import type { EndpointSubset } from '../../api/types/endpoints.ts'
import { isIPv4 } from '../../api/validation/addresses.ts'
import type { Host } from '../../base/host.ts'
import type { Cache } from '../../client/cache.ts'
import { indexBy } from '../../client/cache_index.ts'
import type { Client } from '../../client/client.ts'
import { settled, startController, watches } from '../../client/controller.ts'
import { hasSelector, TRIGGER_TIME_ANNOTATION } from './backends.ts'
import { RETRIES_MAX, RETRY, serviceKeysOf, slicesOf } from './endpoint_slices.ts'
import { planEndpointSlices, type EndpointGroup } from './plan_endpoint_slices.ts'
import { MANAGED_BY_LABEL, removeSlice, SERVICE_NAME_LABEL, writeEndpointSlices } from './write_endpoint_slices.ts'

const MANAGER = 'endpointslicemirroring-controller.k8s.io'
const SKIP_LABEL = 'endpointslice.kubernetes.io/skip-mirror'
const LEADER_ANNOTATION = 'control-plane.alpha.kubernetes.io/leader'
const LAST_APPLIED_ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration'
/** Kubernetes' default: what is beyond is left out. */
const ENDPOINTS_PER_SUBSET_MAX = 1000

export function startEndpointSliceMirroringController(
  host: Host,
  client: Client,
  { services, endpoints, endpointSlices }: { services: Cache<Service>; endpoints: Cache<Endpoints>; endpointSlices: Cache<EndpointSlice> },
) {
  const owned = indexBy(endpointSlices, slicesOf(MANAGER))
  const controller = startController(host, client, {
    name: 'endpointslicemirroring',
    retry: RETRY,
    retriesMax: RETRIES_MAX,
    sources: [
      watches(Service, services),
      watches(Endpoints, endpoints),
      watches(EndpointSlice, endpointSlices, ({ object, previous }) => serviceKeysOf([object, previous], MANAGER)),
    ],
    async reconcile(key, api) {
      const service = services.get(key)
      const source = endpoints.get(key)
      const existing = owned.find(`${key.namespace}/${key.name}`)
      if (!service || !source || !isMirrored(service, source)) {
        await Promise.all(existing.map(slice => removeSlice(api, slice)))
        return settled
      }
      const groups = (source.subsets ?? []).map(groupOf)
      const plan = planEndpointSlices(groups, existing)
      const isEmpty = groups.every(({ endpoints: members }) => members.length === 0)
      // An empty list has nothing to mirror; there is no Pod that could come.
      const changes = isEmpty ? { create: [], update: [], remove: existing } : plan
      await writeEndpointSlices(api, changes, existing, {
        service,
        labels: { ...source.metadata.labels, [SERVICE_NAME_LABEL]: key.name, [MANAGED_BY_LABEL]: MANAGER },
        annotations: annotationsOf(source),
        triggerTime: source.metadata.annotations?.[TRIGGER_TIME_ANNOTATION],
      })
      return settled
    },
  })
  return {
    async stop() {
      await controller.stop()
      owned.stop()
    },
  }
}

const isMirrored = (service: Service, { metadata }: Endpoints): boolean =>
  !hasSelector(service) && service.spec.type !== 'ExternalName' && metadata.labels?.[SKIP_LABEL] !== 'true' && !metadata.annotations?.[LEADER_ANNOTATION]

function annotationsOf({ metadata }: Endpoints): Record<string, string> {
  const { [LAST_APPLIED_ANNOTATION]: _applied, [TRIGGER_TIME_ANNOTATION]: _trigger, ...others } = metadata.annotations ?? {}
  return others
}

function groupOf({ addresses = [], notReadyAddresses = [], ports = [] }: EndpointSubset): EndpointGroup {
  const toEndpoints = (list: NonNullable<EndpointSubset['addresses']>, ready: boolean): Endpoint[] =>
    list
      .filter(({ ip }) => isIPv4(ip))
      .map(({ ip, hostname, nodeName, targetRef }) => ({
        addresses: [ip],
        conditions: { ready },
        ...(hostname && { hostname }),
        ...(nodeName && { nodeName }),
        ...(targetRef && { targetRef }),
      }))
  return {
    ports: ports.map(({ name, port, protocol, appProtocol }) => ({ name: name ?? '', port, protocol, ...(appProtocol && { appProtocol }) })),
    endpoints: [...toEndpoints(addresses, true), ...toEndpoints(notReadyAddresses, false)].slice(0, ENDPOINTS_PER_SUBSET_MAX),
  }
}
