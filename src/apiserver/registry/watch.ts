/**
 * WATCH: every change of the objects that match, from a revision on.
 *
 *   what is there (when asked) ─▶ changes ─▶ bookmarks now and then ─▶ the end: time over, client gone, server closing
 *
 * An event is made once per change and type, and encoded once, however many watchers receive it.
 */
import { apiVersionOf, type Kind } from '../../api/kind.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import { expired, type ApiError } from '../../api/status.ts'
import { encodeText } from '../../base/bytes.ts'
import type { Millis, Timer } from '../../base/clock.ts'
import type { WatchEvent, WatchSink, WatchStream } from '../../base/transport.ts'
import { Compacted, type Change, type Revision, type Stored } from '../../store/store.ts'
import type { Parts } from '../parts.ts'
import type { Closing } from './closing.ts'
import { listObjects } from './list.ts'
import { watchOptions, type WatchOptions } from './list_options.ts'
import type { Selection } from './selectors.ts'

/** Turns an event into what this watcher wants to see: a table, the metadata alone. */
export type EventForm = (event: WatchEvent) => WatchEvent

export interface WatchCall {
  readonly kind: Kind
  readonly namespace: string
  /** Of the old watch paths. */
  readonly name: string
  readonly query: URLSearchParams
  /** The client has gone. */
  readonly signal: AbortSignal
  /** The server closes. */
  readonly closing: Closing
  readonly form?: EventForm
}

const BOOKMARK_PERIOD_MS = 60_000
/** Without timeoutSeconds: between half an hour and an hour, at random, so that watchers do not all come back at once. */
const TIMEOUT_SECONDS_MIN = 1_800

/** Throws an ApiError for parameters that make no sense. A past that is gone is an ERROR event, as on Kubernetes. */
export async function watchObjects(parts: Parts, call: WatchCall): Promise<WatchStream> {
  const { kind, namespace, name, query } = call
  const options = watchOptions(query)
  const selection = parts.selectors.of(kind, namespace, query, name)
  const fromNow = options.resourceVersion === '' || options.resourceVersion === '0'
  const initial = (options.sendInitialEvents ?? fromNow) ? await listObjects(parts, kind, namespace, selectorsOnly(query, name)) : undefined
  const from = initial ? Number(initial.metadata.resourceVersion) : fromNow ? parts.store.revision : options.revision
  return { start: sink => startWatch(parts, call, { options, selection, from, initial: initial?.stored ?? [] }, sink) }
}

interface Start {
  readonly options: WatchOptions
  readonly selection: Selection
  readonly from: Revision
  readonly initial: readonly Stored[]
}

function startWatch(parts: Parts, call: WatchCall, { options, selection, from, initial }: Start, sink: WatchSink): { stop(): void } {
  const { kind, signal, closing, form } = call
  const { clock, store, events } = parts
  const timers = new Set<Timer>()
  let over = false
  let subscription: { stop(): void } | undefined
  let forget: (() => void) | undefined

  const send = (event: WatchEvent): void => {
    if (!over) sink.event(form ? form(event) : event)
  }
  const stop = (): void => {
    if (over) return
    over = true
    subscription?.stop()
    for (const timer of timers) timer.cancel()
    signal.removeEventListener('abort', stop)
    forget?.()
  }
  const end = (): void => {
    if (over) return
    stop()
    sink.end()
  }
  const after = (ms: Millis, fire: () => void, label: string): void => {
    const timer = clock.at(
      clock.now() + ms,
      () => {
        timers.delete(timer)
        fire()
      },
      label,
    )
    timers.add(timer)
  }
  const bookmarkLater = (): void =>
    after(
      BOOKMARK_PERIOD_MS,
      () => {
        send(bookmark(kind, store.revision))
        if (!over) bookmarkLater()
      },
      'watch bookmark',
    )

  if (signal.aborted || closing.closed) {
    end()
    return { stop }
  }
  signal.addEventListener('abort', stop, { once: true })
  forget = closing.whenClosed(end)

  for (const stored of initial) send(events.of(kind, 'ADDED', stored))
  if (options.sendInitialEvents) send(bookmark(kind, from, { 'k8s.io/initial-events-end': 'true' }))

  const changed = (change: Change): void => {
    if (over) return
    const event = eventFor(parts, kind, selection, change)
    if (event) send(event)
  }
  try {
    subscription = parts.hubs.watch(kind, selection.scope, from, changed, end)
    if (over) subscription.stop()
  } catch (error) {
    if (!(error instanceof Compacted)) throw error
    send(errorEvent(expired(`too old resource version: ${error.requested} (${error.oldest})`)))
    end()
    return { stop }
  }

  const timeoutMs = 1_000 * (options.timeoutSeconds || TIMEOUT_SECONDS_MIN * (1 + parts.random.fraction()))
  after(
    timeoutMs,
    () => {
      if (options.bookmarks) send(bookmark(kind, store.revision))
      end()
    },
    'watch timeout',
  )
  if (options.bookmarks) bookmarkLater()
  return { stop }
}

/** Entering a selection is an ADDED, leaving it a DELETED, whatever happened to the object itself. */
function eventFor({ views, events }: Parts, kind: Kind, selection: Selection, { stored, previous, removed, revision }: Change): WatchEvent | undefined {
  const matched = (version: Stored | undefined): boolean => version !== undefined && (selection.everything || selection.matches(views.of(kind, version).object))
  const before = matched(previous)
  if (!stored) return before ? events.of(kind, 'DELETED', removed!) : undefined
  if (matched(stored)) return events.of(kind, before ? 'MODIFIED' : 'ADDED', stored)
  return before ? leftEvent(views.of(kind, previous!).object, revision) : undefined
}

/** The object as it was when it still matched, with the revision at which it ceased to. */
function leftEvent(previous: KubernetesObject, revision: Revision): WatchEvent {
  return plainEvent('DELETED', { ...previous, metadata: { ...previous.metadata, resourceVersion: String(revision) } })
}

export function bookmark(kind: Kind, revision: Revision, annotations?: Readonly<Record<string, string>>): WatchEvent {
  return plainEvent('BOOKMARK', {
    kind: kind.kind,
    apiVersion: apiVersionOf(kind),
    metadata: { resourceVersion: String(revision), ...(annotations && { annotations }) },
  })
}

export const errorEvent = (error: ApiError): WatchEvent => plainEvent('ERROR', error.status)

export function plainEvent(type: WatchEvent['type'], object: unknown): WatchEvent {
  let bytes: Uint8Array | undefined
  return { type, object, json: () => (bytes ??= encodeText(`${JSON.stringify({ type, object })}\n`)) }
}

function selectorsOnly(query: URLSearchParams, name: string): URLSearchParams {
  const selectors = new URLSearchParams()
  const label = query.get('labelSelector')
  const field = [name && `metadata.name=${name}`, query.get('fieldSelector')].filter(Boolean).join(',')
  if (label) selectors.set('labelSelector', label)
  if (field) selectors.set('fieldSelector', field)
  return selectors
}
