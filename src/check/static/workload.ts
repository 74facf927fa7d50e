/** The parents of Pods that files bring, seen alike: a template, how many, and how it is replaced. */
import { Deployment } from '../../api/kinds/deployment.ts'
import { PodDisruptionBudget } from '../../api/kinds/pod_disruption_budget.ts'
import { Service } from '../../api/kinds/service.ts'
import { matchesLabelSelector, matchesLabels, parseLabelSelector, type Labels } from '../../api/label_selector.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import type { Container } from '../../api/types/container.ts'
import type { PodSpec } from '../../api/types/pod_spec.ts'
import { templateIn, templatePathOf } from '../template_path.ts'
import type { Path, SourceObject } from './source.ts'

export interface Workload {
  readonly source: SourceObject
  /** `Deployment/web`. */
  readonly name: string
  readonly kind: string
  readonly namespace: string
  readonly replicas: number
  readonly labels: Labels
  readonly spec: PodSpec
  /** Where the spec of its Pods is in the object. */
  readonly specPath: Path
  /** Its Pods shall run for good; those of Jobs shall end. */
  readonly isService: boolean
  readonly deployment: Deployment | undefined
  readonly annotations: Readonly<Record<string, string>>
}

/** Everything else that the files bring. */
export interface Surroundings {
  servicesOf(workload: Workload): readonly { readonly service: Service; readonly source: SourceObject }[]
  budgetsOf(workload: Workload): readonly { readonly budget: PodDisruptionBudget; readonly source: SourceObject }[]
}

export function workloadOf(source: SourceObject): Workload | undefined {
  const { object } = source
  const templatePath = templatePathOf(object)
  const template = templateIn(object) as { metadata?: KubernetesObject['metadata']; spec?: PodSpec } | undefined
  if (!templatePath || !template?.spec) return undefined
  const kind = object.kind!
  const { name = '(unnamed)', namespace = 'default' } = object.metadata
  return {
    source,
    kind,
    name: `${kind}/${name}`,
    namespace,
    replicas: (object as { spec?: { replicas?: number } }).spec?.replicas ?? 1,
    labels: template.metadata?.labels,
    spec: template.spec,
    specPath: [...templatePath, 'spec'],
    isService: kind !== 'Job' && kind !== 'CronJob' && (kind !== 'Pod' || template.spec.restartPolicy === 'Always'),
    deployment: kind === 'Deployment' ? (object as Deployment) : undefined,
    annotations: { ...template.metadata?.annotations, ...object.metadata.annotations },
  }
}

export function surroundingsOf(sources: readonly SourceObject[]): Surroundings {
  const all = <T extends KubernetesObject>(kind: string) =>
    sources.filter(({ object }) => object.kind === kind).map(source => ({ object: source.object as T, source }))
  const services = all<Service>('Service')
  const budgets = all<PodDisruptionBudget>('PodDisruptionBudget')
  const isBeside = (object: KubernetesObject, { namespace }: Workload) => (object.metadata.namespace ?? 'default') === namespace
  return {
    servicesOf: workload =>
      services
        .filter(({ object }) => isBeside(object, workload) && selects(object.spec.selector, workload.labels))
        .map(({ object, source }) => ({ service: object, source })),
    budgetsOf: workload =>
      budgets
        .filter(({ object }) => isBeside(object, workload) && matchesLabelSelector(object.spec.selector, workload.labels))
        .map(({ object, source }) => ({ budget: object, source })),
  }
}

function selects(selector: Readonly<Record<string, string>> | undefined, labels: Labels): boolean {
  const terms = Object.entries(selector ?? {})
  return terms.length > 0 && matchesLabels(parseLabelSelector(terms.map(([key, value]) => `${key}=${value}`).join(',')), labels)
}

export interface PlacedContainer {
  readonly container: Container
  readonly path: Path
}

/** Those that run as long as the Pod does: the regular ones, and sidecars. */
export function lastingContainers({ spec, specPath }: Workload): PlacedContainer[] {
  const regular = spec.containers.map((container, index) => ({ container, path: [...specPath, 'containers', index] }))
  const sidecars = (spec.initContainers ?? [])
    .map((container, index) => ({ container, path: [...specPath, 'initContainers', index] }))
    .filter(({ container }) => container.restartPolicy === 'Always')
  return [...regular, ...sidecars]
}

/** Those a Service sends requests to. */
export function servedContainers(workload: Workload, { servicesOf }: Surroundings): (PlacedContainer & { readonly service: Service })[] {
  return servicesOf(workload).flatMap(({ service }) => {
    const containers = lastingContainers(workload)
    const found = containers.filter(({ container }) => (service.spec.ports ?? []).some(port => hasPort(container, port.targetPort ?? port.port)))
    // Ports need not be declared: then it can only be the first.
    return (found.length > 0 ? found : containers.slice(0, 1)).map(placed => ({ ...placed, service }))
  })
}

export const hasPort = ({ ports = [] }: Container, port: number | string): boolean =>
  ports.some(({ name, containerPort }) => (typeof port === 'string' && !/^\d+$/.test(port) ? name === port : containerPort === Number(port)))
