/** Volumes of a Pod (behaviour 12.12 and section 13). */
import { forbidden, invalidValue, requiredValue, type FieldError } from '../field_error.ts'
import { compareQuantities, parseQuantity } from '../quantity.ts'
import type { DownwardAPIVolumeFile, KeyToPath, VolumeProjection } from '../types/projected_volume.ts'
import type { Volume } from '../types/volume.ts'
import { validateFieldRef, validateResourceFieldRef } from './environment.ts'
import { configKey, dnsLabel, dnsSubdomain } from './names.ts'
import { validatePersistentVolumeClaimTemplate } from './persistent_volume_claim.ts'
import { forEachAt, noDuplicates, validateName } from './rules.ts'

export const validateVolumes = (volumes: readonly Volume[] | undefined, path: string): FieldError[] => [
  ...forEachAt(volumes, path, validateVolume),
  ...noDuplicates(
    volumes,
    ({ name }) => name,
    index => `${path}[${index}].name`,
  ),
]

function validateVolume(volume: Volume, path: string): FieldError[] {
  const errors = validateName(volume.name, `${path}.name`, dnsLabel)
  const sources = Object.keys(volume).filter(key => key !== 'name' && volume[key as keyof Volume] !== undefined)
  if (sources.length === 0) errors.push(requiredValue(path, 'must specify a volume type'))
  sources.slice(1).forEach(source => errors.push(forbidden(`${path}.${source}`, 'may not specify more than 1 volume type')))
  return sources.length === 1 ? [...errors, ...validateSource(volume, path)] : errors
}

function validateSource(volume: Volume, path: string): FieldError[] {
  const { emptyDir, hostPath, configMap, secret, downwardAPI, projected, persistentVolumeClaim, nfs, csi, ephemeral } = volume
  if (emptyDir)
    return emptyDir.sizeLimit && isNegative(emptyDir.sizeLimit)
      ? [forbidden(`${path}.emptyDir.sizeLimit`, 'SizeLimit field must be a valid resource quantity')]
      : []
  if (hostPath) return hostPath.path ? noBackSteps(hostPath.path, `${path}.hostPath.path`) : [requiredValue(`${path}.hostPath.path`)]
  if (configMap)
    return [
      ...needed(configMap.name, `${path}.configMap.name`),
      ...validateMode(configMap.defaultMode, `${path}.configMap.defaultMode`),
      ...validateItems(configMap.items, `${path}.configMap.items`),
    ]
  if (secret)
    return [
      ...needed(secret.secretName, `${path}.secret.secretName`),
      ...validateMode(secret.defaultMode, `${path}.secret.defaultMode`),
      ...validateItems(secret.items, `${path}.secret.items`),
    ]
  if (downwardAPI)
    return [...validateMode(downwardAPI.defaultMode, `${path}.downwardAPI.defaultMode`), ...validateDownward(downwardAPI.items, `${path}.downwardAPI`)]
  if (projected)
    return [...validateMode(projected.defaultMode, `${path}.projected.defaultMode`), ...validateProjections(projected.sources, `${path}.projected`)]
  if (persistentVolumeClaim) return needed(persistentVolumeClaim.claimName, `${path}.persistentVolumeClaim.claimName`)
  if (nfs)
    return [
      ...needed(nfs.server, `${path}.nfs.server`),
      ...needed(nfs.path, `${path}.nfs.path`),
      ...(nfs.path && !nfs.path.startsWith('/') ? [invalidValue(`${path}.nfs.path`, nfs.path, 'must be an absolute path')] : []),
    ]
  if (csi) return needed(csi.driver, `${path}.csi.driver`)
  if (ephemeral)
    return ephemeral.volumeClaimTemplate
      ? validatePersistentVolumeClaimTemplate(ephemeral.volumeClaimTemplate, `${path}.ephemeral.volumeClaimTemplate`)
      : [requiredValue(`${path}.ephemeral.volumeClaimTemplate`)]
  return []
}

function validateProjections(sources: readonly VolumeProjection[] | undefined, path: string): FieldError[] {
  const taken = new Set<string>()
  return forEachAt(sources, `${path}.sources`, (source, at) => {
    const given = (['secret', 'configMap', 'downwardAPI', 'serviceAccountToken', 'clusterTrustBundle', 'podCertificate'] as const).filter(name => source[name])
    if (given.length === 0) return [requiredValue(at, 'must specify a projection type')]
    const errors: FieldError[] = given.slice(1).map(name => forbidden(`${at}.${name}`, 'may not specify more than 1 volume type'))
    const { secret, configMap, downwardAPI, serviceAccountToken } = source
    if (secret) errors.push(...validateName(secret.name, `${at}.secret.name`, dnsSubdomain), ...validateItems(secret.items, `${at}.secret.items`))
    if (configMap)
      errors.push(...validateName(configMap.name, `${at}.configMap.name`, dnsSubdomain), ...validateItems(configMap.items, `${at}.configMap.items`))
    if (downwardAPI) errors.push(...validateDownward(downwardAPI.items, `${at}.downwardAPI`))
    if (serviceAccountToken) {
      const { expirationSeconds, path: file } = serviceAccountToken
      if (expirationSeconds < 600)
        errors.push(invalidValue(`${at}.serviceAccountToken.expirationSeconds`, expirationSeconds, 'may not specify a duration less than 10 minutes'))
      if (expirationSeconds > 2 ** 32)
        errors.push(invalidValue(`${at}.serviceAccountToken.expirationSeconds`, expirationSeconds, 'may not specify a duration larger than 2^32 seconds'))
      errors.push(...(file ? relativePath(file, `${at}.serviceAccountToken.path`) : [requiredValue(`${at}.serviceAccountToken.path`)]))
    }
    for (const file of filesOf(source)) {
      if (taken.has(file)) errors.push(invalidValue(at, file, 'conflicting duplicate paths'))
      taken.add(file)
    }
    return errors
  })
}

const filesOf = ({ secret, configMap, downwardAPI, serviceAccountToken }: VolumeProjection): string[] => [
  ...(secret?.items ?? []).map(({ path }) => path),
  ...(configMap?.items ?? []).map(({ path }) => path),
  ...(downwardAPI?.items ?? []).map(({ path }) => path),
  ...(serviceAccountToken ? [serviceAccountToken.path] : []),
]

const validateItems = (items: readonly KeyToPath[] | undefined, path: string): FieldError[] =>
  forEachAt(items, path, ({ key, path: file, mode }, at) => [
    ...validateName(key, `${at}.key`, configKey),
    ...(file ? relativePath(file, `${at}.path`) : [requiredValue(`${at}.path`)]),
    ...validateMode(mode, `${at}.mode`),
  ])

const validateDownward = (items: readonly DownwardAPIVolumeFile[] | undefined, path: string): FieldError[] =>
  forEachAt(items, path, ({ path: file, fieldRef, resourceFieldRef, mode }, at) => {
    const errors = file ? relativePath(file, `${at}.path`) : [requiredValue(`${at}.path`)]
    if (fieldRef && resourceFieldRef) errors.push(invalidValue(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'))
    else if (fieldRef) errors.push(...validateFieldRef(fieldRef, `${at}.fieldRef`, 'volume'))
    else if (resourceFieldRef) errors.push(...validateResourceFieldRef(resourceFieldRef, `${at}.resourceFieldRef`, true))
    else errors.push(requiredValue(at, 'one of fieldRef and resourceFieldRef is required'))
    return [...errors, ...validateMode(mode, `${at}.mode`)]
  })

const validateMode = (mode: number | undefined, path: string): FieldError[] =>
  mode !== undefined && (mode < 0 || mode > 0o777) ? [invalidValue(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive')] : []

/** A path inside the volume: relative, and it never leaves it. */
export const relativePath = (text: string, path: string): FieldError[] => [
  ...(text.startsWith('/') ? [invalidValue(path, text, 'must be a relative path')] : []),
  ...noBackSteps(text, path),
]

export const noBackSteps = (text: string, path: string): FieldError[] =>
  text.split('/').includes('..') ? [invalidValue(path, text, "must not contain '..'")] : []

const needed = (text: string | undefined, path: string): FieldError[] => (text ? [] : [requiredValue(path)])

const isNegative = (quantity: string): boolean => parseQuantity(quantity) !== undefined && compareQuantities(quantity, '0') < 0
