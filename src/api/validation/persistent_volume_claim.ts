/** PersistentVolumeClaims, and the specs of claims that Pods and StatefulSets have templates of. */
import { cloneJson, deepEqual } from '../deep.ts'
import { forbidden, invalidValue, requiredValue, type FieldError } from '../field_error.ts'
import type { PersistentVolumeClaim } from '../kinds/persistent_volume_claim.ts'
import { validateLabelSelector } from '../label_selector.ts'
import { compareQuantities, parseQuantity } from '../quantity.ts'
import { CLASS_ANNOTATION } from '../storage.ts'
import { persistentVolumeClaimSpec, type PersistentVolumeClaimSpec, type PersistentVolumeClaimTemplate } from '../types/persistent_volume_claim.ts'
import { validateAnnotations, validateLabels } from './metadata.ts'
import { dnsSubdomain } from './names.ts'
import { validateQuantities } from './resource_requirements.ts'
import { validateOptional } from './rules.ts'
import { compileValues } from './values.ts'
import { positiveQuantity, validateAccessModes } from './volume_rules.ts'

const valuesErrors = compileValues(persistentVolumeClaimSpec)

export const validatePersistentVolumeClaim = ({ spec, status }: PersistentVolumeClaim): FieldError[] => [
  ...validatePersistentVolumeClaimSpec(spec, 'spec'),
  ...validateQuantities(status.capacity ?? {}, 'status.capacity'),
]

export function validatePersistentVolumeClaimSpec(spec: PersistentVolumeClaimSpec, path: string): FieldError[] {
  const { accessModes = [], resources, selector, storageClassName, volumeAttributesClassName, volumeName } = spec
  const storage = resources.requests?.storage
  return [
    ...(accessModes.length > 0 ? [] : [requiredValue(`${path}.accessModes`, 'at least 1 access mode is required')]),
    ...(selector ? validateLabelSelector(selector, `${path}.selector`) : []),
    ...validateAccessModes(accessModes, `${path}.accessModes`),
    ...(storage === undefined ? [requiredValue(`${path}.resources[storage]`)] : positiveQuantity(storage, `${path}.resources[storage]`)),
    ...validateOptional(storageClassName, `${path}.storageClassName`, dnsSubdomain),
    ...validateOptional(volumeAttributesClassName, `${path}.volumeAttributesClassName`, dnsSubdomain),
    ...validateOptional(volumeName, `${path}.volumeName`, dnsSubdomain),
    ...valuesErrors(spec, path),
    ...validateDataSources(spec, path),
  ]
}

/** Of the metadata only labels and annotations: everything else the claim has from its Pod. */
export function validatePersistentVolumeClaimTemplate({ metadata = {}, spec }: PersistentVolumeClaimTemplate, path: string): FieldError[] {
  const others = Object.keys(metadata).filter(
    key => key !== 'labels' && key !== 'annotations' && (metadata[key as keyof typeof metadata] ?? undefined) !== undefined,
  )
  return [
    ...validateLabels(metadata.labels ?? {}, `${path}.metadata.labels`),
    ...validateAnnotations(metadata.annotations ?? {}, `${path}.metadata.annotations`),
    ...(others.length > 0 ? [forbidden(`${path}.metadata`, 'field not allowed in PVC template')] : []),
    ...validatePersistentVolumeClaimSpec(spec, `${path}.spec`),
  ]
}

/**
 * The binding may be written once, the class filled in where none was named, and a bound claim may ask for more.
 * It may ask for less again too, as long as that is more than it has: the way back from a growth that failed.
 */
export function validatePersistentVolumeClaimUpdate({ spec }: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const allowed = cloneJson(old.spec)
  if (!allowed.volumeName) allowed.volumeName = spec.volumeName
  if (allowed.storageClassName === undefined && old.metadata.annotations?.[CLASS_ANNOTATION] === undefined) allowed.storageClassName = spec.storageClassName
  const isBound = old.status.phase === 'Bound'
  const size = spec.resources.requests?.storage
  if (isBound) {
    if (size !== undefined) allowed.resources.requests = { ...allowed.resources.requests, storage: size }
    allowed.volumeAttributesClassName = spec.volumeAttributesClassName
  }
  // cloneJson leaves out what is undefined; so must the other side.
  const errors = deepEqual(cloneJson(spec), cloneJson(allowed))
    ? []
    : [forbidden('spec', 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims')]
  if (spec.volumeMode !== old.spec.volumeMode) errors.push(invalidValue('volumeMode', spec.volumeMode, 'field is immutable'))
  const oldSize = old.spec.resources.requests?.storage
  const has = old.status.capacity?.storage ?? '0'
  if (isBound && areQuantities(size, oldSize) && compareQuantities(size!, oldSize!) < 0 && compareQuantities(size!, has) <= 0)
    errors.push(forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity'))
  return errors
}

export function persistentVolumeClaimWarnings({ metadata, spec }: PersistentVolumeClaim): string[] {
  const warnings = claimSpecWarnings(spec, 'spec')
  if (metadata.annotations?.[CLASS_ANNOTATION] !== undefined)
    warnings.unshift(`metadata.annotations[${CLASS_ANNOTATION}]: deprecated since v1.8; use "storageClassName" attribute instead`)
  return warnings
}

/** Half a byte cannot be had. */
export function claimSpecWarnings({ resources }: PersistentVolumeClaimSpec, path: string): string[] {
  const storage = resources.requests?.storage
  const amount = storage === undefined ? undefined : parseQuantity(storage)
  return amount && amount.nano % 1_000_000_000n !== 0n
    ? [`${path}.resources.requests[storage]: fractional byte value ${JSON.stringify(storage)} is invalid, must be an integer`]
    : []
}

function validateDataSources({ dataSource, dataSourceRef }: PersistentVolumeClaimSpec, path: string): FieldError[] {
  return [
    ...(dataSource ? validateDataSource(dataSource, `${path}.dataSource`) : []),
    ...(dataSourceRef ? validateDataSource(dataSourceRef, `${path}.dataSourceRef`) : []),
    ...(dataSource && dataSourceRef && dataSourceRef.namespace
      ? [invalidValue(path, 'dataSource', 'may not be specified when dataSourceRef.namespace is specified')]
      : dataSource && dataSourceRef && !sameSource(dataSource, dataSourceRef)
        ? [invalidValue(path, 'dataSource', 'must match dataSourceRef')]
        : []),
  ]
}

type Source = NonNullable<PersistentVolumeClaimSpec['dataSource']>

function validateDataSource({ name, kind, apiGroup }: Source, path: string): FieldError[] {
  return [
    ...(name ? [] : [requiredValue(`${path}.name`)]),
    ...(kind ? [] : [requiredValue(`${path}.kind`)]),
    ...(!apiGroup && kind !== 'PersistentVolumeClaim'
      ? [invalidValue(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup")]
      : []),
  ]
}

const sameSource = (a: Source, b: Source): boolean => a.name === b.name && a.kind === b.kind && (a.apiGroup ?? '') === (b.apiGroup ?? '')

const areQuantities = (...texts: (string | undefined)[]): boolean => texts.every(text => text !== undefined && parseQuantity(text))
