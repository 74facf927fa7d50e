/** What holds for every parent of Pods: its selector selects the Pods it makes, and it never changes. */
import { deepEqual } from '../deep.ts'
import { forbidden, invalidValue, notSupported, requiredValue, type FieldError } from '../field_error.ts'
import { matchesLabelSelector, validateLabelSelector } from '../label_selector.ts'
import type { LabelSelector } from '../types/label_selector.ts'
import type { PodTemplateSpec } from '../types/pod_template_spec.ts'
import { validatePodTemplateSpec } from './pod_template_spec.ts'
import { nonNegative } from './rules.ts'

/** @param workload as Kubernetes' sentence names it: `deployment` */
export function validateWorkloadSelector(selector: LabelSelector | undefined, template: PodTemplateSpec | undefined, workload: string): FieldError[] {
  if (!selector) return [requiredValue('spec.selector')]
  const errors = validateLabelSelector(selector, 'spec.selector')
  if (isEmptySelector(selector)) errors.push(invalidValue('spec.selector', selector, `empty selector is invalid for ${workload}`))
  else if (errors.length === 0 && template && !matchesLabelSelector(selector, template.metadata.labels))
    errors.push(invalidValue('spec.template.metadata.labels', inOrder(template.metadata.labels ?? {}), '`selector` does not match template `labels`'))
  return errors
}

/** Pods that a workload keeps alive: they restart for ever and have no deadline. */
export function validateLivingTemplate(template: PodTemplateSpec, workload: string): FieldError[] {
  const { restartPolicy, activeDeadlineSeconds } = template.spec
  return [
    ...validatePodTemplateSpec(template, 'spec.template'),
    ...(restartPolicy !== 'Always' ? [notSupported('spec.template.spec.restartPolicy', restartPolicy, ['Always'])] : []),
    ...(activeDeadlineSeconds !== undefined
      ? [forbidden('spec.template.spec.activeDeadlineSeconds', `activeDeadlineSeconds in ${workload} is not Supported`)]
      : []),
  ]
}

export const selectorUnchanged = (selector: LabelSelector | undefined, old: LabelSelector): FieldError[] =>
  deepEqual(selector, old) ? [] : [invalidValue('spec.selector', selector ? shownSelector(selector) : null, 'field is immutable')]

const shownSelector = ({ matchLabels, matchExpressions }: LabelSelector): LabelSelector => ({
  ...(matchLabels && { matchLabels: inOrder(matchLabels) }),
  ...(matchExpressions && { matchExpressions }),
})

/** Kubernetes prints the fields of an object in their order, and labels by name, whoever wrote them in which order. */
const inOrder = (labels: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))

/** Counts of a status: none below 0, and none of a part above the whole. */
export function validateReplicaCounts(status: object): FieldError[] {
  const counts = status as Readonly<Record<string, number | undefined>>
  const total = counts.replicas ?? 0
  const errors = Object.keys(counts).flatMap(name => (typeof counts[name] === 'number' ? nonNegative(counts[name], `status.${name}`) : []))
  const above = (part: string, whole: number, name: string) =>
    (counts[part] ?? 0) > whole ? [invalidValue(`status.${part}`, counts[part], `cannot be greater than ${name}`)] : []
  return [
    ...errors,
    ...['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'].flatMap(part => above(part, total, 'status.replicas')),
    ...(counts.availableReplicas !== undefined ? above('availableReplicas', counts.readyReplicas ?? 0, 'readyReplicas') : []),
  ]
}

/** Counted down, a name that was taken once would be tried again. */
export function collisionsOnlyGrow({ collisionCount = 0 }: { collisionCount?: number }, old: { collisionCount?: number }): FieldError[] {
  return collisionCount < (old.collisionCount ?? 0) ? [invalidValue('status.collisionCount', collisionCount, 'cannot be decremented')] : []
}

const isEmptySelector = ({ matchLabels, matchExpressions }: LabelSelector): boolean =>
  Object.keys(matchLabels ?? {}).length === 0 && (matchExpressions ?? []).length === 0
