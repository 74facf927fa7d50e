/** Where an EndpointSlice holds the Pod. A slice says what is, and not since when: that is read off what must have caused it. */
import type { EndpointSlice } from '../api/kinds/endpoint_slice.ts'
import type { Pod } from '../api/kinds/pod.ts'
import { podCondition } from '../api/pod.ts'
import type { TimelineSpan } from '../api/types/pod_timeline.ts'
import { derived, instantOf } from './derived_span.ts'
import { endpointState } from './record/follow_endpoints.ts'

export function endpointSpans(pod: Pod, endpointSlices: readonly EndpointSlice[]): TimelineSpan[] {
  const { uid, namespace, deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata
  const readyMs = instantOf(podCondition(pod, 'Ready')?.lastTransitionTime)
  const dueMs = instantOf(deletionTimestamp)
  const askedMs = dueMs === undefined ? undefined : dueMs - (deletionGracePeriodSeconds ?? 0) * 1_000
  const services = new Set<string>()
  return endpointSlices.flatMap(({ metadata, endpoints }) => {
    const service = metadata.labels?.['kubernetes.io/service-name']
    const endpoint = endpoints.find(({ targetRef }) => targetRef?.kind === 'Pod' && targetRef.uid === uid)
    if (!service || !endpoint || metadata.namespace !== namespace || services.has(service)) return []
    services.add(service)
    const reason = endpointState(endpoint)
    const causedMs = reason === 'EndpointReady' ? readyMs : reason === 'EndpointNotReady' ? undefined : askedMs
    // A Service that is younger than that was the later cause.
    const fromMs = causedMs === undefined ? undefined : Math.max(causedMs, instantOf(metadata.creationTimestamp) ?? causedMs)
    return [derived('Endpoint', fromMs, undefined, { service, reason }), { type: 'RulesProgrammed' as const, service, reason, origin: 'unknown' as const }]
  })
}
