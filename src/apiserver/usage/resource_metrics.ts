/**
 * metrics.k8s.io: what nodes and Pods use. On Kubernetes another server (metrics-server) answers for this group and the API
 * server passes requests on; here its readings are handed in. Nothing is stored, so there is nothing to watch or to write.
 */
import { Node } from '../../api/kinds/node.ts'
import { Pod } from '../../api/kinds/pod.ts'
import type { Kind } from '../../api/kind.ts'
import { timestamp, type KubernetesObject } from '../../api/meta.ts'
import { formatQuantity } from '../../api/quantity.ts'
import { notFound, unavailable } from '../../api/status.ts'
import type { Usage, UsageReadings, UsageWindow } from '../../api/usage.ts'
import { goDuration } from '../../base/go_duration.ts'
import type { Response } from '../../base/transport.ts'
import { acceptedForm, listResponse } from '../http/form.ts'
import type { Exchange, SpecialHandler } from '../http/resources.ts'
import type { Parts } from '../parts.ts'
import type { Call, Outcome } from '../registry/call.ts'
import { keyIn } from '../registry/keys.ts'
import { listObjects } from '../registry/list.ts'
import { encodedOnce } from '../registry/views.ts'

/** Undefined readings: this server has nobody who collects them. */
export function resourceMetrics(parts: Parts, readings: UsageReadings | undefined): { nodes: SpecialHandler; pods: SpecialHandler } {
  const handler =
    <T extends KubernetesObject>(source: Source<T>): SpecialHandler =>
    (call, exchange) => {
      if (!readings) throw unavailable('the server is currently unable to handle the request')
      return exchange.route.verb === 'list' ? list(parts, readings, source, call, exchange) : get(parts, readings, source, call)
    }
  return { nodes: handler(NODES), pods: handler(PODS) }
}

/** The stored objects that metrics are about: they give name and labels, and say which there are. */
interface Source<T extends KubernetesObject> {
  readonly kind: Kind<T>
  /** What metrics-server calls a resource that has no figures. */
  readonly plural: string
  /** Undefined: there are no figures. */
  figures(object: T, readings: UsageReadings): (UsageWindow & { readonly body: object }) | undefined
}

const NODES: Source<Node> = {
  kind: Node,
  plural: 'nodemetrics',
  figures({ metadata: { name = '' } }, readings) {
    const found = readings.node(name)
    return found && { ...found, body: { usage: quantities(found.usage) } }
  },
}

const PODS: Source<Pod> = {
  kind: Pod,
  plural: 'podmetrics',
  figures({ metadata: { namespace = '', name = '' }, status }, readings) {
    const found = status.phase === 'Running' ? readings.pod(namespace, name) : undefined
    return found && { ...found, body: { containers: found.containers.map(container => ({ name: container.name, usage: quantities(container.usage) })) } }
  },
}

async function get<T extends KubernetesObject>(parts: Parts, readings: UsageReadings, source: Source<T>, call: Call): Promise<Outcome> {
  const stored = await parts.store.get(keyIn(source.kind, call.namespace, call.name))
  const metrics = stored && metricsOf(parts, readings, source, call, stored.value as T)
  if (!metrics) throw notFound({ ...call.kind, plural: source.plural }, call.namespace ? `${call.namespace}/${call.name}` : call.name)
  return { status: 200, object: metrics }
}

async function list<T extends KubernetesObject>(
  parts: Parts,
  readings: UsageReadings,
  source: Source<T>,
  call: Call,
  { clauses }: Exchange,
): Promise<Response> {
  const { query } = call.request
  const accepted = acceptedForm(clauses, 'list')
  // Metrics are selected by the labels and the name of what they are about, and by nothing else.
  parts.selectors.of(call.kind, call.namespace, query)
  const selectors = new URLSearchParams([...query].filter(([name]) => SELECTORS.includes(name)))
  const { views } = await listObjects(parts, source.kind, call.namespace, selectors)
  const found = views.flatMap(({ object }) => metricsOf(parts, readings, source, call, object as T) ?? [])
  return listResponse(parts, { kind: call.kind, metadata: { resourceVersion: '' }, stored: [], views: found.map(encodedOnce) }, accepted, query)
}

const SELECTORS = ['labelSelector', 'fieldSelector']

function metricsOf<T extends KubernetesObject>(
  { clock }: Parts,
  readings: UsageReadings,
  source: Source<T>,
  { kind }: Call,
  about: T,
): KubernetesObject | undefined {
  const figures = source.figures(about, readings)
  if (!figures) return undefined
  const { name, namespace, labels } = about.metadata
  return {
    kind: kind.kind,
    apiVersion: `${kind.group}/${kind.version}`,
    metadata: { name, ...(namespace && { namespace }), creationTimestamp: timestamp(clock.wall()), ...(labels && { labels }) },
    timestamp: timestamp(figures.at),
    window: goDuration(figures.windowMs),
    ...figures.body,
  } as KubernetesObject
}

const quantities = ({ cpuNanoCores, memoryBytes }: Usage): object => ({
  cpu: formatQuantity({ nano: BigInt(Math.round(cpuNanoCores)), format: 'decimal' }),
  memory: formatQuantity({ nano: BigInt(Math.round(memoryBytes)) * 1_000_000_000n, format: 'binary' }),
})
