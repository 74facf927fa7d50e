import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { int32, microTime, object, present, required, string, time, type Infer } from '../schema.ts'
import { eventSeries, eventSource } from '../types/event.ts'
import { objectReference } from '../types/reference.ts'
import { validateEvent } from '../validation/event.ts'
import { declareKind } from './declare.ts'
import { eventColumns } from './event_columns.ts'

const schema = object(
  'io.k8s.api.core.v1.Event',
  {
    ...objectFields,
    metadata: { ...objectFields.metadata, required: true },
    action: string({ doc: 'What the reporter did or failed to do.' }),
    count: int32({ doc: 'How often it happened.' }),
    eventTime: microTime({ doc: 'When it first happened, for newer reporters.' }),
    firstTimestamp: time({ doc: 'When it first happened.' }),
    involvedObject: required(objectReference),
    lastTimestamp: time({ doc: 'When it last happened.' }),
    message: string({ doc: 'A sentence for people.' }),
    reason: string({ doc: 'Why, as one word for programs.' }),
    related: objectReference,
    reportingComponent: string({ doc: 'The controller that reports it.' }),
    reportingInstance: string({ doc: 'Which instance of that controller.' }),
    series: eventSeries,
    source: present(eventSource),
    type: string({ doc: 'Normal or Warning.' }),
  },
  { doc: 'Something that happened to an object. Events are kept for an hour.' },
)

export interface Event extends Infer<typeof schema> {}

export const Event: Kind<Event> = declareKind<Event>({
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  namespaced: true,
  schema,
  createOnUpdate: true,
  validate: validateEvent,
  fieldSelectors: {
    'involvedObject.kind': ({ involvedObject }) => involvedObject.kind ?? '',
    'involvedObject.namespace': ({ involvedObject }) => involvedObject.namespace ?? '',
    'involvedObject.name': ({ involvedObject }) => involvedObject.name ?? '',
    'involvedObject.uid': ({ involvedObject }) => involvedObject.uid ?? '',
    'involvedObject.apiVersion': ({ involvedObject }) => involvedObject.apiVersion ?? '',
    'involvedObject.resourceVersion': ({ involvedObject }) => involvedObject.resourceVersion ?? '',
    'involvedObject.fieldPath': ({ involvedObject }) => involvedObject.fieldPath ?? '',
    reason: ({ reason }) => reason ?? '',
    reportingComponent: ({ reportingComponent }) => reportingComponent ?? '',
    source: ({ source, reportingComponent }) => source.component || (reportingComponent ?? ''),
    type: ({ type }) => type ?? '',
  },
  columns: eventColumns,
})
