/** StorageClasses. */
import { deepEqual } from '../deep.ts'
import { forbidden, invalidValue, notSupported, requiredValue, type FieldError } from '../field_error.ts'
import type { StorageClass } from '../kinds/storage_class.ts'
import { qualifiedName } from './names.ts'
import { forEachAt } from './rules.ts'

const PARAMETERS_MAX = 512
const PARAMETERS_BYTES_MAX = 256 * 1024
const RECLAIM_POLICIES = ['Delete', 'Retain']
const BINDING_MODES = ['Immediate', 'WaitForFirstConsumer']

export const validateStorageClass = ({ provisioner, parameters = {}, reclaimPolicy, volumeBindingMode, allowedTopologies }: StorageClass): FieldError[] => [
  ...(provisioner
    ? qualifiedName(provisioner.toLowerCase()).map(problem => invalidValue('provisioner', provisioner, problem))
    : [requiredValue('provisioner')]),
  ...validateParameters(parameters),
  ...(RECLAIM_POLICIES.includes(reclaimPolicy) ? [] : [notSupported('reclaimPolicy', reclaimPolicy, RECLAIM_POLICIES)]),
  ...(BINDING_MODES.includes(volumeBindingMode) ? [] : [notSupported('volumeBindingMode', volumeBindingMode, BINDING_MODES)]),
  ...forEachAt(allowedTopologies, 'allowedTopologies', ({ matchLabelExpressions }, term) =>
    forEachAt(matchLabelExpressions, `${term}.matchLabelExpressions`, ({ key, values }, at) => [
      ...(values?.length ? [] : [requiredValue(`${at}.values`)]),
      ...qualifiedName(key ?? '').map(problem => invalidValue(`${at}.key`, key ?? '', problem)),
    ]),
  ),
]

/** What volumes were made by must stay true of them. */
export const validateStorageClassUpdate = (storageClass: StorageClass, old: StorageClass): FieldError[] => [
  ...(deepEqual(storageClass.parameters ?? {}, old.parameters ?? {}) ? [] : [forbidden('parameters', 'updates to parameters are forbidden.')]),
  ...(storageClass.provisioner === old.provisioner ? [] : [forbidden('provisioner', 'updates to provisioner are forbidden.')]),
  ...(storageClass.reclaimPolicy === old.reclaimPolicy ? [] : [forbidden('reclaimPolicy', 'updates to reclaimPolicy are forbidden.')]),
  ...(storageClass.volumeBindingMode === old.volumeBindingMode
    ? []
    : [invalidValue('volumeBindingMode', storageClass.volumeBindingMode, 'field is immutable')]),
]

function validateParameters(parameters: Readonly<Record<string, string>>): FieldError[] {
  const entries = Object.entries(parameters)
  const bytes = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0)
  return [
    ...(entries.length > PARAMETERS_MAX ? [tooMuch(`may not be more than ${PARAMETERS_MAX} bytes`)] : []),
    ...entries.filter(([key]) => key === '').map(([key]) => invalidValue('parameters', key, 'field can not be empty.')),
    ...(bytes > PARAMETERS_BYTES_MAX ? [tooMuch(`may not be more than ${PARAMETERS_BYTES_MAX} bytes`)] : []),
  ]
}

const tooMuch = (detail: string): FieldError => ({ type: 'TooLong', field: 'parameters', body: `Too long: ${detail}` })
