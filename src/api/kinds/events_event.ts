import type { KubernetesObject } from '../meta.ts'
import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { int32, microTime, object, present, required, string, time, type Infer } from '../schema.ts'
import { eventSource } from '../types/event.ts'
import { eventSeries } from '../types/events_event.ts'
import { objectReference } from '../types/reference.ts'
import { validateEventsEvent } from '../validation/event.ts'
import { declareKind } from './declare.ts'
import { Event } from './event.ts'
import { eventColumns } from './event_columns.ts'

const schema = object(
  'io.k8s.api.events.v1.Event',
  {
    ...objectFields,
    action: string({ doc: 'What the reporter did or failed to do.' }),
    deprecatedCount: int32(),
    deprecatedFirstTimestamp: time(),
    deprecatedLastTimestamp: time(),
    deprecatedSource: present(eventSource),
    eventTime: required(microTime({ doc: 'When it first happened.' })),
    note: string({ doc: 'A sentence for people.' }),
    reason: string({ doc: 'Why, as one word for programs.' }),
    regarding: present(objectReference),
    related: objectReference,
    reportingController: string({ doc: 'The controller that reports it.' }),
    reportingInstance: string({ doc: 'Which instance of that controller.' }),
    series: eventSeries,
    type: string({ doc: 'Normal or Warning.' }),
  },
  { doc: 'Something that happened to an object. Events are kept for an hour.' },
)

/** The same events as core/v1's, with newer names for some fields. */
export interface EventsEvent extends Infer<typeof schema> {}

export const EventsEvent: Kind<EventsEvent> = declareKind<EventsEvent>({
  group: 'events.k8s.io',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  namespaced: true,
  schema,
  createOnUpdate: true,
  storage: { prefix: Event.storage.prefix, fromStored: fromCore, toStored: toCore },
  validateCreate: validateEventsEvent,
  fieldSelectors: Object.fromEntries(
    Object.entries(Event.fieldSelectors).map(([label, read]) => [newLabel(label), (event: EventsEvent) => read(toCore(event))]),
  ),
  columns: eventColumns.map(column => ({ ...column, cell: (event: EventsEvent, nowMs: number) => column.cell(toCore(event), nowMs) })),
})

/** New name of a field, old name of the same. */
const RENAMED = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
] as const

function fromCore(stored: KubernetesObject): EventsEvent {
  return rename(stored, new Map(RENAMED.map(([to, from]) => [from, to])), 'events.k8s.io/v1') as unknown as EventsEvent
}

function toCore(event: KubernetesObject): Event {
  return rename(event, new Map(RENAMED), 'v1') as unknown as Event
}

const rename = (object: KubernetesObject, names: ReadonlyMap<string, string>, apiVersion: string): object =>
  Object.fromEntries(Object.entries({ ...object, apiVersion }).map(([key, value]) => [names.get(key) ?? key, value]))

function newLabel(label: string): string {
  if (label === 'reportingComponent') return 'reportingController'
  return label.replace(/^involvedObject\./, 'regarding.')
}
