import { apiVersionOf, type Kind } from '../api/kind.ts'
import type { KubernetesObject, ObjectKey } from '../api/meta.ts'
import { ApiError, internalError, type Status } from '../api/status.ts'
import { decodeText, type ByteSource } from '../base/bytes.ts'
import type { Request, RequestBody, Response, Transport, User } from '../base/transport.ts'
import type { Client, ListOptions, Patch, WriteOptions } from './client.ts'

/**
 * A client over any transport. In process, `user` says who asks and objects are passed as they are;
 * over HTTPS the connection says it, and `user` is left out.
 */
export function createClient(transport: Transport, { user, userAgent = 'poise' }: { user?: User; userAgent?: string } = {}): Client {
  /** A signal of its own for each request: listeners would pile up on a shared one. */
  async function send(
    method: Request['method'],
    path: string,
    query: Record<string, string | readonly string[] | undefined> = {},
    body?: RequestBody,
    headers: Record<string, string> = {},
    signal = new AbortController().signal,
  ): Promise<Response> {
    return transport({
      method,
      path,
      query: searchParams(query),
      user,
      signal,
      headers: { accept: 'application/json', 'user-agent': userAgent, ...headers },
      body: body ?? { is: 'none' },
    })
  }
  async function call<R>(...args: Parameters<typeof send>): Promise<R> {
    return objectOf(await send(...args)) as R
  }

  return {
    get: (kind, key) => call('GET', pathOf(kind, key)),
    list: (kind, options = {}) => call('GET', collectionPath(kind, options.namespace ?? ''), listQuery(options)),
    create: (kind, object, options) =>
      call('POST', collectionPath(kind, object.metadata.namespace ?? ''), writeQuery(options), json(typed(kind, object)), JSON_HEADERS, options?.signal),
    update: (kind, object, options) =>
      call('PUT', pathOf(kind, draftKey(object)), writeQuery(options), json(typed(kind, object)), JSON_HEADERS, options?.signal),
    updateStatus: (kind, object, options) =>
      call('PUT', `${pathOf(kind, draftKey(object))}/status`, writeQuery(options), json(typed(kind, object)), JSON_HEADERS, options?.signal),
    patch(kind, key, patch, options) {
      const path = options?.subresource ? `${pathOf(kind, key)}/${options.subresource}` : pathOf(kind, key)
      const force = patch.type === 'apply' && patch.force ? { force: 'true' } : {}
      return call('PATCH', path, { ...writeQuery(options), ...force }, json(patch.body), { 'content-type': PATCH_TYPES[patch.type] }, options?.signal)
    },
    async delete(kind, key, options = {}) {
      const { gracePeriodSeconds, uid, resourceVersion, propagationPolicy } = options
      const body = {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
        ...(propagationPolicy && { propagationPolicy }),
        ...((uid || resourceVersion) && { preconditions: { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) } }),
      }
      const answer = await call<KubernetesObject>('DELETE', pathOf(kind, key), {}, json(body), JSON_HEADERS)
      return answer.kind === 'Status' ? undefined : (answer as never)
    },
    createSubresource: (kind, key, subresource, body) => call('POST', `${pathOf(kind, key)}/${subresource}`, {}, json(body), JSON_HEADERS),
    async request({ method, path, query, headers, body, signal }) {
      const response = await send(method, path, query, body, headers, signal)
      return response.body.is === 'stream' && response.status < 400 ? textOf(response.body.stream) : objectOf(response)
    },
    watch(kind, options, sink) {
      const abort = new AbortController()
      let open: { stop(): void } | undefined
      let over = false
      const end = (error: Error | undefined) => {
        if (over) return
        over = true
        sink.ended(error)
      }
      const query = {
        ...listQuery(options),
        watch: 'true',
        allowWatchBookmarks: options.allowBookmarks === false ? undefined : 'true',
        timeoutSeconds: options.timeoutSeconds?.toString(),
      }
      send('GET', collectionPath(kind, options.namespace ?? ''), query, undefined, {}, abort.signal)
        .then(response => {
          if (over) return
          if (response.body.is !== 'watch') return end(errorOf(response))
          open = response.body.watch.start({
            event(event) {
              if (over) return
              if (event.type !== 'ERROR') return sink.event(event)
              end(new ApiError(event.object as Status))
              open?.stop()
            },
            end: () => end(undefined),
          })
          if (over) open.stop()
        })
        .catch((error: unknown) => end(error instanceof Error ? error : new Error(String(error))))
      return {
        stop() {
          if (over) return
          over = true
          open?.stop()
          abort.abort()
        },
      }
    },
    async exec(key, { container, command, tty = false }, streams) {
      const query = {
        container,
        command,
        tty: String(tty),
        stdin: String(streams.stdin !== undefined),
        stdout: String(streams.stdout !== undefined),
        stderr: String(streams.stderr !== undefined),
      }
      const path = `/api/v1/namespaces/${encodeURIComponent(key.namespace)}/pods/${encodeURIComponent(key.name)}/exec`
      const response = await send('POST', path, query, undefined, {}, streams.signal)
      if (response.body.is !== 'session' || response.body.session.is !== 'remoteCommand') throw errorOf(response)
      return response.body.session.run(streams)
    },
  }
}

const JSON_HEADERS = { 'content-type': 'application/json' }

const PATCH_TYPES: Readonly<Record<Patch['type'], string>> = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
}

/** The path of a kind's objects: all of them, or those of one namespace. */
export function collectionPath(kind: Kind<never>, namespace: string): string {
  const root = kind.group ? `/apis/${kind.group}/${kind.version}` : `/api/${kind.version}`
  return kind.namespaced && namespace ? `${root}/namespaces/${encodeURIComponent(namespace)}/${kind.plural}` : `${root}/${kind.plural}`
}

export const pathOf = (kind: Kind<never>, { namespace, name }: ObjectKey): string => `${collectionPath(kind, namespace)}/${encodeURIComponent(name)}`

const typed = (kind: Kind<never>, object: object): object => ({ apiVersion: apiVersionOf(kind), kind: kind.kind, ...object })
const draftKey = ({ metadata }: { metadata: { namespace?: string; name?: string } }): ObjectKey => ({
  namespace: metadata.namespace ?? '',
  name: metadata.name ?? '',
})
const json = (object: object): RequestBody => ({ is: 'object', object })

const writeQuery = (options: WriteOptions = {}) => ({ fieldManager: options.fieldManager, dryRun: options.dryRun ? 'All' : undefined })

const listQuery = (options: ListOptions) => ({
  labelSelector: options.labelSelector,
  fieldSelector: options.fieldSelector,
  limit: options.limit?.toString(),
  continue: options.continue,
  resourceVersion: options.resourceVersion,
})

function searchParams(query: Record<string, string | readonly string[] | undefined>): URLSearchParams {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue
    for (const one of typeof value === 'string' ? [value] : value) params.append(name, one)
  }
  return params
}

/** More of a log than anybody reads at once: the rest is not waited for. */
const TEXT_BYTES_MAX = 1_048_576

async function textOf(stream: ByteSource): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stream) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= TEXT_BYTES_MAX) break
  }
  const all = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    all.set(chunk, offset)
    offset += chunk.length
  }
  return decodeText(all)
}

function objectOf(response: Response): unknown {
  if (response.status >= 400) throw errorOf(response)
  const { body } = response
  if (body.is === 'object') return body.object
  if (body.is === 'bytes') {
    const text = decodeText(body.bytes)
    return String(response.headers['content-type'] ?? '').includes('json') ? JSON.parse(text) : text
  }
  if (body.is === 'none') return undefined
  throw internalError(`the server answered with a ${body.is} where an object was expected`)
}

function errorOf(response: Response): Error {
  const { body } = response
  if (body.is === 'object' && (body.object as Status).kind === 'Status') return new ApiError(body.object as Status)
  const text = body.is === 'bytes' ? decodeText(body.bytes) : ''
  try {
    const status = JSON.parse(text) as Status
    if (status.kind === 'Status') return new ApiError(status)
  } catch {
    // Not a Status: a proxy or a plain-text 404 answered; its words are all there is.
  }
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: text.trim() || `the server answered ${response.status}`,
    code: response.status,
  })
}
