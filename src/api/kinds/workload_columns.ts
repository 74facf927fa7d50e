/** Columns that the parents of Pods share; all but the age only with `-o wide`. */
import type { Column } from '../kind.ts'
import { printLabelRequirements, requirementsOf } from '../label_selector.ts'
import type { LabelSelector } from '../types/label_selector.ts'
import type { PodTemplateSpec } from '../types/pod_template_spec.ts'
import { orNone, wideColumn } from './columns.ts'

type Templated = { readonly spec: { readonly template?: PodTemplateSpec } }

export const containersColumn: Column<Templated> = wideColumn('Containers', 'Names of the containers of its Pods.', ({ spec }) =>
  (spec.template?.spec.containers ?? []).map(({ name }) => name).join(','),
)

export const imagesColumn: Column<Templated> = wideColumn('Images', 'Images of the containers of its Pods.', ({ spec }) =>
  (spec.template?.spec.containers ?? []).map(({ image }) => image ?? '').join(','),
)

export const selectorColumn: Column<{ readonly spec: { readonly selector?: LabelSelector } }> = wideColumn('Selector', 'Which Pods are its own.', ({ spec }) =>
  printSelector(spec.selector),
)

export const printSelector = (selector: LabelSelector | undefined): string => (selector ? orNone(printLabelRequirements(requirementsOf(selector))) : '<none>')
