/**
 * Keeps the status of PodDisruptionBudgets, which says how many more Pods may be evicted now. The API server counts each
 * eviction down in that same status, and a status made from an older version is refused: so no allowance is given twice.
 *
 *   watch PodDisruptionBudget, Pod, workloads ─▶ planBudget ─▶ status │ nothing certain: no evictions, and why
 */
import { deepEqual } from '../../api/deep.ts'
import { selectsPod } from '../../api/disruption.ts'
import type { Kind } from '../../api/kind.ts'
import { Pod } from '../../api/kinds/pod.ts'
import { PodDisruptionBudget } from '../../api/kinds/pod_disruption_budget.ts'
import { controllerOf, keyOf, type KubernetesObject, type ObjectKey } from '../../api/meta.ts'
import { isReady } from '../../api/pod.ts'
import { isReason } from '../../api/status.ts'
import type { LabelSelector } from '../../api/types/label_selector.ts'
import type { Host } from '../../base/host.ts'
import type { CacheChange } from '../../client/cache.ts'
import { indexBy } from '../../client/cache_index.ts'
import type { CacheOf } from '../../client/caches.ts'
import type { Client } from '../../client/client.ts'
import { settled, startController, watches } from '../../client/controller.ts'
import type { EventRecorder } from '../../client/event_recorder.ts'
import { createScaleOf, expectedPodsOf } from './expected_pods.ts'
import { planBudget } from './plan_budget.ts'

export interface DisruptionParts {
  /** Every kind the server knows: those with a scale say how many Pods they want. */
  readonly kinds: readonly Kind[]
  readonly cacheOf: CacheOf
  readonly events: EventRecorder
}

export function startDisruptionController(host: Host, client: Client, { kinds, cacheOf, events }: DisruptionParts) {
  const budgets = cacheOf(PodDisruptionBudget)
  const pods = cacheOf(Pod)
  const scalable = kinds.filter(({ scale }) => scale !== undefined)
  const scaleOf = createScaleOf(kinds, (kind, key) => cacheOf(kind).get(key))
  const podsByNamespace = indexBy(pods, byNamespace)
  const budgetsByNamespace = indexBy(budgets, byNamespace)
  const podsOf = (budget: PodDisruptionBudget): Pod[] => podsByNamespace.find(budget.metadata.namespace ?? '').filter(pod => selectsPod(budget, pod))

  const controller = startController(host, client, {
    name: 'disruption',
    sources: [
      watches(PodDisruptionBudget, budgets),
      watches(Pod, pods, change => budgetsOf(budgetsByNamespace.find(change.key.namespace), change)),
      ...scalable.map(kind =>
        watches(kind, cacheOf(kind), change => (concernsScale(kind, change) ? budgetsByNamespace.find(change.key.namespace).map(keyOf) : [])),
      ),
    ],
    async reconcile(key, api) {
      const budget = budgets.get(key)
      if (!budget) return settled
      const selected = podsOf(budget)
      if (selected.length === 0) events.normal(budget, 'NoPods', 'No matching pods found')
      const plan = planBudget(budget, selected, () => expectedPodsOf(selected, scaleOf), host.clock.wall())
      if (plan.is === 'failed') events.warning(budget, 'CalculateExpectedPodCountFailed', `Failed to calculate the number of expected pods: ${plan.why}`)
      else {
        if (plan.unmanaged.length > 0) events.warning(budget, 'UnmanagedPods', unmanagedMessage(budget))
        for (const pod of plan.notDeleted) events.warning(pod, 'NotDeleted', `Pod was expected by PDB ${key.namespace}/${key.name} to be deleted but it wasn't`)
      }
      await writeStatus(api, budget, plan.status)
      return plan.is === 'counted' && plan.againInMs !== undefined ? { again: plan.againInMs } : settled
    },
  })
  return {
    async stop() {
      podsByNamespace.stop()
      budgetsByNamespace.stop()
      await controller.stop()
    },
  }
}

async function writeStatus(api: Client, budget: PodDisruptionBudget, status: PodDisruptionBudget['status']): Promise<void> {
  if (deepEqual(status, budget.status)) return
  try {
    // With the version it was read at: an eviction counted meanwhile is not undone.
    await api.updateStatus(PodDisruptionBudget, { ...budget, status })
  } catch (error) {
    // The newer version comes by the watch, and with it another look.
    if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
  }
}

const byNamespace = ({ metadata }: KubernetesObject): string[] => [metadata.namespace ?? '']

/** Those that select the Pod as it is, or as it was, when there is something to count anew. */
function budgetsOf(budgets: readonly PodDisruptionBudget[], change: CacheChange<Pod>): ObjectKey[] {
  if (budgets.length === 0 || !concernsHealth(change)) return []
  const { object, previous } = change
  return budgets.filter(budget => [object, previous].some(pod => pod && selectsPod(budget, pod))).map(keyOf)
}

/** A Pod's status changes all the time, and seldom what is counted. */
const concernsHealth = ({ object, previous }: CacheChange<Pod>): boolean => !deepEqual(countedOf(object), countedOf(previous))

const countedOf = (pod: Pod | undefined): unknown =>
  pod && [pod.metadata.uid, pod.metadata.labels, pod.metadata.deletionTimestamp, controllerOf(pod)?.uid, isReady(pod)]

const concernsScale = (kind: Kind, { object, previous }: CacheChange<KubernetesObject>): boolean => !deepEqual(scaleIn(kind, object), scaleIn(kind, previous))

const scaleIn = (kind: Kind, workload: KubernetesObject | undefined): unknown =>
  workload && [workload.metadata.uid, controllerOf(workload)?.uid, kind.scale?.wanted(workload)]

const unmanagedMessage = ({ spec }: PodDisruptionBudget): string =>
  `Pods selected by this PodDisruptionBudget (selector: ${printSelector(spec.selector)}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`

/** As Go prints it. */
function printSelector(selector: LabelSelector | undefined): string {
  if (!selector) return 'nil'
  const { matchLabels = {}, matchExpressions = [] } = selector
  const labels = Object.keys(matchLabels)
    .sort()
    .map(key => `${key}: ${matchLabels[key]},`)
  const expressions = matchExpressions.map(
    ({ key, operator, values = [] }) => `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  )
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`
}
