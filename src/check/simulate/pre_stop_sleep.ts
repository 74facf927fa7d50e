/** A workload as it would be with a preStop sleep: for the search of the shortest one, and as a patch for kubectl. */
import type { Service } from '../../api/kinds/service.ts'
import type { Advice } from '../report.ts'
import type { CheckPlan } from '../plan_check.ts'
import { changeTemplate, templateOf, type DraftContainer, type DraftTemplate } from './pod_templates.ts'

const DEFAULT_GRACE_SECONDS = 30
/** What must be left of the grace for the program itself. */
const GRACE_LEFT_SECONDS = 10

/** In place of the hooks the containers have. Zero: without any. */
export function withPreStopSleep(plan: CheckPlan, seconds: number): CheckPlan {
  const names = new Set(servingContainers(plan))
  return {
    ...plan,
    objects: plan.objects.map(manifest => {
      if (manifest.kind.kind !== plan.workload.kind || manifest.written.metadata.name !== plan.workload.name) return manifest
      return changeTemplate(manifest, ({ spec }) => {
        for (const container of spec.containers) {
          if (!names.has(container.name)) continue
          const { preStop: _before, ...others } = container.lifecycle ?? {}
          container.lifecycle = { ...others, ...(seconds > 0 && { preStop: { sleep: { seconds } } }) }
        }
        const grace = graceFor(spec, seconds)
        if (grace !== undefined) spec.terminationGracePeriodSeconds = grace
      })
    }),
  }
}

/** Those that the Service leads to, by their names. */
export function servingContainers(plan: CheckPlan): string[] {
  const { containers } = templateOfWorkload(plan).spec
  const service = plan.objects.find(({ kind, written }) => kind.kind === 'Service' && written.metadata.name === plan.entrance.service)?.object as
    | Service
    | undefined
  const port = service?.spec.ports?.find(each => each.port === plan.entrance.port)
  const wanted = port?.targetPort ?? plan.entrance.port
  const found = containers.filter(({ ports = [] }) => ports.some(({ name, containerPort }) => name === wanted || containerPort === Number(wanted)))
  // Ports need not be declared: then it can only be the first.
  return (found.length > 0 ? found : containers.slice(0, 1)).map(({ name }) => name)
}

/** Undefined where nobody could apply it: a Pod's hooks cannot be changed. */
export function sleepPatch(plan: CheckPlan, seconds: number): Advice['patch'] {
  const { kind, name } = plan.workload
  if (kind === 'Pod') return undefined
  const { spec } = templateOfWorkload(plan)
  const names = new Set(servingContainers(plan))
  const grace = graceFor(spec, seconds)
  const containers = spec.containers
    .filter(container => names.has(container.name))
    .map(container => ({ name: container.name, lifecycle: { preStop: { ...withoutOthers(container), sleep: { seconds } } } }))
  return {
    kind,
    name,
    type: 'strategic',
    body: { spec: { template: { spec: { containers, ...(grace !== undefined && { terminationGracePeriodSeconds: grace }) } } } },
  }
}

/** A hook has one action: what it did is taken out by name. */
const withoutOthers = ({ lifecycle }: DraftContainer): object => (lifecycle?.preStop?.exec ? { exec: null } : {})

/** Undefined: it is long enough. */
function graceFor({ terminationGracePeriodSeconds: grace = DEFAULT_GRACE_SECONDS }: DraftTemplate['spec'], seconds: number): number | undefined {
  return seconds + GRACE_LEFT_SECONDS > grace ? seconds + Math.max(GRACE_LEFT_SECONDS, grace) : undefined
}

function templateOfWorkload({ objects, workload }: CheckPlan): DraftTemplate {
  const found = objects.find(({ kind, written }) => kind.kind === workload.kind && written.metadata.name === workload.name)
  const template = found && templateOf(found.object)
  if (!template) throw new Error(`${workload.kind}/${workload.name} has no template`)
  return template
}
