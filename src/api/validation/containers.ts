/** Containers, init containers and ephemeral ones: what each may have (behaviour 2.10-11, 12.8-11). */
import { duplicateValue, forbidden, invalidValue, notFoundValue, notSupported, requiredValue, type FieldError } from '../field_error.ts'
import { isSidecar, type AnyContainer } from '../pod.ts'
import type { Container } from '../types/container.ts'
import type { EphemeralContainer } from '../types/ephemeral_container.ts'
import type { PodSpec } from '../types/pod_spec.ts'
import { validateEnv, validateEnvFrom } from './environment.ts'
import { dnsLabel } from './names.ts'
import { validateHostPorts, validatePorts } from './ports.ts'
import { validateProbesAndHooks } from './probes.ts'
import { validateResizePolicy, validateResources } from './resource_requirements.ts'
import { forEachAt, validateName } from './rules.ts'
import { validateSecurityContext } from './security_context.ts'
import { validateVolumeMounts } from './volume_mounts.ts'

export function validateContainers(spec: PodSpec, path: string): FieldError[] {
  if (spec.containers.length === 0) return [requiredValue(path)]
  const names = new Set<string>()
  return [
    ...forEachAt(spec.containers, path, (container, at) => [
      ...validateCommon(container, at, spec),
      ...uniqueName(container, at, names),
      ...(container.restartPolicy ? [forbidden(`${at}.restartPolicy`, 'may not be set for non-init containers')] : []),
      ...validateProbesAndHooks(container, at, spec.terminationGracePeriodSeconds),
      ...validateResizePolicy(container.resizePolicy, `${at}.resizePolicy`, spec.restartPolicy),
    ]),
    ...validateHostPorts(spec.containers, path),
  ]
}

const PROBES_AND_HOOKS = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const

export function validateInitContainers(spec: PodSpec, path: string): FieldError[] {
  const names = new Set(spec.containers.map(({ name }) => name))
  return forEachAt(spec.initContainers, path, (container, at) => [
    ...validateCommon(container, at, spec),
    ...uniqueName(container, at, names),
    ...validateInitRestartPolicy(container, at),
    ...(isSidecar(container)
      ? [
          ...validateProbesAndHooks(container, at, spec.terminationGracePeriodSeconds),
          ...validateResizePolicy(container.resizePolicy, `${at}.resizePolicy`, spec.restartPolicy),
        ]
      : PROBES_AND_HOOKS.filter(field => container[field]).map(field =>
          forbidden(`${at}.${field}`, 'may not be set for init containers without restartPolicy=Always'),
        )),
  ])
}

const NOT_EPHEMERAL = ['ports', ...PROBES_AND_HOOKS, 'resizePolicy'] as const

export function validateEphemeralContainers(spec: PodSpec, path: string): FieldError[] {
  const others = [...(spec.initContainers ?? []), ...spec.containers].map(({ name }) => name)
  const names = new Set(others)
  return forEachAt(spec.ephemeralContainers, path, (container, at) => [
    ...validateCommon(container, at, spec),
    ...uniqueName(container, at, names),
    ...(container.targetContainerName && !others.includes(container.targetContainerName)
      ? [notFoundValue(`${at}.targetContainerName`, container.targetContainerName)]
      : []),
    ...validateNotEphemeral(container, at),
  ])
}

/** It joins a running Pod: nothing that would need a place in the Pod's plan, such as resources or probes. */
function validateNotEphemeral(container: EphemeralContainer, path: string): FieldError[] {
  const refused: string[] = NOT_EPHEMERAL.filter(field => container[field])
  const { limits, requests, claims } = container.resources ?? {}
  if (limits || requests || claims) refused.push('resources')
  if (container.restartPolicy) refused.push('restartPolicy')
  return [
    ...refused.map(field => forbidden(`${path}.${field}`, 'cannot be set for an Ephemeral Container')),
    ...forEachAt(container.volumeMounts, `${path}.volumeMounts`, ({ subPath, subPathExpr }, at) => [
      ...(subPath ? [forbidden(`${at}.subPath`, 'cannot be set for an Ephemeral Container')] : []),
      ...(subPathExpr ? [forbidden(`${at}.subPathExpr`, 'cannot be set for an Ephemeral Container')] : []),
    ]),
  ]
}

function validateCommon(container: AnyContainer, path: string, spec: PodSpec): FieldError[] {
  return [
    ...validateName(container.name, `${path}.name`, dnsLabel),
    ...validateImage(container, path),
    ...validatePorts(container.ports, `${path}.ports`, spec.hostNetwork ?? false),
    ...validateEnv(container.env, `${path}.env`),
    ...validateEnvFrom(container.envFrom, `${path}.envFrom`),
    ...validateVolumeMounts(container, path, spec.volumes ?? []),
    ...validateResources(container.resources, `${path}.resources`),
    ...validateSecurityContext(container.securityContext, `${path}.securityContext`, spec.hostUsers ?? true),
  ]
}

function validateImage({ image }: Pick<Container, 'image'>, path: string): FieldError[] {
  if (!image) return [requiredValue(`${path}.image`)]
  return image.trim() === image ? [] : [invalidValue(`${path}.image`, image, 'must not have leading or trailing whitespace')]
}

function uniqueName({ name }: AnyContainer, path: string, names: Set<string>): FieldError[] {
  if (!name) return []
  if (names.has(name)) return [duplicateValue(`${path}.name`, name)]
  names.add(name)
  return []
}

const validateInitRestartPolicy = ({ restartPolicy }: Container, path: string): FieldError[] =>
  restartPolicy && restartPolicy !== 'Always' ? [notSupported(`${path}.restartPolicy`, restartPolicy, ['Always'])] : []
