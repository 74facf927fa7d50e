/** Patches as kubectl takes them, against the workload that was rolled. */
import type { Advice } from '../report.ts'
import type { Group } from './group.ts'

export type Patch = NonNullable<Advice['patch']>

/** Of the Pods' spec, wherever the workload keeps it. `more` is of the workload's own spec. Undefined for what no rollout replaces. */
export function podPatch({ scene }: Group, podSpec: object, more: object = {}): Patch | undefined {
  const target = targetOf(scene.observation.change.workload)
  if (!target) return undefined
  return { ...target, type: 'strategic', body: { spec: target.kind === 'Pod' ? podSpec : { ...more, template: { spec: podSpec } } } }
}

export function containerPatch(group: Group, change: object, podSpec: object = {}, more: object = {}): Patch | undefined {
  return group.container && podPatch(group, { ...podSpec, containers: [{ name: group.container.name, ...change }] }, more)
}

/** Of the workload's own spec: replicas, strategy. */
export function workloadPatch({ scene }: Group, spec: object): Patch | undefined {
  const target = targetOf(scene.observation.change.workload)
  return target && target.kind !== 'Pod' ? { ...target, type: 'strategic', body: { spec } } : undefined
}

function targetOf(workload: string): { kind: string; name: string } | undefined {
  const [kind, name] = workload.split('/')
  return kind && name ? { kind, name } : undefined
}

export const kindOf = ({ scene }: Group): string => scene.observation.change.workload.split('/')[0] ?? ''
