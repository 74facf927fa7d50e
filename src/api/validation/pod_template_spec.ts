/** Templates of Pods: what a Pod shall be, and the labels and annotations it is given. */
import { forbidden, type FieldError } from '../field_error.ts'
import type { PodTemplateSpec } from '../types/pod_template_spec.ts'
import { validateAnnotations, validateLabels } from './metadata.ts'
import { validatePodSpec } from './pod_spec.ts'

export function validatePodTemplateSpec({ metadata, spec }: PodTemplateSpec, path: string): FieldError[] {
  return [
    ...validateLabels(metadata.labels ?? {}, `${path}.labels`),
    ...validateAnnotations(metadata.annotations ?? {}, `${path}.annotations`),
    ...validatePodSpec(spec, `${path}.spec`),
    ...(spec.ephemeralContainers?.length ? [forbidden(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template')] : []),
  ]
}
