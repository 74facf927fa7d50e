/**
 * The API server: a request in, a response out, and no socket anywhere.
 *
 *   route ─▶ authenticate ─▶ in flight? ─▶ authorize ─▶ resource ─▶ registry ─▶ store
 *                                              └──────▶ discovery, health, version, metrics
 *
 * Every refusal on the way is an ApiError, and becomes a Status here and nowhere else.
 */
import { createFieldSetSharing } from '../api/apply/share_field_sets.ts'
import type { Kind } from '../api/kind.ts'
import type { KubernetesObject } from '../api/meta.ts'
import { openApiDocuments } from '../api/openapi/documents.ts'
import type { TimelineReadings } from '../api/timelines.ts'
import type { UsageReadings } from '../api/usage.ts'
import { ApiError, badRequest, internalError, methodNotAllowed, timeout, unavailable } from '../api/status.ts'
import type { Clock, Millis } from '../base/clock.ts'
import { messageOf } from '../base/error_message.ts'
import type { Log } from '../base/log.ts'
import type { Random } from '../base/random.ts'
import type { Request, Response, Transport } from '../base/transport.ts'
import { StoreClosed, StoreFailed, type Revision, type Store } from '../store/store.ts'
import { createAdmission } from './admission/admission.ts'
import { admissionPlugins } from './admission/plugins.ts'
import { createAuthenticate, type TokenAuthenticator } from './auth/authenticate.ts'
import { attributesOf, authorizerChain, refusal, type Authorizer } from './auth/authorizer.ts'
import { nodeAuthorizer } from './auth/node_authorizer.ts'
import { createNodeReferences } from './auth/node_references.ts'
import { BUILT_IN_GRANTS, policyAuthorizer } from './auth/policy.ts'
import { createDiscovery } from './http/discovery.ts'
import { healthResponse, type HealthCheck, type Probe } from './http/health.ts'
import { createInFlight, type InFlightLimits } from './http/in_flight.ts'
import { createAcceptParser } from './http/negotiate.ts'
import { openApiResponse } from './http/openapi.ts'
import { createResources } from './http/resources.ts'
import { errorResponse, objectResponse, pageNotFound, textResponse, withWarnings } from './http/respond.ts'
import { routeOf, type PathRoute, type Route } from './http/route.ts'
import { versionInfo } from './http/version.ts'
import { bootstrap } from './bootstrap.ts'
import { createKindCatalog } from './kind_catalog.ts'
import { createRequestMetrics, type MetricsPort } from './metrics.ts'
import type { Parts } from './parts.ts'
import { startEventExpiry } from './registry/event_expiry.ts'
import { createClosing } from './registry/closing.ts'
import { createQuotas } from './registry/quotas.ts'
import { createSetDefaults } from './registry/read_object.ts'
import { createSelectors } from './registry/selectors.ts'
import { createServiceAddresses, firstAddress } from './registry/service_addresses.ts'
import { createTurns } from './registry/turns.ts'
import { createViews } from './registry/views.ts'
import { createWatchEvents } from './registry/watch_events.ts'
import { createWatchHubs } from './registry/watch_hub.ts'
import { specialHandlers } from './subresources/special.ts'
import type { Backends } from './subresources/workload_proxy.ts'
import type { TokenIssuer } from '../base/tokens.ts'

export interface ApiServerOptions {
  readonly kinds: readonly Kind[]
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Makes and checks the tokens of ServiceAccounts. Without one, none can be asked for. */
  readonly tokens?: TokenIssuer
  /** Further ways to recognise a bearer token, asked first. */
  readonly tokenAuthenticators?: readonly TokenAuthenticator[]
  /** Asked after the built-in ones: the place of RBAC. */
  readonly authorizers?: readonly Authorizer[]
  /** The kubelet of a Node: for logs, exec, attach and port-forward. */
  readonly kubelets?: (nodeName: string) => Transport | undefined
  /** The way to what Pods serve: for the proxy subresources. */
  readonly backends?: Backends
  /** Where Services get their addresses: `10.96.0.0/16`. */
  readonly serviceCidr?: string
  readonly metrics?: MetricsPort
  /** What metrics.k8s.io tells. Without it, that group is not available. */
  readonly usage?: UsageReadings
  /** What timeline.poise.dev tells. Without it, that group is not available. */
  readonly timelines?: TimelineReadings
  readonly healthChecks?: readonly HealthCheck[]
  readonly limits?: Partial<InFlightLimits>
}

export interface ApiServer {
  readonly handle: Transport
  /** Makes the objects every cluster has, where they are missing. Nothing can be created before. */
  bootstrap(): Promise<void>
  /** Ends all watches; health says that the server goes. */
  close(): void
}

/** For the store: an object carries the revision that wrote it. */
export function stampResourceVersion(value: object, revision: Revision): object {
  const { metadata } = value as KubernetesObject
  metadata.resourceVersion = String(revision)
  return value
}

/** As kube-apiserver's --max-mutating-requests-inflight and --max-requests-inflight. */
const LIMITS: InFlightLimits = { mutatingMax: 200, readOnlyMax: 400 }
/** As kube-apiserver's --request-timeout. */
const REQUEST_TIMEOUT_MS = 60_000

export function createApiServer(options: ApiServerOptions): ApiServer {
  const { kinds, store, clock, log } = options
  const serviceCidr = options.serviceCidr ?? '10.96.0.0/16'
  const closing = createClosing()
  const views = createViews()
  const turns = createTurns()
  const parts: Parts = {
    store,
    clock,
    log,
    views,
    random: options.random.fork('apiserver'),
    catalog: createKindCatalog(kinds),
    selectors: createSelectors(),
    setDefaults: createSetDefaults(),
    fieldSets: createFieldSetSharing(),
    events: createWatchEvents(views),
    hubs: createWatchHubs(store, log),
    admission: createAdmission(admissionPlugins({ store, random: options.random.fork('admission') })),
    serviceAddresses: createServiceAddresses({ store, cidr: serviceCidr, random: options.random.fork('service addresses') }),
    turns,
    quotas: createQuotas({ store, clock, turns }),
  }
  const authorizer = authorizerChain([policyAuthorizer(BUILT_IN_GRANTS), nodeAuthorizer(createNodeReferences(store)), ...(options.authorizers ?? [])])
  const special = specialHandlers({
    parts,
    authorizer,
    kubelets: options.kubelets ?? (() => undefined),
    backends: options.backends,
    tokens: options.tokens,
    usage: options.usage,
    timelines: options.timelines,
    closing,
    tokenAuthenticators: options.tokenAuthenticators ?? [],
  })
  const authenticate = createAuthenticate(special.tokenAuthenticators, authorizer)
  const resources = createResources(parts, special.handlers, closing)
  const discovery = createDiscovery(kinds)
  const documents = openApiDocuments(kinds, 'v1.34.0')
  const parseAccept = createAcceptParser()
  const inFlight = createInFlight({ ...LIMITS, ...options.limits })
  const healthChecks: readonly HealthCheck[] = [
    { name: 'ping', check: () => undefined },
    { name: 'etcd', check: () => (closing.closed ? 'the server is shutting down' : undefined) },
    ...(options.healthChecks ?? []),
    { name: 'shutdown', readyOnly: true, check: () => (closing.closed ? 'process is shutting down' : undefined) },
  ]
  const metrics = createRequestMetrics(options.metrics, {
    inFlight: () => inFlight,
    watchers: () => [...parts.hubs.counts()].map(([kind, count]) => ({ group: kind.group, version: kind.version, kind: kind.plural, count })),
    storeRevision: () => store.revision,
  })

  const eventExpiry = startEventExpiry(parts)

  return {
    async handle(request) {
      const startedMs = clock.now()
      let route: Route | undefined
      let response: Response
      try {
        route = routeOf(request)
        response = route ? await serve(request, route) : pageNotFound()
      } catch (error) {
        response = errorResponse(apiErrorOf(error, request, log))
      }
      metrics.finished(route, request.method, response.status, (clock.now() - startedMs) / 1000)
      return request.method === 'HEAD' ? { ...response, body: { is: 'none' } } : response
    },
    bootstrap: () => bootstrap(parts, { apiServerIP: firstAddress(serviceCidr), apiServerPort: 6443 }),
    close() {
      closing.close()
      eventExpiry.stop()
    },
  }

  async function serve(request: Request, route: Route): Promise<Response> {
    const user = await authenticate(request)
    const isLong = isLongRunning(route)
    const leave = isLong || user.groups.includes('system:masters') ? undefined : inFlight.enter(isMutating(request))
    try {
      const attributes = attributesOf(user, route)
      const decision = await authorizer.authorize(attributes)
      if (decision.is !== 'allowed') throw refusal(attributes, decision.is === 'denied' ? decision.why : '')
      if (route.is === 'path') return await servePath(route, request)
      const warnings: string[] = []
      const work = resources.serve({ request, route, user, clauses: parseAccept(request.headers.accept), warnings })
      if (!work) return pageNotFound()
      // Warnings go out with a refusal too: an unknown field may be the reason for it.
      const answer = (isLong ? work : withinTime(work, request)).catch((error: unknown) => errorResponse(apiErrorOf(error, request, log)))
      return withWarnings(await answer, warnings)
    } finally {
      leave?.()
    }
  }

  async function servePath(route: PathRoute, request: Request): Promise<Response> {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed()
    const { segments } = route
    const clauses = parseAccept(request.headers.accept)
    switch (segments[0]) {
      case undefined:
        return objectResponse(200, { paths: ['/api', '/apis', '/healthz', '/livez', '/metrics', '/openapi/v2', '/openapi/v3', '/readyz', '/version'] })
      case 'api':
      case 'apis':
        return discovery.respond(segments, request, clauses) ?? pageNotFound()
      case 'healthz':
      case 'livez':
      case 'readyz':
        return healthResponse(segments[0] as Probe, segments.slice(1), request.query, healthChecks)
      case 'openapi':
        return openApiResponse(documents, segments.slice(1), request, clauses) ?? pageNotFound()
      case 'version':
        return segments.length === 1 ? objectResponse(200, versionInfo) : pageNotFound()
      case '.well-known':
        return options.tokens && segments[1] === 'openid-configuration' && segments.length === 2
          ? objectResponse(200, issuerDocument(options.tokens))
          : pageNotFound()
      case 'openid':
        return options.tokens && segments.slice(1).join('/') === 'v1/jwks'
          ? objectResponse(200, options.tokens.keySet, undefined, 'application/jwk-set+json')
          : pageNotFound()
      case 'metrics':
        return metricsResponse()
      default:
        return pageNotFound()
    }
  }

  async function metricsResponse(): Promise<Response> {
    if (!options.metrics) return pageNotFound()
    const { text, contentType } = await options.metrics.text()
    return textResponse(200, text, contentType)
  }

  /** The work goes on when time is over: a write may still take effect, as after any lost answer. */
  function withinTime(work: Promise<Response>, { query }: Request): Promise<Response> {
    const limitMs = requestTimeoutMs(query.get('timeout'))
    return new Promise((resolve, reject) => {
      const timer = clock.at(
        clock.now() + limitMs,
        () => reject(timeout(`request did not complete within requested timeout - context deadline exceeded`)),
        'request timeout',
      )
      work.then(resolve, reject).finally(() => timer.cancel())
    })
  }
}

/** By which others check the tokens of ServiceAccounts (OpenID Connect discovery). */
const issuerDocument = ({ issuer }: TokenIssuer) => ({
  issuer,
  jwks_uri: `${issuer}/openid/v1/jwks`,
  response_types_supported: ['id_token'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['ES256'],
})

function apiErrorOf(error: unknown, request: Request, log: Log): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof StoreClosed) return unavailable('the server is shutting down')
  log.error('a request failed', { method: request.method, path: request.path, error })
  if (error instanceof StoreFailed) return internalError(error.message)
  return internalError(messageOf(error))
}

const LONG_SUBRESOURCES = ['log', 'exec', 'attach', 'portforward', 'proxy']

const isLongRunning = (route: Route): boolean => route.is === 'resource' && (route.verb === 'watch' || LONG_SUBRESOURCES.includes(route.subresource))
const isMutating = ({ method }: Request): boolean => method !== 'GET' && method !== 'HEAD'

/** The parameter `timeout`, a Go duration such as 32s; it can only shorten. */
function requestTimeoutMs(text: string | null): Millis {
  if (!text) return REQUEST_TIMEOUT_MS
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$/.exec(text)
  if (!match) throw badRequest(`invalid timeout specified in the request URL: time: invalid duration ${JSON.stringify(text)}`)
  const [, hours = '0', minutes = '0', seconds = '0', ms = '0'] = match
  const askedMs = Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1_000 + Number(ms)
  return askedMs === 0 ? REQUEST_TIMEOUT_MS : Math.min(askedMs, REQUEST_TIMEOUT_MS)
}
