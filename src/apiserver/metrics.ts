/** What the server counts, under Kubernetes' names. The text format and the registry are somebody else's (a port). */
import type { Route } from './http/route.ts'

export interface MetricsPort {
  counter(name: string, help: string, labels: readonly string[]): { inc(labels: Readonly<Record<string, string>>, by?: number): void }
  histogram(
    name: string,
    help: string,
    labels: readonly string[],
    bucketsSeconds: readonly number[],
  ): { observe(labels: Readonly<Record<string, string>>, value: number): void }
  /** `read` is asked when somebody looks. */
  gauge(
    name: string,
    help: string,
    labels: readonly string[],
    read: () => readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[],
  ): void
  text(): Promise<{ readonly contentType: string; readonly text: string }>
}

export interface RequestMetrics {
  finished(route: Route | undefined, method: string, code: number, seconds: number): void
}

/** Kubernetes' own buckets, thinned out: most answers take milliseconds. */
const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const LABELS = ['verb', 'group', 'version', 'resource', 'subresource', 'scope']

export interface Gauges {
  inFlight(): { readonly mutating: number; readonly readOnly: number }
  watchers(): readonly { readonly group: string; readonly version: string; readonly kind: string; readonly count: number }[]
  storeRevision(): number
}

export function createRequestMetrics(port: MetricsPort | undefined, gauges: Gauges): RequestMetrics {
  if (!port) return { finished() {} }
  const total = port.counter('apiserver_request_total', 'Requests by verb, resource and code.', [...LABELS, 'code'])
  const duration = port.histogram(
    'apiserver_request_duration_seconds',
    'Time from request to answer; for watches, to the begin of the stream.',
    LABELS,
    BUCKETS_SECONDS,
  )
  port.gauge('apiserver_current_inflight_requests', 'Requests under way now.', ['request_kind'], () => {
    const { mutating, readOnly } = gauges.inFlight()
    return [
      { labels: { request_kind: 'mutating' }, value: mutating },
      { labels: { request_kind: 'readOnly' }, value: readOnly },
    ]
  })
  port.gauge('apiserver_longrunning_requests', 'Watches that are open now.', ['group', 'version', 'resource', 'verb'], () =>
    gauges.watchers().map(({ group, version, kind, count }) => ({ labels: { group, version, resource: kind, verb: 'WATCH' }, value: count })),
  )
  port.gauge('apiserver_store_revision', 'The newest revision of the store.', [], () => [{ labels: {}, value: gauges.storeRevision() }])
  return {
    finished(route, method, code, seconds) {
      const labels = labelsOf(route, method)
      total.inc({ ...labels, code: String(code) })
      duration.observe(labels, seconds)
    },
  }
}

function labelsOf(route: Route | undefined, method: string): Record<string, string> {
  if (route?.is !== 'resource') return { verb: METHODS.includes(method) ? method : 'OTHER', group: '', version: '', resource: '', subresource: '', scope: '' }
  const { verb, group, version, plural, subresource, namespace, name } = route
  return { verb: VERBS[verb], group, version, resource: plural, subresource, scope: name ? 'resource' : namespace ? 'namespace' : 'cluster' }
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
const VERBS = {
  get: 'GET',
  list: 'LIST',
  watch: 'WATCH',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
} as const
