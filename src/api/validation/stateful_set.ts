/** StatefulSets: Kubernetes' rules, and its sentences. */
import { deepEqual } from '../deep.ts'
import { forbidden, invalidValue, notSupported, type FieldError } from '../field_error.ts'
import { percentOf, validateAtMostAll, validateIntOrPercent } from '../int_or_percent.ts'
import type { StatefulSet } from '../kinds/stateful_set.ts'
import type { PodTemplateSpec } from '../types/pod_template_spec.ts'
import type { StatefulSetSpec, StatefulSetUpdateStrategy } from '../types/stateful_set.ts'
import { dnsLabel } from './names.ts'
import { nonNegative, validateOptional } from './rules.ts'
import { collisionsOnlyGrow, validateLivingTemplate, validateReplicaCounts, validateWorkloadSelector } from './workload.ts'
import { workloadWarnings } from './workload_warnings.ts'

export function validateStatefulSet({ spec }: StatefulSet): FieldError[] {
  return [
    ...validateManagementPolicy(spec.podManagementPolicy),
    ...validateUpdateStrategy(spec.updateStrategy, 'spec.updateStrategy'),
    ...validateRetention(spec),
    ...nonNegative(spec.replicas, 'spec.replicas'),
    ...nonNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...nonNegative(spec.ordinals?.start, 'spec.ordinals.start'),
    ...validateOptional(spec.serviceName, 'spec.serviceName', dnsLabel),
    ...validateWorkloadSelector(spec.selector, spec.template, 'statefulset'),
    ...validateLivingTemplate(withClaims(spec), 'StatefulSet'),
  ]
}

/** What identifies its Pods and their storage never changes. */
export function validateStatefulSetUpdate({ spec, status }: StatefulSet, old: StatefulSet, subresource: string): FieldError[] {
  if (subresource === 'status') return validateStatus(status, old.status)
  return deepEqual(immutablePart(spec), immutablePart(old.spec))
    ? []
    : [
        forbidden(
          'spec',
          "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        ),
      ]
}

export const statefulSetWarnings = (object: StatefulSet, old: StatefulSet | undefined): string[] => [
  ...workloadWarnings(object, old),
  ...(object.spec.revisionHistoryLimit < 0
    ? ['spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended']
    : []),
]

const immutablePart = ({ podManagementPolicy, selector, serviceName, volumeClaimTemplates }: StatefulSetSpec) => ({
  podManagementPolicy,
  selector,
  serviceName: serviceName || undefined,
  volumeClaimTemplates: volumeClaimTemplates?.length ? volumeClaimTemplates : undefined,
})

const validateManagementPolicy = (policy: string): FieldError[] =>
  policy === 'OrderedReady' || policy === 'Parallel' ? [] : [invalidValue('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'")]

function validateUpdateStrategy({ type, rollingUpdate }: StatefulSetUpdateStrategy, path: string): FieldError[] {
  switch (type) {
    case 'OnDelete':
      return rollingUpdate ? [invalidValue(`${path}.rollingUpdate`, rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'")] : []
    case 'RollingUpdate':
      return rollingUpdate ? validateRollingUpdate(rollingUpdate, `${path}.rollingUpdate`) : []
    default:
      // Kubernetes prints the object as its own code names the fields.
      return [
        invalidValue(
          path,
          { Type: type, RollingUpdate: rollingUpdate ? { Partition: rollingUpdate.partition, MaxUnavailable: rollingUpdate.maxUnavailable ?? null } : null },
          "must be 'RollingUpdate' or 'OnDelete'",
        ),
      ]
  }
}

function validateRollingUpdate({ partition, maxUnavailable }: NonNullable<StatefulSetUpdateStrategy['rollingUpdate']>, path: string): FieldError[] {
  const errors = nonNegative(partition, `${path}.partition`)
  if (maxUnavailable === undefined) return errors
  errors.push(...validateIntOrPercent(maxUnavailable, `${path}.maxUnavailable`), ...validateAtMostAll(maxUnavailable, `${path}.maxUnavailable`))
  if (maxUnavailable === 0 || percentOf(maxUnavailable) === 0) errors.push(invalidValue(`${path}.maxUnavailable`, maxUnavailable, 'cannot be 0'))
  return errors
}

const validateRetention = ({ persistentVolumeClaimRetentionPolicy: policy }: StatefulSetSpec): FieldError[] =>
  (['whenDeleted', 'whenScaled'] as const).flatMap(when =>
    ['Retain', 'Delete'].includes(policy[when]) ? [] : [notSupported(`spec.persistentVolumeClaimRetentionPolicy.${when}`, policy[when], ['Retain', 'Delete'])],
  )

/** Containers mount claims by the names of their templates. A claim hides a volume of the same name. */
function withClaims({ template, volumeClaimTemplates = [] }: StatefulSetSpec): PodTemplateSpec {
  const names = volumeClaimTemplates.map(({ metadata }) => metadata.name).filter(name => name !== undefined && name !== '')
  if (names.length === 0) return template
  const others = (template.spec.volumes ?? []).filter(({ name }) => !names.includes(name))
  const claims = names.map(name => ({ name, persistentVolumeClaim: { claimName: name } }))
  return { ...template, spec: { ...template.spec, volumes: [...others, ...claims] as PodTemplateSpec['spec']['volumes'] } }
}

function validateStatus(status: StatefulSet['status'], old: StatefulSet['status']): FieldError[] {
  const above = (['currentReplicas', 'updatedReplicas'] as const).filter(part => (status[part] ?? 0) > status.replicas)
  return [
    ...validateReplicaCounts(status),
    ...above.map(part => invalidValue(`status.${part}`, status[part], 'cannot be greater than status.replicas')),
    ...collisionsOnlyGrow(status, old),
  ]
}
