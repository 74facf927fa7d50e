/** Events (behaviour 14.1). Those of events.k8s.io have stricter rules than the older ones of core/v1. */
import { invalidValue, requiredValue, tooLong, type FieldError } from '../field_error.ts'
import type { Event } from '../kinds/event.ts'
import type { EventsEvent } from '../kinds/events_event.ts'
import { qualifiedName } from './names.ts'

const WORD_MAX = 128
const NOTE_BYTES_MAX = 1024

/** An event lives beside its object; those of cluster-scoped objects live in default or kube-system. */
export function validateEvent({ metadata, involvedObject }: Event): FieldError[] {
  return validateHome(metadata.namespace, involvedObject?.namespace, 'involvedObject.namespace')
}

export function validateEventsEvent(event: EventsEvent): FieldError[] {
  const { metadata, regarding, eventTime, reportingController, reportingInstance, action, reason, note = '', type } = event
  const errors = validateHome(metadata.namespace, regarding?.namespace, 'involvedObject.namespace')
  if (!eventTime) errors.push(requiredValue('eventTime'))
  if (type !== 'Normal' && type !== 'Warning') errors.push(invalidValue('type', '', 'has invalid value: ' + (type ?? '')))
  if (!reportingController) errors.push(requiredValue('reportingController'))
  else errors.push(...qualifiedName(reportingController).map(problem => invalidValue('reportingController', reportingController, problem)))
  for (const [field, text] of [
    ['reportingInstance', reportingInstance],
    ['action', action],
    ['reason', reason],
  ] as const) {
    if (!text) errors.push(requiredValue(field))
    else if (text.length > WORD_MAX) errors.push(invalidValue(field, '', `can have at most ${WORD_MAX} characters`))
  }
  if (note.length > NOTE_BYTES_MAX) errors.push(tooLong('message', NOTE_BYTES_MAX))
  return errors
}

function validateHome(home: string | undefined, namespace: string | undefined, path: string): FieldError[] {
  const isHome = namespace ? home === namespace : home === 'default' || home === 'kube-system'
  return isHome ? [] : [invalidValue(path, namespace ?? '', 'does not match event.namespace')]
}
