/** PersistentVolumes. */
import { cloneJson, deepEqual } from '../deep.ts'
import { forbidden, invalidValue, notSupported, requiredValue, type FieldError } from '../field_error.ts'
import type { PersistentVolume } from '../kinds/persistent_volume.ts'
import { CLASS_ANNOTATION } from '../storage.ts'
import { persistentVolumeSources, persistentVolumeSpec, type PersistentVolumeSpec } from '../types/persistent_volume.ts'
import { dnsSubdomain } from './names.ts'
import { validateOptional } from './rules.ts'
import { validateNodeSelectorTerms } from './scheduling.ts'
import { compileValues } from './values.ts'
import { positiveQuantity, validateAccessModes } from './volume_rules.ts'
import { noBackSteps } from './volumes.ts'

const valuesErrors = compileValues(persistentVolumeSpec)

export function validatePersistentVolume({ spec }: PersistentVolume): FieldError[] {
  const { accessModes = [], nodeAffinity, storageClassName, volumeAttributesClassName } = spec
  return [
    ...(accessModes.length > 0 ? [] : [requiredValue('spec.accessModes')]),
    ...validateAccessModes(accessModes, 'spec.accessModes'),
    ...validateCapacity(spec.capacity ?? {}),
    ...valuesErrors(spec, 'spec'),
    ...(nodeAffinity ? validateNodeAffinity(nodeAffinity) : []),
    ...validateSource(spec),
    ...validateOptional(storageClassName, 'spec.storageClassName', dnsSubdomain),
    ...validateOptional(volumeAttributesClassName, 'spec.volumeAttributesClassName', dnsSubdomain),
  ]
}

/** What holds the data stays what it is; where it can be reached from may be said once. */
export function validatePersistentVolumeUpdate({ spec }: PersistentVolume, { spec: old }: PersistentVolume): FieldError[] {
  return [
    ...(deepEqual(sourceOf(spec), sourceOf(old)) ? [] : [forbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation')]),
    ...(spec.volumeMode === old.volumeMode ? [] : [invalidValue('volumeMode', spec.volumeMode, 'field is immutable')]),
    ...(old.nodeAffinity && !deepEqual(spec.nodeAffinity, old.nodeAffinity)
      ? [invalidValue('nodeAffinity', spec.nodeAffinity, 'field is immutable, except for updating from beta label to GA')]
      : []),
  ]
}

export function persistentVolumeWarnings({ metadata, spec }: PersistentVolume): string[] {
  return [
    ...(metadata.annotations?.[CLASS_ANNOTATION] === undefined
      ? []
      : [`metadata.annotations[${CLASS_ANNOTATION}]: deprecated since v1.8; use "storageClassName" attribute instead`]),
    ...(spec.persistentVolumeReclaimPolicy === 'Recycle'
      ? [
          'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning. Poise does not recycle; the volume will be Failed once its claim is gone',
        ]
      : []),
  ]
}

/** The kinds of sources a volume names; a valid one names one. */
export const sourcesOf = (spec: PersistentVolumeSpec): string[] =>
  Object.keys(persistentVolumeSources).filter(source => spec[source as keyof typeof persistentVolumeSources] !== undefined)

function validateCapacity(capacity: Readonly<Record<string, string>>): FieldError[] {
  const names = Object.keys(capacity)
  if (names.length === 0) return [requiredValue('spec.capacity')]
  if (names.length > 1 || capacity.storage === undefined) return [notSupported('spec.capacity', capacity, ['storage'])]
  return positiveQuantity(capacity.storage, 'spec.capacity[storage]')
}

const validateNodeAffinity = ({ required }: NonNullable<PersistentVolumeSpec['nodeAffinity']>): FieldError[] =>
  required
    ? validateNodeSelectorTerms(required.nodeSelectorTerms, 'spec.nodeAffinity.required.nodeSelectorTerms')
    : [requiredValue('spec.nodeAffinity.required', 'must specify required node constraints')]

function validateSource(spec: PersistentVolumeSpec): FieldError[] {
  const [source, ...others] = sourcesOf(spec)
  if (!source) return [requiredValue('spec', 'must specify a volume type')]
  const errors = others.map(other => forbidden(`spec.${other}`, 'may not specify more than 1 volume type'))
  const { hostPath, local, nfs } = spec
  if (hostPath) {
    errors.push(...validatePath(hostPath.path, 'spec.hostPath.path'))
    if (spec.persistentVolumeReclaimPolicy === 'Recycle' && /^\/[/.]*$/.test(hostPath.path ?? ''))
      errors.push(forbidden('spec.persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath volume with the path '/'"))
  }
  if (local) {
    errors.push(...validatePath(local.path, 'spec.local.path'))
    if (!spec.nodeAffinity) errors.push(requiredValue('spec.nodeAffinity', 'Local volume requires node affinity'))
  }
  if (nfs) {
    if (!nfs.server) errors.push(requiredValue('spec.nfs.server'))
    if (!nfs.path) errors.push(requiredValue('spec.nfs.path'))
    else if (!nfs.path.startsWith('/')) errors.push(invalidValue('spec.nfs.path', nfs.path, 'must be an absolute path'))
  }
  return errors
}

const validatePath = (directory: string | undefined, path: string): FieldError[] => (directory ? noBackSteps(directory, path) : [requiredValue(path)])

const sourceOf = (spec: PersistentVolumeSpec): unknown =>
  cloneJson(Object.fromEntries(sourcesOf(spec).map(source => [source, spec[source as keyof typeof persistentVolumeSources]])))
