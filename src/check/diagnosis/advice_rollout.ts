/** What helps a rollout or a drain to leave enough Pods. */
import type { PodDisruptionBudget } from '../../api/kinds/pod_disruption_budget.ts'
import { selectsPod } from '../../api/disruption.ts'
import type { Advice } from '../report.ts'
import { podLabelsOf, selectorOf } from '../workload.ts'
import type { Group } from './group.ts'
import { kindOf, workloadPatch } from './patch.ts'

/** One more first, and only then one less. */
const SURGE = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }

export function addSurge(group: Group): Advice[] {
  const { rollout } = group.scene.observation.change
  if (rollout === 'drain') return budgetAdvice(group)
  if (rollout === 'delete')
    return [
      { text: 'Nothing in a manifest keeps somebody from deleting Pods: evict them (kubectl drain), which asks PodDisruptionBudgets first.' },
      ...budgetAdvice(group),
    ]
  if (rollout === 'scale') return [{ text: `With so few replicas there was none to take over: do not scale below 2.` }]
  return [strategyAdvice(group)]
}

export function keepOneMore(group: Group): Advice[] {
  const { rollout } = group.scene.observation.change
  const kind = kindOf(group)
  if (kind === 'Pod') return [{ text: 'A bare Pod is not replaced before it goes, and not always after: put it into a Deployment with 2 replicas.' }]
  const isRolling = rollout === 'restart' || rollout === 'image'
  if (isRolling && kind === 'Deployment') return [strategyAdvice(group)]
  const patch = workloadPatch(group, { replicas: 2, ...(kind === 'Deployment' && { strategy: SURGE }) })
  return [
    { text: 'Run 2 replicas: while the only one is replaced there is nobody to answer.', ...(patch && kind !== 'DaemonSet' && { patch }) },
    ...(rollout === 'drain' ? budgetAdvice(group) : []),
  ]
}

function strategyAdvice(group: Group): Advice {
  const kind = kindOf(group)
  if (kind === 'Deployment') {
    const patch = workloadPatch(group, { strategy: SURGE })
    return { text: 'Let the rollout start one new Pod, wait until it is Ready, and only then take an old one away.', ...(patch && { patch }) }
  }
  if (kind === 'DaemonSet') {
    const patch = workloadPatch(group, { updateStrategy: SURGE })
    return { text: 'Let the rollout start the new Pod of each node before it takes the old one away.', ...(patch && { patch }) }
  }
  return {
    text: `A ${kind} starts no Pod before the old one of its name is gone: run more replicas, and set minReadySeconds so that it goes on only when each has proved itself.`,
  }
}

function budgetAdvice(group: Group): Advice[] {
  const { workload, observation } = group.scene
  const selector = workload && selectorOf(workload)
  const labels = workload && podLabelsOf(workload)
  const has = observation.objects.some(
    object => object.kind === 'PodDisruptionBudget' && labels && selectsPod(object as PodDisruptionBudget, { metadata: { labels: { ...labels } } }),
  )
  if (!workload || !selector || has)
    return [{ text: 'Let a PodDisruptionBudget allow one disruption at a time, so that a drain waits until the replacement is Ready.' }]
  return [
    {
      text: 'Add a PodDisruptionBudget, so that a drain evicts one Pod at a time and waits until its replacement is Ready.',
      create: { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: workload.metadata.name }, spec: { maxUnavailable: 1, selector } },
    },
  ]
}
