import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, present, type Infer } from '../schema.ts'
import { podTemplateSpec } from '../types/pod_template_spec.ts'
import { validatePodTemplateSpec } from '../validation/pod_template_spec.ts'
import { nameColumn, printLabels, textColumn } from './columns.ts'
import { declareKind } from './declare.ts'
import { setPodSpecDefaults } from './pod_defaults.ts'

const schema = object(
  'io.k8s.api.core.v1.PodTemplate',
  {
    ...objectFields,
    template: present(podTemplateSpec),
  },
  { doc: 'A template of Pods, kept by itself; nothing makes Pods from it unless a controller of your own does.' },
)

export interface PodTemplate extends Infer<typeof schema> {}

export const PodTemplate: Kind<PodTemplate> = declareKind<PodTemplate>({
  kind: 'PodTemplate',
  plural: 'podtemplates',
  namespaced: true,
  schema,
  generation: true,
  setDefaults: ({ template }) => setPodSpecDefaults(template.spec),
  validate: ({ template }) => validatePodTemplateSpec(template, 'template'),
  columns: [
    nameColumn,
    textColumn('Containers', 'Names of the containers.', ({ template }) => template.spec.containers.map(({ name }) => name).join(',')),
    textColumn('Images', 'Images of the containers.', ({ template }) => template.spec.containers.map(({ image }) => image ?? '').join(',')),
    textColumn('Pod Labels', 'Labels of the Pods made from it.', ({ template }) => printLabels(template.metadata.labels)),
  ],
})
