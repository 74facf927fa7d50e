/**
 * Writes Events the newer way, through events.k8s.io/v1: what the scheduler does, and what its Events look like to clients.
 * They have an eventTime and no count; `kubectl describe` takes the From column from reportingController.
 *
 * The same action for the same reason on the same object within six minutes is a series: the second one is written
 * at once, later ones are counted and written at most every six minutes (behaviour 14.4). The note stays the first one's.
 */
import { EventsEvent } from '../api/kinds/events_event.ts'
import { microTimestamp, type KubernetesObject } from '../api/meta.ts'
import type { Host } from '../base/host.ts'
import type { Client } from './client.ts'
import type { EventRecorder } from './event_recorder.ts'
import { boundedMap, createEventNames, createEventWriter, type EventEntry } from './event_writer.ts'

export interface SeriesSource {
  /** `default-scheduler`. */
  controller: string
  instance: string
  /** What the reporter was doing, by reason: `{ Scheduled: 'Binding' }`. The reason itself where none is named. */
  actions: Readonly<Record<string, string>>
}

const SERIES_WINDOW_MS = 360_000
const MEMORY_MAX = 4096
/** The server refuses longer ones. */
const NOTE_MAX = 1024

interface Series extends EventEntry {
  count: number
  lastAt: number
  lastWallMs: number
  dueAt: number
  isPlanned: boolean
}

export function createSeriesEventRecorder(host: Host, client: Client, source: SeriesSource): EventRecorder {
  const { clock } = host
  const newName = createEventNames({ clock, random: host.random.fork(`events/${source.controller}`) })
  const writer = createEventWriter(host)
  const known = boundedMap<Series>(MEMORY_MAX)

  const record = (type: 'Normal' | 'Warning') => (about: KubernetesObject, reason: string, message: string, fieldPath?: string) => {
    const { namespace, name, uid } = about.metadata
    const key = JSON.stringify([type, reason, about.apiVersion, about.kind, namespace, name, uid, fieldPath])
    let series = known.get(key)
    if (!series || clock.now() - series.lastAt > SERIES_WINDOW_MS) known.set(key, (series = startSeries(type, about, reason, message, fieldPath)))
    series.count += 1
    series.lastAt = clock.now()
    series.lastWallMs = clock.wall()
    if (series.lastAt >= series.dueAt) writer.put(series)
    else if (!series.isPlanned) {
      const planned = series
      planned.isPlanned = true
      clock.at(
        planned.dueAt,
        () => {
          planned.isPlanned = false
          writer.put(planned)
        },
        'event series',
      )
    }
  }

  function startSeries(type: string, about: KubernetesObject, reason: string, message: string, fieldPath: string | undefined): Series {
    const namespace = about.metadata.namespace || 'default'
    const name = newName(about.metadata.name ?? '')
    const eventTime = microTimestamp(clock.wall())
    let isWritten = false
    const series: Series = {
      count: 0,
      lastAt: clock.now(),
      lastWallMs: clock.wall(),
      dueAt: 0,
      isPlanned: false,
      async write() {
        const { count, lastWallMs } = series
        const state = count > 1 ? { series: { count, lastObservedTime: microTimestamp(lastWallMs) } } : {}
        if (count > 1) series.dueAt = clock.now() + SERIES_WINDOW_MS
        if (isWritten) {
          await client.patch(EventsEvent, { namespace, name }, { type: 'merge', body: state })
          return
        }
        await client.create(EventsEvent, {
          metadata: { name, namespace },
          eventTime,
          type,
          reason,
          ...state,
          note: message.slice(0, NOTE_MAX),
          action: source.actions[reason] ?? reason,
          reportingController: source.controller,
          reportingInstance: source.instance,
          regarding: {
            apiVersion: about.apiVersion,
            kind: about.kind,
            namespace: about.metadata.namespace,
            name: about.metadata.name,
            uid: about.metadata.uid,
            resourceVersion: about.metadata.resourceVersion,
            ...(fieldPath && { fieldPath }),
          },
        })
        isWritten = true
      },
    }
    return series
  }

  return { normal: record('Normal'), warning: record('Warning') }
}
