/** What a Pod shall be, as a whole. Templates of workloads are checked by the same rules. */
import { invalidValue, type FieldError } from '../field_error.ts'
import { podSpec, type PodSpec } from '../types/pod_spec.ts'
import { validateContainers, validateEphemeralContainers, validateInitContainers } from './containers.ts'
import { validateDns, validateHostAliases } from './dns.ts'
import { dnsLabel, dnsSubdomain, labelValue, qualifiedName } from './names.ts'
import { validatePodResources, validateQuantities } from './resource_requirements.ts'
import { forEachAt, inRange, noDuplicates, validateOptional } from './rules.ts'
import { validateAffinity, validateTolerations, validateTopologySpread } from './scheduling.ts'
import { validatePodSecurityContext } from './security_context.ts'
import { compileValues } from './values.ts'
import { validateVolumes } from './volumes.ts'

const INT32_MAX = 2 ** 31 - 1
const valuesErrors = compileValues(podSpec)

export function validatePodSpec(spec: PodSpec, path: string): FieldError[] {
  const hostNetwork = spec.hostNetwork ?? false
  return [
    ...validateVolumes(spec.volumes, `${path}.volumes`),
    ...validateContainers(spec, `${path}.containers`),
    ...validateInitContainers(spec, `${path}.initContainers`),
    ...validateEphemeralContainers(spec, `${path}.ephemeralContainers`),
    ...valuesErrors(spec, path),
    ...(spec.resources ? validatePodResources(spec.resources, `${path}.resources`, spec) : []),
    ...validateNodeChoice(spec, path),
    ...validatePodSecurityContext(spec.securityContext ?? {}, `${path}.securityContext`, { hostNetwork, hostIPC: spec.hostIPC ?? false }),
    ...(spec.shareProcessNamespace && spec.hostPID
      ? [invalidValue(`${path}.shareProcessNamespace`, true, 'ShareProcessNamespace and HostPID cannot both be enabled')]
      : []),
    ...validateDns(spec, path),
    ...validateHostAliases(spec.hostAliases, `${path}.hostAliases`),
    ...validateNames(spec, path),
    ...inRange(spec.activeDeadlineSeconds, `${path}.activeDeadlineSeconds`, 1, INT32_MAX),
    ...validateGates(spec, path),
    ...validateQuantities(spec.overhead ?? {}, `${path}.overhead`),
  ]
}

function validateNodeChoice(spec: PodSpec, path: string): FieldError[] {
  return [
    ...Object.entries(spec.nodeSelector ?? {}).flatMap(([key, value]) => [
      ...qualifiedName(key).map(problem => invalidValue(`${path}.nodeSelector`, key, problem)),
      ...labelValue(value).map(problem => invalidValue(`${path}.nodeSelector`, value, problem)),
    ]),
    ...(spec.affinity ? validateAffinity(spec.affinity, `${path}.affinity`) : []),
    ...validateTolerations(spec.tolerations, `${path}.tolerations`),
    ...validateTopologySpread(spec.topologySpreadConstraints, `${path}.topologySpreadConstraints`),
  ]
}

const validateNames = (spec: PodSpec, path: string): FieldError[] => [
  ...validateOptional(spec.serviceAccountName, `${path}.serviceAccountName`, dnsSubdomain),
  ...validateOptional(spec.nodeName, `${path}.nodeName`, dnsSubdomain),
  ...validateOptional(spec.hostname, `${path}.hostname`, dnsLabel),
  ...validateOptional(spec.subdomain, `${path}.subdomain`, dnsLabel),
  ...validateOptional(spec.priorityClassName, `${path}.priorityClassName`, dnsSubdomain),
  ...validateOptional(spec.runtimeClassName, `${path}.runtimeClassName`, dnsSubdomain),
]

const validateGates = ({ readinessGates, schedulingGates }: PodSpec, path: string): FieldError[] => [
  ...forEachAt(readinessGates, `${path}.readinessGates`, ({ conditionType }, at) =>
    qualifiedName(conditionType ?? '').map(problem => invalidValue(`${at}.conditionType`, conditionType ?? '', problem)),
  ),
  ...forEachAt(schedulingGates, `${path}.schedulingGates`, ({ name }, at) => qualifiedName(name ?? '').map(problem => invalidValue(at, name ?? '', problem))),
  ...noDuplicates(
    schedulingGates,
    ({ name }) => name,
    index => `${path}.schedulingGates[${index}]`,
  ),
]
