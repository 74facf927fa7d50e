/**
 * timeline.poise.dev: what happened to Pods, and when. The recorder's readings are handed in and nothing is stored, so that a
 * list is always whole (`limit` is not needed, and not heeded) and a watch tells the newest state of each timeline that changed.
 */
import type { PodTimeline } from '../../api/kinds/pod_timeline.ts'
import { expired, notFound, tooLargeResourceVersion, unavailable } from '../../api/status.ts'
import type { TimelineChange, TimelineReadings } from '../../api/timelines.ts'
import type { Millis, Timer } from '../../base/clock.ts'
import type { Response, WatchEvent, WatchSink, WatchStream } from '../../base/transport.ts'
import { acceptedForm, listResponse, watchForm } from '../http/form.ts'
import type { Exchange, SpecialHandler } from '../http/resources.ts'
import { bodyResponse } from '../http/respond.ts'
import type { Parts } from '../parts.ts'
import type { Call, Outcome } from '../registry/call.ts'
import type { Closing } from '../registry/closing.ts'
import { listOptions, watchOptions, type WatchOptions } from '../registry/list_options.ts'
import type { Selection } from '../registry/selectors.ts'
import { encodedOnce } from '../registry/views.ts'
import { bookmark, errorEvent, plainEvent } from '../registry/watch.ts'

/** Undefined readings: this server has nobody who records. */
export function podTimelines(parts: Parts, readings: TimelineReadings | undefined, closing: Closing): SpecialHandler {
  return async (call, exchange) => {
    if (!readings) throw unavailable('the server is currently unable to handle the request')
    switch (exchange.route.verb) {
      case 'list':
        return list(parts, readings, call, exchange)
      case 'watch':
        return watch(parts, readings, closing, call, exchange)
      default:
        return get(readings, call)
    }
  }
}

function get(readings: TimelineReadings, { kind, namespace, name }: Call): Outcome {
  const object = readings.get(namespace, name)
  if (!object) throw notFound(kind, name)
  return { status: 200, object }
}

function list(parts: Parts, readings: TimelineReadings, { kind, namespace, request: { query } }: Call, { clauses }: Exchange): Response {
  const accepted = acceptedForm(clauses, 'list')
  const { revision } = listOptions(query)
  if (revision > readings.revision) throw tooLargeResourceVersion(revision, readings.revision)
  const selection = parts.selectors.of(kind, namespace, query)
  const found = matching(readings, selection)
  return listResponse(parts, { kind, metadata: { resourceVersion: String(readings.revision) }, stored: [], views: found.map(encodedOnce) }, accepted, query)
}

/** In the order of namespaces and names, as every list. */
const matching = (readings: TimelineReadings, selection: Selection): PodTimeline[] =>
  readings
    .list(selection.scope.namespace || undefined)
    .filter(timeline => selection.matches(timeline))
    .sort((a, b) => (key(a) < key(b) ? -1 : 1))

const key = ({ metadata: { namespace, name } }: PodTimeline): string => `${namespace}/${name}`

function watch(parts: Parts, readings: TimelineReadings, closing: Closing, call: Call, { clauses }: Exchange): Response {
  const { kind, namespace, name, request } = call
  const { query, signal } = request
  const accepted = acceptedForm(clauses, 'watch')
  const options = watchOptions(query)
  const selection = parts.selectors.of(kind, namespace, query, name)
  const form = watchForm(kind, accepted, query, () => parts.clock.wall())
  const stream: WatchStream = {
    start(sink) {
      const shaped: WatchSink = { ...sink, event: event => sink.event(form ? form(event) : event), end: () => sink.end() }
      return startWatch(parts, readings, { call, options, selection, signal, closing }, shaped)
    },
  }
  return bodyResponse(200, { is: 'watch', watch: stream }, 'application/json')
}

const BOOKMARK_PERIOD_MS = 60_000
/** As of watches of stored objects: between half an hour and an hour. */
const TIMEOUT_SECONDS_MIN = 1_800

interface Start {
  readonly call: Call
  readonly options: WatchOptions
  readonly selection: Selection
  readonly signal: AbortSignal
  readonly closing: Closing
}

function startWatch(
  { clock, random }: Parts,
  readings: TimelineReadings,
  { call: { kind }, options, selection, signal, closing }: Start,
  sink: WatchSink,
): { stop(): void } {
  const fromNow = options.resourceVersion === '' || options.resourceVersion === '0'
  const wantsInitial = options.sendInitialEvents ?? fromNow
  /** What the client has, by uid. */
  const sent = new Set<string>()
  /** All changes up to here have been told. */
  let told = fromNow || wantsInitial ? readings.revision : options.revision
  const timers = new Map<string, Timer>()
  let subscription: { stop(): void } | undefined
  let forget: (() => void) | undefined
  let over = false

  const send = (type: WatchEvent['type'], object: unknown) => over || sink.event(plainEvent(type, object))
  const after = (ms: Millis, label: string, fire: () => void) => timers.set(label, clock.at(clock.now() + ms, fire, label))
  function stop(): void {
    over = true
    subscription?.stop()
    for (const timer of timers.values()) timer.cancel()
    signal.removeEventListener('abort', stop)
    forget?.()
  }
  function end(): void {
    if (over) return
    stop()
    sink.end()
  }
  function bookmarkLater(): void {
    after(BOOKMARK_PERIOD_MS, 'watch bookmark', () => {
      send('BOOKMARK', bookmark(kind, told).object)
      if (!over) bookmarkLater()
    })
  }

  /** Entering a selection is an ADDED, leaving it a DELETED. */
  function changed({ timeline, is }: TimelineChange): void {
    const revision = Number(timeline.metadata.resourceVersion)
    if (over || revision <= told) return
    told = revision
    const uid = timeline.metadata.uid!
    const had = sent.has(uid)
    const has = is !== 'gone' && selection.matches(timeline)
    if (has) sent.add(uid)
    else sent.delete(uid)
    if (has || had) send(has ? (had ? 'MODIFIED' : 'ADDED') : 'DELETED', timeline)
  }

  if (signal.aborted || closing.closed) {
    end()
    return { stop }
  }
  signal.addEventListener('abort', stop, { once: true })
  forget = closing.whenClosed(end)

  const missed = fromNow || wantsInitial ? [] : readings.since(options.revision)
  if (!missed) {
    send('ERROR', errorEvent(expired(`too old resource version: ${options.revision} (${readings.revision})`)).object)
    end()
    return { stop }
  }
  const isNew = new Set(missed.filter(({ is }) => is === 'added').map(({ timeline }) => timeline.metadata.uid!))
  const there = matching(readings, selection)
  for (const { metadata } of there) if (!isNew.has(metadata.uid!)) sent.add(metadata.uid!)
  for (const { timeline, is } of missed) if (is === 'gone' && selection.matches(timeline)) sent.add(timeline.metadata.uid!)
  if (wantsInitial) for (const timeline of there) send('ADDED', timeline)
  if (options.sendInitialEvents) send('BOOKMARK', bookmark(kind, told, { 'k8s.io/initial-events-end': 'true' }).object)
  for (const change of missed) changed(change)
  subscription = readings.onChange(changed)

  after(1_000 * (options.timeoutSeconds || TIMEOUT_SECONDS_MIN * (1 + random.fraction())), 'watch timeout', () => {
    if (options.bookmarks) send('BOOKMARK', bookmark(kind, told).object)
    end()
  })
  if (options.bookmarks) bookmarkLater()
  return { stop }
}
