/** ConfigMaps and Secrets: keys, size, and what immutable means (behaviour 11.1.8 and 13.5). */
import { deepEqual } from '../deep.ts'
import { encodeText } from '../../base/bytes.ts'
import { forbidden, invalidValue, requiredValue, tooLong, type FieldError } from '../field_error.ts'
import type { ConfigMap } from '../kinds/config_map.ts'
import type { Secret } from '../kinds/secret.ts'
import { configKey } from './names.ts'

const BYTES_MAX = 1024 * 1024
const IMMUTABLE = 'field is immutable when `immutable` is set'

export function validateConfigMap({ data = {}, binaryData = {} }: ConfigMap): FieldError[] {
  const bytes =
    Object.values(data).reduce((sum, text) => sum + encodeText(text).length, 0) + Object.values(binaryData).reduce((sum, text) => sum + bytesOfBase64(text), 0)
  return [
    ...Object.keys(data).flatMap(key => [
      ...configKey(key).map(problem => invalidValue(`data[${key}]`, key, problem)),
      ...(Object.hasOwn(binaryData, key) ? [invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData')] : []),
    ]),
    ...Object.keys(binaryData).flatMap(key => configKey(key).map(problem => invalidValue(`binaryData[${key}]`, key, problem))),
    ...(bytes > BYTES_MAX ? [tooLong('[]', BYTES_MAX)] : []),
  ]
}

export function validateConfigMapUpdate(configMap: ConfigMap, old: ConfigMap): FieldError[] {
  if (!old.immutable) return []
  const errors: FieldError[] = configMap.immutable ? [] : [forbidden('immutable', IMMUTABLE)]
  for (const field of ['data', 'binaryData'] as const) if (!deepEqual(configMap[field] ?? {}, old[field] ?? {})) errors.push(forbidden(field, IMMUTABLE))
  return errors
}

/** What a secret of a known type must hold. */
const REQUIRED_KEYS: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
}
const ACCOUNT_ANNOTATION = 'kubernetes.io/service-account.name'

export function validateSecret({ metadata, type, data = {} }: Secret): FieldError[] {
  const errors = Object.keys(data).flatMap(key => configKey(key).map(problem => invalidValue(`data[${key}]`, key, problem)))
  if (Object.values(data).reduce((sum, text) => sum + bytesOfBase64(text), 0) > BYTES_MAX) errors.push(tooLong('data', BYTES_MAX))
  for (const key of REQUIRED_KEYS[type] ?? []) if (data[key] === undefined) errors.push(requiredValue(`data[${key}]`))
  if (type === 'kubernetes.io/basic-auth' && data['username'] === undefined && data['password'] === undefined)
    errors.push(requiredValue('data[username]'), requiredValue('data[password]'))
  if (type === 'kubernetes.io/service-account-token' && !metadata.annotations?.[ACCOUNT_ANNOTATION])
    errors.push(requiredValue(`metadata.annotations[${ACCOUNT_ANNOTATION}]`))
  return errors
}

export function validateSecretUpdate(secret: Secret, old: Secret): FieldError[] {
  const errors: FieldError[] = secret.type === old.type ? [] : [invalidValue('type', secret.type, 'field is immutable')]
  if (!old.immutable) return errors
  if (!secret.immutable) errors.push(forbidden('immutable', IMMUTABLE))
  if (!deepEqual(secret.data ?? {}, old.data ?? {})) errors.push(forbidden('data', IMMUTABLE))
  return errors
}

const bytesOfBase64 = (text: string): number => Math.floor((text.replace(/=+$/, '').length * 3) / 4)
