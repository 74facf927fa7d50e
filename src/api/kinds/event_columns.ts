/** How `kubectl get events` describes an event. */
import { formatAge } from '../age.ts'
import type { Column } from '../kind.ts'
import { orNone, textColumn, wideColumn } from './columns.ts'
import type { Event } from './event.ts'

export const eventColumns: readonly Column<Event>[] = [
  textColumn('Last Seen', 'When it last happened.', (event, nowMs) =>
    formatAge(event.series?.lastObservedTime ?? event.lastTimestamp ?? firstSeen(event), nowMs),
  ),
  textColumn('Type', 'Normal or Warning.', ({ type }) => type ?? ''),
  textColumn('Reason', 'Why, in one word.', ({ reason }) => reason ?? ''),
  textColumn('Object', 'What it happened to.', ({ involvedObject: { kind, name } }) => (kind ? `${kind.toLowerCase()}/${name ?? ''}` : (name ?? ''))),
  wideColumn('Subobject', 'The part of the object.', ({ involvedObject }) => involvedObject.fieldPath ?? ''),
  wideColumn('Source', 'Who reported it.', printSource),
  textColumn('Message', 'A sentence for people.', ({ message }) => (message ?? '').trim()),
  wideColumn('First Seen', 'When it first happened.', (event, nowMs) => formatAge(firstSeen(event), nowMs)),
  wideColumn('Count', 'How often it happened.', ({ count, series }) => String(series?.count || count || 1)),
  { ...wideColumn<Event>('Name', 'Name of the event.', ({ metadata }) => metadata.name ?? ''), format: 'name' },
]

const firstSeen = ({ firstTimestamp, eventTime }: Event): string | undefined => firstTimestamp ?? eventTime

function printSource({ source, reportingComponent, reportingInstance }: Event): string {
  const component = source.component || reportingComponent
  const host = source.component ? source.host : reportingInstance
  return host ? `${orNone(component)}, ${host}` : (component ?? '')
}
