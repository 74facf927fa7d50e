/** An API server on the in-memory store, and a client that shows what came over the wire. */
import { kinds } from '../../src/api/kinds/index.ts'
import { createApiServer, stampResourceVersion, type ApiServer, type ApiServerOptions } from '../../src/apiserver/api_server.ts'
import { decodeText, encodeText } from '../../src/base/bytes.ts'
import { manualClock, type ManualClock } from '../../src/base/testing/manual_clock.ts'
import { silentLog, type Log } from '../../src/base/log.ts'
import { seededRandom } from '../../src/base/random.ts'
import type { Request, Response, User, WatchEvent } from '../../src/base/transport.ts'
import { createMemoryStore } from '../../src/store/memory_store.ts'
import type { Store } from '../../src/store/store.ts'

export const admin: User = { name: 'kubernetes-admin', groups: ['system:masters'] }

export interface Ask {
  readonly as?: User | null
  readonly headers?: Record<string, string>
  readonly body?: unknown
  /** Sent as these bytes, whatever they are. */
  readonly raw?: string
  readonly signal?: AbortSignal
}

export interface Answer {
  readonly status: number
  readonly headers: Response['headers']
  /** Parsed from the bytes that would go over the wire. */
  readonly json: any
  readonly text: string
  readonly response: Response
}

export interface Harness {
  readonly server: ApiServer
  readonly store: Store
  readonly clock: ManualClock
  ask(method: string, path: string, ask?: Ask): Promise<Answer>
  get(path: string, ask?: Ask): Promise<Answer>
  post(path: string, body: unknown, ask?: Ask): Promise<Answer>
  put(path: string, body: unknown, ask?: Ask): Promise<Answer>
  patch(path: string, type: 'merge' | 'strategic' | 'json' | 'apply', body: unknown, ask?: Ask): Promise<Answer>
  delete(path: string, body?: unknown, ask?: Ask): Promise<Answer>
  watch(path: string, ask?: Ask): Promise<Watching>
}

export interface Watching {
  /** What came over the wire so far. */
  readonly events: { type: WatchEvent['type']; object: any }[]
  readonly raw: WatchEvent[]
  readonly ended: () => boolean
  stop(): void
}

export async function startServer(options: Partial<ApiServerOptions> & { bootstrap?: boolean; historyMax?: number; log?: Log } = {}): Promise<Harness> {
  const clock = manualClock(Date.UTC(2026, 0, 1))
  const store = options.store ?? createMemoryStore({ stamp: stampResourceVersion, historyMax: options.historyMax })
  const server = createApiServer({ kinds, store, clock, random: seededRandom('test'), log: silentLog, ...options })

  const ask = async (
    method: string,
    path: string,
    { as = admin, headers = {}, body, raw, signal = new AbortController().signal }: Ask = {},
  ): Promise<Answer> => {
    const [route = '', query = ''] = path.split('?')
    const bytes = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const request: Request = {
      method,
      path: route,
      query: new URLSearchParams(query),
      signal,
      headers: { 'user-agent': 'tester/v1', ...(bytes !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(as && { user: as }),
      body: bytes === undefined ? { is: 'none' } : { is: 'bytes', bytes: encodeText(bytes) },
    }
    const response = await server.handle(request)
    const text = textOf(response)
    return { status: response.status, headers: response.headers, text, json: parse(text), response }
  }
  const harness: Harness = {
    server,
    store,
    clock,
    ask,
    get: (path, more) => ask('GET', path, more),
    post: (path, body, more) => ask('POST', path, { body, ...more }),
    put: (path, body, more) => ask('PUT', path, { body, ...more }),
    patch: (path, type, body, more) => ask('PATCH', path, { body, ...more, headers: { 'content-type': PATCH_TYPES[type], ...more?.headers } }),
    delete: (path, body, more) => ask('DELETE', path, { ...(body !== undefined && { body }), ...more }),
    async watch(path, more) {
      const { response, text } = await ask('GET', path, more)
      if (response.body.is !== 'watch') throw new Error(`no watch but ${response.status} ${text}`)
      const watching = { events: [] as Watching['events'], raw: [] as WatchEvent[], over: false }
      const started = response.body.watch.start({
        event(event) {
          watching.raw.push(event)
          watching.events.push(JSON.parse(decodeText(event.json())) as Watching['events'][number])
        },
        end: () => void (watching.over = true),
      })
      return { events: watching.events, raw: watching.raw, ended: () => watching.over, stop: () => started.stop() }
    },
  }
  if (options.bootstrap !== false) {
    await server.bootstrap()
    // A controller makes it in a whole cluster.
    await harness.post('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } })
  }
  return harness
}

const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
}

function textOf({ body }: Response): string {
  switch (body.is) {
    case 'object':
      return decodeText(body.json())
    case 'bytes':
      return decodeText(body.bytes)
    default:
      return ''
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const podNamed = (name: string, more: object = {}): any => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'main', image: 'nginx' }] },
  ...more,
})

export const configMapNamed = (name: string, data: Record<string, string> = {}): any => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data })

export const PODS = '/api/v1/namespaces/default/pods'
export const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
