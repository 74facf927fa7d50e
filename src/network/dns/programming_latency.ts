import type { EndpointSlice } from '../../api/kinds/endpoint_slice.ts'
import type { Clock } from '../../base/clock.ts'
import type { Cache } from '../../client/cache.ts'
import type { Histograms } from '../proxy/programmed.ts'

/** CoreDNS' own. */
const BUCKETS_SECONDS = [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192, 16.384]
const TRIGGER_TIME_ANNOTATION = 'endpoints.kubernetes.io/last-change-trigger-time'
const HEADLESS_LABEL = 'service.kubernetes.io/headless'

/**
 * Measures how long after the change of a Pod (to the second, as the API has it) the name server answers by it. Only for
 * headless Services: the others' address stays whatever becomes of their Pods.
 */
export function measureDnsProgramming(endpointSlices: Cache<EndpointSlice>, clock: Clock, metrics: Histograms | undefined): void {
  const duration = metrics?.histogram(
    'coredns_kubernetes_dns_programming_duration_seconds',
    'Time from the change of a Pod until the name server answers by it.',
    ['service_kind'],
    BUCKETS_SECONDS,
  )
  if (!duration) return
  endpointSlices.onChange(({ object, previous }) => {
    const trigger = object?.metadata.annotations?.[TRIGGER_TIME_ANNOTATION]
    if (!trigger || trigger === previous?.metadata.annotations?.[TRIGGER_TIME_ANNOTATION] || object?.metadata.labels?.[HEADLESS_LABEL] === undefined) return
    duration.observe({ service_kind: 'headless_with_selector' }, Math.max(0, clock.wall() - Date.parse(trigger)) / 1_000)
  })
}
