/** Environment variables and where their values come from (behaviour 12.9 and 13.3-4). */
import { invalidValue, notSupported, requiredValue, type FieldError } from '../field_error.ts'
import type { EnvFromSource, EnvVar } from '../types/env.ts'
import type { ObjectFieldSelector, ResourceFieldSelector } from '../types/field_selector.ts'
import { configKey, dnsSubdomain, envVarName, qualifiedName } from './names.ts'
import { forEachAt, validateName } from './rules.ts'

export const validateEnv = (env: readonly EnvVar[] | undefined, path: string): FieldError[] =>
  forEachAt(env, path, ({ name, value, valueFrom }, at) => [
    ...validateName(name, `${at}.name`, envVarName),
    ...(valueFrom ? validateSource(valueFrom, value, `${at}.valueFrom`) : []),
  ])

export const validateEnvFrom = (sources: readonly EnvFromSource[] | undefined, path: string): FieldError[] =>
  forEachAt(sources, path, ({ prefix, configMapRef, secretRef }, at) => [
    ...(prefix ? envVarName(prefix).map(problem => invalidValue(`${at}.prefix`, prefix, problem)) : []),
    ...(configMapRef ? validateName(configMapRef.name, `${at}.configMapRef.name`, dnsSubdomain) : []),
    ...(secretRef ? validateName(secretRef.name, `${at}.secretRef.name`, dnsSubdomain) : []),
    ...oneOf([configMapRef, secretRef], at, 'must specify one of: `configMapRef` or `secretRef`'),
  ])

const ENV_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]
const ENV_MAPS = ['metadata.labels', 'metadata.annotations']
const VOLUME_FIELDS = ['metadata.name', 'metadata.namespace', 'metadata.uid', 'metadata.labels', 'metadata.annotations']
const RESOURCES = ['limits.cpu', 'limits.ephemeral-storage', 'limits.memory', 'requests.cpu', 'requests.ephemeral-storage', 'requests.memory']

function validateSource(source: NonNullable<EnvVar['valueFrom']>, value: string | undefined, path: string): FieldError[] {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = source
  const given = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef].filter(Boolean)
  const errors: FieldError[] = []
  if (fieldRef) errors.push(...validateFieldRef(fieldRef, `${path}.fieldRef`, 'env'))
  if (resourceFieldRef) errors.push(...validateResourceFieldRef(resourceFieldRef, `${path}.resourceFieldRef`, false))
  if (configMapKeyRef) errors.push(...validateKeyRef(configMapKeyRef, `${path}.configMapKeyRef`))
  if (secretKeyRef) errors.push(...validateKeyRef(secretKeyRef, `${path}.secretKeyRef`))
  if (given.length === 0) errors.push(invalidValue(path, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`'))
  if (value && given.length > 0) errors.push(invalidValue(path, '', 'may not be specified when `value` is not empty'))
  else if (given.length > 1) errors.push(invalidValue(path, '', 'may not have more than one field specified at a time'))
  return errors
}

const validateKeyRef = ({ name, key }: { name?: string; key: string }, path: string): FieldError[] => [
  ...validateName(name, `${path}.name`, dnsSubdomain),
  ...validateName(key, `${path}.key`, configKey),
]

/** `metadata.labels['app']` names one entry of a map. Environment variables and files may refer to different fields. */
export function validateFieldRef({ fieldPath, apiVersion }: ObjectFieldSelector, path: string, target: 'env' | 'volume'): FieldError[] {
  if (!apiVersion) return [requiredValue(`${path}.apiVersion`)]
  if (!fieldPath) return [requiredValue(`${path}.fieldPath`)]
  const entry = /^(.*)\['(.*)'\]$/.exec(fieldPath)
  if (!entry) {
    const supported = target === 'env' ? ENV_FIELDS : VOLUME_FIELDS
    if (supported.includes(fieldPath)) return []
    if (target === 'env' && ENV_MAPS.includes(fieldPath)) return [notSupported(`${path}.fieldPath`, fieldPath, supported)]
    return isKnownField(fieldPath)
      ? [notSupported(`${path}.fieldPath`, fieldPath, supported)]
      : [invalidValue(`${path}.fieldPath`, fieldPath, `error converting fieldPath: field label not supported: ${fieldPath}`)]
  }
  const [, field = '', key = ''] = entry
  if (field === 'metadata.labels') return qualifiedName(key).map(problem => invalidValue(path, key, problem))
  if (field === 'metadata.annotations') return qualifiedName(key.toLowerCase()).map(problem => invalidValue(path, key, problem))
  return [invalidValue(path, field, 'does not support subscript')]
}

export function validateResourceFieldRef({ resource, containerName, divisor }: ResourceFieldSelector, path: string, isVolume: boolean): FieldError[] {
  if (isVolume && !containerName) return [requiredValue(`${path}.containerName`)]
  if (!resource) return [requiredValue(`${path}.resource`)]
  if (!RESOURCES.includes(resource) && !/^(limits|requests)\.hugepages-/.test(resource)) return [notSupported(`${path}.resource`, resource, RESOURCES)]
  const allowed = resource.endsWith('.cpu')
    ? ['1m', '1']
    : resource.includes('hugepages') || resource.endsWith('memory') || resource.endsWith('storage')
      ? SIZES
      : []
  if (!divisor || divisor === '0' || allowed.includes(divisor)) return []
  return [
    invalidValue(
      `${path}.divisor`,
      divisor,
      resource.endsWith('.cpu')
        ? "only divisor's values 1m and 1 are supported with the cpu resource"
        : `only divisor's values ${SIZES.join(', ')} are supported with the ${resource.slice(resource.indexOf('.') + 1)} resource`,
    ),
  ]
}

const SIZES = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei']

const isKnownField = (field: string): boolean => ENV_FIELDS.includes(field) || VOLUME_FIELDS.includes(field)

function oneOf(given: readonly unknown[], path: string, sentence: string): FieldError[] {
  const count = given.filter(Boolean).length
  if (count === 0) return [invalidValue(path, '', sentence)]
  return count > 1 ? [invalidValue(path, '', 'may not have more than one field specified at a time')] : []
}
