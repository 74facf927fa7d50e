/** What is allowed in a parent of Pods and yet hardly meant (behaviour 11.4.5). */
import { deepEqual } from '../deep.ts'
import type { KubernetesObject } from '../meta.ts'
import type { PodTemplateSpec } from '../types/pod_template_spec.ts'
import { dnsLabel } from './names.ts'
import { annotationWarnings, podSpecWarnings } from './pod.ts'

type Workload = KubernetesObject & { readonly spec: { readonly template?: PodTemplateSpec } }

/** About the name when the workload is made; about its template then, and whenever the template changes. */
export function workloadWarnings({ metadata, spec }: Workload, old: Workload | undefined): string[] {
  const { template } = spec
  const problems = old ? [] : dnsLabel(metadata.name ?? '')
  const before = old?.spec.template
  return [
    ...(problems.length > 0
      ? [`metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${problems.join(' ')}]`]
      : []),
    ...(template && !deepEqual(template, before)
      ? [
          ...annotationWarnings(template.metadata.annotations, before?.metadata.annotations, 'spec.template.metadata.annotations'),
          ...podSpecWarnings(template.spec, 'spec.template.spec'),
        ]
      : []),
  ]
}
