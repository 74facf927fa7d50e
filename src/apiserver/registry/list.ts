/**
 * LIST: all objects of a kind that match, as of one revision, whole or in pages.
 *
 * The bytes of a list are the bytes of its items put together: nothing is encoded that was encoded before.
 */
import { apiVersionOf, type Kind } from '../../api/kind.ts'
import { badRequest, expired, tooLargeResourceVersion } from '../../api/status.ts'
import { encodeText } from '../../base/bytes.ts'
import type { ResponseBody } from '../../base/transport.ts'
import { Compacted, FutureRevision, type Page, type Stored } from '../../store/store.ts'
import type { Parts } from '../parts.ts'
import { CONTINUE_IN_PRESENT, continueExpired, decodeContinue, encodeContinue } from './continue_token.ts'
import { keyIn, prefixOf } from './keys.ts'
import { listOptions, type ListOptions } from './list_options.ts'
import type { Selection } from './selectors.ts'
import type { View } from './views.ts'

export interface ListMeta {
  readonly resourceVersion: string
  readonly continue?: string
  readonly remainingItemCount?: number
}

export interface ObjectList {
  readonly kind: Kind
  readonly metadata: ListMeta
  readonly views: readonly View[]
  readonly stored: readonly Stored[]
}

/** Throws an ApiError: 400 for parameters, 410 when the revision asked for is gone, 504 when it has not come yet. */
export async function listObjects(parts: Parts, kind: Kind, namespace: string, query: URLSearchParams): Promise<ObjectList> {
  const options = listOptions(query)
  const selection = parts.selectors.of(kind, namespace, query)
  const found = await find(parts, kind, selection, options)
  return {
    kind,
    stored: found.stored,
    views: found.stored.map(stored => parts.views.of(kind, stored)),
    metadata: {
      resourceVersion: String(found.revision),
      ...(found.after !== undefined && { continue: encodeContinue({ revision: found.revision, after: found.after }) }),
      // With a selector nobody knows how many of the rest would match.
      ...(found.after !== undefined && selection.everything && { remainingItemCount: found.remaining }),
    },
  }
}

/** The list as one object, made when it is asked for, and its bytes, for which no item need be parsed. */
export function listObject(kind: Kind, metadata: ListMeta, views: readonly View[]): Extract<ResponseBody, { is: 'object' }> {
  const head = { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata }
  return {
    is: 'object',
    get object() {
      return { ...head, items: views.map(view => view.object) }
    },
    json: () => concatenate(`${JSON.stringify(head).slice(0, -1)},"items":[`, views, ']}'),
  }
}

interface Found {
  readonly stored: readonly Stored[]
  readonly revision: number
  /** Behind which key there is more; relative to the prefix. */
  readonly after?: string
  readonly remaining: number
}

async function find({ store, views }: Parts, kind: Kind, selection: Selection, options: ListOptions): Promise<Found> {
  const { scope } = selection
  const matches = (stored: Stored): boolean => selection.everything || selection.matches(views.of(kind, stored).object)
  const token = options.continue ? decodeContinue(options.continue) : undefined
  if (token && options.resourceVersion && options.resourceVersion !== '0') throw badRequest('specifying resource version is not allowed when using continue')
  const at = token ? (token.revision === CONTINUE_IN_PRESENT ? undefined : token.revision) : exactRevision(options)
  if (options.revision > store.revision) throw tooLargeResourceVersion(options.revision, store.revision)

  if (scope.name !== undefined && at === undefined && !token && (!kind.namespaced || scope.namespace)) {
    const stored = await store.get(keyIn(kind, scope.namespace, scope.name))
    return { stored: stored && matches(stored) ? [stored] : [], revision: store.revision, remaining: 0 }
  }

  const prefix = prefixOf(kind, scope.namespace)
  // Everything "0" can mean is already in memory, so a limit would only cost the client more requests.
  const limit = options.limit && options.resourceVersion !== '0' ? options.limit : Infinity
  const read = (after: string | undefined, sameAs: number | undefined) =>
    readPage(store, prefix, { at: sameAs ?? at, after, limit, token: token !== undefined })
  return collect(read, prefix, matches, limit, token?.after)
}

/** Pages are read until enough objects matched; all of them at the revision of the first. */
async function collect(
  read: (after: string | undefined, sameAs: number | undefined) => Promise<Page>,
  prefix: string,
  matches: (stored: Stored) => boolean,
  limit: number,
  from: string | undefined,
): Promise<Found> {
  const stored: Stored[] = []
  let after = from === undefined ? undefined : prefix + from
  let revision: number | undefined
  for (;;) {
    const page = await read(after, revision)
    revision = page.revision
    for (const [i, item] of page.items.entries()) {
      if (matches(item)) stored.push(item)
      const remaining = page.remaining + page.items.length - 1 - i
      if (stored.length >= limit && remaining > 0) return { stored, revision: page.revision, after: item.key.slice(prefix.length), remaining }
    }
    const last = page.items.at(-1)
    if (page.remaining === 0 || !last) return { stored, revision: page.revision, remaining: 0 }
    after = last.key
  }
}

async function readPage(
  store: Parts['store'],
  prefix: string,
  { at, after, limit, token }: { at: number | undefined; after: string | undefined; limit: number; token: boolean },
): Promise<Page> {
  try {
    return await store.list(prefix, { at, after, limit })
  } catch (error) {
    if (error instanceof FutureRevision) throw tooLargeResourceVersion(error.requested, error.newest)
    if (!(error instanceof Compacted)) throw error
    if (token) throw continueExpired(after?.slice(prefix.length) ?? '')
    throw expired(`The resourceVersion for the provided list is too old.`)
  }
}

const exactRevision = ({ match, revision }: ListOptions): number | undefined => (match === 'Exact' ? revision : undefined)

function concatenate(head: string, views: readonly View[], tail: string): Uint8Array {
  const first = encodeText(head)
  const last = encodeText(tail)
  const items = views.map(view => view.json())
  const bytes = new Uint8Array(first.length + last.length + items.reduce((sum, item) => sum + item.length, 0) + Math.max(0, items.length - 1))
  bytes.set(first)
  let at = first.length
  items.forEach((item, i) => {
    if (i > 0) bytes[at++] = COMMA
    bytes.set(item, at)
    at += item.length
  })
  bytes.set(last, at)
  return bytes
}

const COMMA = 0x2c
