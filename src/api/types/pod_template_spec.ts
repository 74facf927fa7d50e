/** What Pods made from it shall be: part of PodTemplates and of every kind of workload. */
import { objectMeta } from '../meta.ts'
import { object, present, type Infer } from '../schema.ts'
import { podSpec } from './pod_spec.ts'

export const podTemplateSpec = object(
  'io.k8s.api.core.v1.PodTemplateSpec',
  {
    metadata: present(objectMeta),
    spec: present(podSpec),
  },
  { doc: 'What the Pods made from it are like: their labels and annotations, and what they shall be.' },
)

export interface PodTemplateSpec extends Infer<typeof podTemplateSpec> {}
