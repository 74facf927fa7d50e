/** Environment variables and where their values come from. */
import { boolean, object, required, string, type Infer } from '../schema.ts'
import { objectFieldSelector, resourceFieldSelector } from './field_selector.ts'

export const configMapKeySelector = object(
  'io.k8s.api.core.v1.ConfigMapKeySelector',
  {
    name: string(),
    key: required(string()),
    optional: boolean(),
  },
  { atomic: true },
)

export const secretKeySelector = object(
  'io.k8s.api.core.v1.SecretKeySelector',
  {
    name: string(),
    key: required(string()),
    optional: boolean(),
  },
  { atomic: true },
)

export const fileKeySelector = object(
  'io.k8s.api.core.v1.FileKeySelector',
  {
    key: required(string()),
    optional: boolean(),
    path: required(string()),
    volumeName: required(string()),
  },
  { atomic: true },
)

export const envVarSource = object('io.k8s.api.core.v1.EnvVarSource', {
  configMapKeyRef: configMapKeySelector,
  fieldRef: objectFieldSelector,
  fileKeyRef: fileKeySelector,
  resourceFieldRef: resourceFieldSelector,
  secretKeyRef: secretKeySelector,
})

export const envVar = object('io.k8s.api.core.v1.EnvVar', {
  name: required(string()),
  value: string(),
  valueFrom: envVarSource,
})

export const configMapEnvSource = object('io.k8s.api.core.v1.ConfigMapEnvSource', {
  name: string(),
  optional: boolean(),
})

export const secretEnvSource = object('io.k8s.api.core.v1.SecretEnvSource', {
  name: string(),
  optional: boolean(),
})

export const envFromSource = object('io.k8s.api.core.v1.EnvFromSource', {
  configMapRef: configMapEnvSource,
  prefix: string(),
  secretRef: secretEnvSource,
})

export interface ConfigMapKeySelector extends Infer<typeof configMapKeySelector> {}
export interface SecretKeySelector extends Infer<typeof secretKeySelector> {}
export interface FileKeySelector extends Infer<typeof fileKeySelector> {}
export interface EnvVarSource extends Infer<typeof envVarSource> {}
export interface EnvVar extends Infer<typeof envVar> {}
export interface ConfigMapEnvSource extends Infer<typeof configMapEnvSource> {}
export interface SecretEnvSource extends Infer<typeof secretEnvSource> {}
export interface EnvFromSource extends Infer<typeof envFromSource> {}
