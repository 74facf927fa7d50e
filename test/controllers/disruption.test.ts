/** PodDisruptionBudgets over a whole cluster in virtual time: what they count, what evictions do to them, what time does (behaviour 12.6, 12.7). */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DaemonSet } from '../../src/api/kinds/daemon_set.ts'
import { Deployment } from '../../src/api/kinds/deployment.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { PodDisruptionBudget } from '../../src/api/kinds/pod_disruption_budget.ts'
import { ReplicaSet } from '../../src/api/kinds/replica_set.ts'
import { podCondition } from '../../src/api/pod.ts'
import { ApiError, isReason } from '../../src/api/status.ts'
import { raceForBudget } from './policy_races.ts'
import { beginSets, breakable, namespace, template, type SetsStory } from './sets.ts'

const selector = { matchLabels: { app: 'web' } }
const budget = (spec: object) => ({ metadata: { name: 'web', namespace }, spec: { selector, ...spec } })
const workload = (replicas: number, of: object = template(), name = 'web') => ({ metadata: { name, namespace }, spec: { replicas, selector, template: of } })

const evict = (story: SetsStory, name: string, more: object = {}) =>
  story.run(story.cluster.client.createSubresource(Pod as never, { namespace, name }, 'eviction', { metadata: { name, namespace }, ...more }))
const refusal = async (eviction: Promise<unknown>): Promise<string> => {
  try {
    await eviction
  } catch (error) {
    if (isReason(error, 'TooManyRequests')) return (error as ApiError).status.details?.causes?.[0]?.message ?? ''
    throw error
  }
  return 'none'
}
const counts = async (story: SetsStory): Promise<string> => {
  const { currentHealthy, desiredHealthy, expectedPods, disruptionsAllowed } = (await story.get(PodDisruptionBudget)).status
  return `${currentHealthy} of ${expectedPods}, ${desiredHealthy} kept, ${disruptionsAllowed} may go`
}
const counted = (story: SetsStory, wanted: string) => story.until(async () => (await counts(story)) === wanted, 60_000)
const conditionOf = async (story: SetsStory) => {
  const { status, reason, message } = (await story.get(PodDisruptionBudget)).status.conditions![0]!
  return `${status} ${reason}${message && `: ${message}`}`
}

describe('a budget follows', () => {
  test('what its Pods are scaled to, through the Deployment, also while that rolls', async () => {
    await using story = await beginSets(1)
    await story.create(PodDisruptionBudget, budget({ maxUnavailable: '25%' }))
    await story.create(Deployment, workload(4))
    await counted(story, '4 of 4, 3 kept, 1 may go')
    assert.equal(await conditionOf(story), 'True SufficientPods')
    await story.patch(Deployment, { spec: { replicas: 8 } })
    await counted(story, '8 of 8, 6 kept, 2 may go')
    const seen = new Set<number>()
    await story.patch(Deployment, { spec: { template: { metadata: { annotations: { again: '1' } } } } })
    await story.until(async () => {
      seen.add((await story.get(PodDisruptionBudget)).status.expectedPods)
      return (await story.list(ReplicaSet)).some(({ spec, status }) => spec.replicas === 8 && status?.readyReplicas === 8 && seen.size > 0)
    })
    assert.deepEqual([...seen], [8], 'two ReplicaSets are one Deployment')
  })

  test('its Pods as they become ready and cease to be', async () => {
    await using story = await beginSets(2)
    await story.create(PodDisruptionBudget, budget({ minAvailable: 2 }))
    await story.create(ReplicaSet, workload(3, breakable()))
    await counted(story, '3 of 3, 2 kept, 1 may go')
    const [first] = await story.pods()
    await story.breakPod(first!.metadata.name!)
    await counted(story, '2 of 3, 2 kept, 0 may go')
    assert.equal(await conditionOf(story), 'False InsufficientPods')
    await story.mendPod(first!.metadata.name!)
    await counted(story, '3 of 3, 2 kept, 1 may go')
  })

  test('its own change: observedGeneration says up to which', async () => {
    await using story = await beginSets(3)
    await story.create(ReplicaSet, workload(3))
    await story.create(PodDisruptionBudget, budget({ minAvailable: '100%' }))
    await counted(story, '3 of 3, 3 kept, 0 may go')
    await story.patch(PodDisruptionBudget, { spec: { minAvailable: '34%' } })
    await counted(story, '3 of 3, 2 kept, 1 may go')
    const { metadata, status } = await story.get(PodDisruptionBudget)
    assert.deepEqual([metadata.generation, status.observedGeneration], [2, 2])
  })
})

describe('a budget that cannot be counted', () => {
  test('says which controller has no scale, and lets no Pod go', async () => {
    await using story = await beginSets(4)
    await story.create(DaemonSet, { metadata: { name: 'web', namespace }, spec: { selector, template: template() } })
    await story.create(PodDisruptionBudget, budget({ maxUnavailable: 1 }))
    await story.until(async () => (await story.shown()).some(line => line.endsWith('ready')))
    await story.cluster.advance(100)
    assert.equal(await conditionOf(story), 'False SyncFailed: daemonsets.apps does not implement the scale subresource')
    assert.ok(
      (await story.said('CalculateExpectedPodCountFailed')).includes(
        'Failed to calculate the number of expected pods: daemonsets.apps does not implement the scale subresource',
      ),
    )
    const [pod] = await story.pods()
    // It was never counted, so nobody has observed it either.
    assert.equal(await refusal(evict(story, pod!.metadata.name!)), 'The disruption budget web is still being processed by the server.')
    await story.patch(PodDisruptionBudget, { spec: { maxUnavailable: null, minAvailable: 0 } })
    await counted(story, '1 of 1, 0 kept, 1 may go')
  })

  test('warns of Pods that nobody controls, and of Pods that are not there', async () => {
    await using story = await beginSets(5)
    await story.create(PodDisruptionBudget, budget({ minAvailable: '50%' }))
    await story.cluster.advance(100)
    assert.deepEqual([...new Set(await story.said('NoPods'))], ['No matching pods found'])
    await story.create(Pod, { ...template(), metadata: { name: 'alone', namespace, labels: { app: 'web' } } })
    await story.cluster.advance(100)
    assert.match(
      (await story.said('UnmanagedPods'))[0]!,
      /^Pods selected by this PodDisruptionBudget \(selector: &LabelSelector\{MatchLabels:map\[string\]string\{app: web,\},MatchExpressions:\[\]LabelSelectorRequirement\{\},\}\) were found to be unmanaged\./,
    )
    assert.equal(await counts(story), '0 of 0, 0 kept, 0 may go')
  })
})

describe('evictions', () => {
  test('go one by one: the next may go when the one before has a successor', async () => {
    await using story = await beginSets(6)
    await story.create(PodDisruptionBudget, budget({ maxUnavailable: 1 }))
    await story.create(ReplicaSet, workload(3))
    await counted(story, '3 of 3, 2 kept, 1 may go')
    const [first, second] = await story.pods()
    await evict(story, first!.metadata.name!)
    await story.cluster.advance(100)
    assert.equal(await refusal(evict(story, second!.metadata.name!)), 'The disruption budget web needs 2 healthy pods and has 2 currently')
    await counted(story, '3 of 3, 2 kept, 1 may go')
    assert.equal((await story.get(PodDisruptionBudget)).status.disruptedPods, undefined)
    assert.equal(await refusal(evict(story, second!.metadata.name!)), 'none')
  })

  test('that were let through and did not come are given up after two minutes, with the reason in the Pod', async () => {
    await using story = await beginSets(7)
    await story.create(PodDisruptionBudget, budget({ minAvailable: 1 }))
    await story.create(ReplicaSet, workload(2))
    await counted(story, '2 of 2, 1 kept, 1 may go')
    const [pod] = await story.pods()
    const name = pod!.metadata.name!
    // The server writes down whom it lets go, and is gone before it does.
    const at = new Date(Date.UTC(2026, 0, 1) + Math.floor(story.cluster.world.now() / 1000) * 1000).toISOString().replace('.000Z', 'Z')
    await story.patch(PodDisruptionBudget, { status: { disruptionsAllowed: 0, disruptedPods: { [name]: at } } }, 'web', 'status')
    const target = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting', lastTransitionTime: at }
    await story.patch(Pod, { status: { conditions: [target] } }, name, 'status')
    await counted(story, '1 of 2, 1 kept, 0 may go')

    const endMs = Date.parse(at) - Date.UTC(2026, 0, 1) + 120_000
    await story.cluster.advance(endMs - 50 - story.cluster.world.now())
    assert.equal(await counts(story), '1 of 2, 1 kept, 0 may go')
    assert.equal(podCondition(await story.get(Pod, name), 'DisruptionTarget')?.status, 'True')
    await story.cluster.advance(100)
    assert.equal(await counts(story), '2 of 2, 1 kept, 1 may go')
    assert.deepEqual(await story.said('NotDeleted'), [`Pod was expected by PDB default/web to be deleted but it wasn't`])
    const { status, reason, message } = podCondition(await story.get(Pod, name), 'DisruptionTarget')!
    assert.deepEqual([status, reason, message], ['False', undefined, undefined])
  })

  test('of Pods that are not ready go through while enough others are ready, or always where the budget says so', async () => {
    await using story = await beginSets(8)
    await story.create(PodDisruptionBudget, budget({ minAvailable: 2 }))
    await story.create(ReplicaSet, workload(2, breakable()))
    await counted(story, '2 of 2, 2 kept, 0 may go')
    const [first] = await story.pods()
    const name = first!.metadata.name!
    await story.breakPod(name)
    await counted(story, '1 of 2, 2 kept, 0 may go')
    assert.equal(await refusal(evict(story, name)), 'The disruption budget web needs 2 healthy pods and has 1 currently')
    await story.patch(PodDisruptionBudget, { spec: { unhealthyPodEvictionPolicy: 'AlwaysAllow' } })
    assert.equal(await refusal(evict(story, name)), 'none')
  })
})

test('whoever evicts at the same time, never are fewer Pods ready than the budget keeps', async () => {
  for (const seed of ['a', 'b']) await raceForBudget(seed)
})
