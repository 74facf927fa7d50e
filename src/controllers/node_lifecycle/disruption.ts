/**
 * How fast the Pods of lost Nodes may be evicted. One Node after the other, because a Node that is lost alone is dead;
 * when many are lost at once, it is more likely that we do not see them, and then hurry does harm (behaviour 10.10).
 */
import type { Node } from '../../api/kinds/node.ts'
import { readiness } from './node_health.ts'

/** Nodes a second, of one zone (--node-eviction-rate, --secondary-node-eviction-rate, --unhealthy-zone-threshold, --large-cluster-size-threshold). */
export const EVICTION_RATE = 0.1
const SECONDARY_RATE = 0.01
const UNHEALTHY_SHARE = 0.55
const UNHEALTHY_MIN = 3
const LARGE_ZONE = 50

export interface Disruption {
  /** Not one Node of the cluster is ready: then it is us who are cut off, and nobody is evicted. */
  readonly isTotal: boolean
  /** Nodes a second, by zone. */
  readonly rates: ReadonlyMap<string, number>
}

export function planDisruption(nodes: readonly Node[]): Disruption {
  const zones = new Map<string, { ready: number; lost: number }>()
  for (const node of nodes) {
    if (node.metadata.labels?.[EXCLUDED] !== undefined) continue
    const zone = zoneOf(node)
    const count = zones.get(zone) ?? { ready: 0, lost: 0 }
    if (readiness(node) === 'True') count.ready++
    else count.lost++
    zones.set(zone, count)
  }
  const isTotal = zones.size > 0 && [...zones.values()].every(({ ready }) => ready === 0)
  return { isTotal, rates: new Map([...zones].map(([zone, count]) => [zone, isTotal ? 0 : rateOf(count)])) }
}

/** A zone that is lost as a whole is evicted at full speed: the others have room for its Pods, or nobody has. */
function rateOf({ ready, lost }: { ready: number; lost: number }): number {
  const size = ready + lost
  if (ready === 0 || lost < UNHEALTHY_MIN || lost / size < UNHEALTHY_SHARE) return EVICTION_RATE
  return size > LARGE_ZONE ? SECONDARY_RATE : 0
}

/** Such a Node does not count. */
const EXCLUDED = 'node.kubernetes.io/exclude-disruption'

/** Nodes without labels of a region or a zone are in one together. */
export function zoneOf({ metadata: { labels = {} } }: Node): string {
  const of = (what: string) => labels[`topology.kubernetes.io/${what}`] ?? labels[`failure-domain.beta.kubernetes.io/${what}`] ?? ''
  return `${of('region')}/${of('zone')}`
}
