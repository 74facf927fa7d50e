/** RuntimeClasses: a handler that is a name, and what Pods of the class are given. */
import { duplicateValue, invalidValue, requiredValue, type FieldError } from '../field_error.ts'
import type { RuntimeClass } from '../kinds/runtime_class.ts'
import { validateLabels } from './metadata.ts'
import { dnsLabel } from './names.ts'
import { validateResources } from './resource_requirements.ts'
import { validateTolerations } from './scheduling.ts'

export function validateRuntimeClass({ handler, overhead, scheduling }: RuntimeClass): FieldError[] {
  return [
    ...(handler ? dnsLabel(handler).map(problem => invalidValue('handler', handler, problem)) : [requiredValue('handler')]),
    // By the rules of limits, as a container would have them.
    ...(overhead ? validateResources({ limits: overhead.podFixed ?? {} }, 'overhead') : []),
    ...validateLabels(scheduling?.nodeSelector ?? {}, 'scheduling.nodeSelector'),
    ...validateTolerations(scheduling?.tolerations, 'scheduling.tolerations'),
    ...noEqualTolerations(scheduling?.tolerations ?? []),
  ]
}

export const validateRuntimeClassUpdate = ({ handler }: RuntimeClass, old: RuntimeClass): FieldError[] =>
  handler === old.handler ? [] : [invalidValue('handler', handler, 'field is immutable')]

function noEqualTolerations(tolerations: readonly object[]): FieldError[] {
  const texts = tolerations.map(toleration => JSON.stringify(Object.entries(toleration).sort(([a], [b]) => (a < b ? -1 : 1))))
  return texts.flatMap((text, index) => (texts.indexOf(text) < index ? [duplicateValue(`scheduling.tolerations[${index}]`, tolerations[index])] : []))
}
