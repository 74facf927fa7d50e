/** The conformance tests of the DisruptionController, in virtual time. docs/conformance_workloads.md lists them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Namespace } from '../../src/api/kinds/namespace.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { PodDisruptionBudget } from '../../src/api/kinds/pod_disruption_budget.ts'
import { ReplicaSet } from '../../src/api/kinds/replica_set.ts'
import { ApiError, isReason } from '../../src/api/status.ts'
import { beginSets, namespace, template, type SetsStory } from './sets.ts'

const selector = { matchLabels: { app: 'web' } }
const budget = (minAvailable: number | string, name = 'foo', where = namespace, labels = {}) => ({
  metadata: { name, namespace: where, labels },
  spec: { selector, minAvailable },
})
const processed = (story: SetsStory, name = 'foo') =>
  story.until(async () => {
    const { metadata, status } = await story.get(PodDisruptionBudget, name)
    return status.observedGeneration === metadata.generation
  })
const runPods = async (story: SetsStory, count: number) => {
  for (let index = 0; index < count; index++)
    await story.create(Pod, { metadata: { name: `rand-${index}`, namespace, labels: { app: 'web' } }, spec: template().spec })
  await story.until(async () => (await story.shown()).filter(line => line.endsWith('ready')).length === count)
}
const evict = (story: SetsStory, name: string) =>
  story.run(story.cluster.client.createSubresource(Pod as never, { namespace, name }, 'eviction', { metadata: { name, namespace } }))

test('should create a PodDisruptionBudget', async () => {
  await using story = await beginSets(1)
  const { client } = story.cluster
  await story.create(PodDisruptionBudget, budget('1%'))
  assert.equal((await story.list(PodDisruptionBudget)).length, 1)
  await processed(story)
  const current = await story.get(PodDisruptionBudget, 'foo')
  const updated = await story.run(client.update(PodDisruptionBudget, { ...current, spec: { ...current.spec, minAvailable: '2%' } }))
  assert.equal(updated.spec.minAvailable, '2%')
  await processed(story)
  assert.equal((await story.patch(PodDisruptionBudget, { spec: { minAvailable: '3%' } }, 'foo')).spec.minAvailable, '3%')
  await processed(story)
  await story.remove(PodDisruptionBudget as never, 'foo')
  assert.equal(await story.find(PodDisruptionBudget, 'foo'), undefined)
})

test('should observe PodDisruptionBudget status updated', async () => {
  await using story = await beginSets(2)
  await story.create(PodDisruptionBudget, budget(1))
  await runPods(story, 3)
  await story.until(async () => (await story.get(PodDisruptionBudget, 'foo')).status.disruptionsAllowed > 0)
})

test('should update/patch PodDisruptionBudget status', async () => {
  await using story = await beginSets(3)
  const { client } = story.cluster
  const seen: PodDisruptionBudget[] = []
  client.watch(PodDisruptionBudget, { namespace }, { event: ({ object }) => void seen.push(object as PodDisruptionBudget), ended: () => undefined })
  await story.create(PodDisruptionBudget, budget(1))
  await runPods(story, 1)
  await processed(story)
  const current = await story.get(PodDisruptionBudget, 'foo')
  const updated = await story.run(
    client.updateStatus(PodDisruptionBudget, { ...current, status: { ...current.status, disruptedPods: { 'rand-0': '2026-01-01T00:00:00Z' } } }),
  )
  assert.deepEqual(updated.status.disruptedPods, { 'rand-0': '2026-01-01T00:00:00Z' })
  await story.run(
    client.patch(
      PodDisruptionBudget,
      { namespace, name: 'foo' },
      { type: 'merge', body: { status: { disruptedPods: null, currentHealthy: 7 } } },
      { subresource: 'status' },
    ),
  )
  await story.cluster.advance(100)
  assert.ok(seen.some(({ status }) => status.disruptedPods?.['rand-0'] !== undefined))
  assert.ok(seen.some(({ status }) => status.disruptedPods === undefined && status.currentHealthy === 7))
})

test('should block an eviction until the PDB is updated to allow it', async () => {
  await using story = await beginSets(4)
  await story.create(ReplicaSet, { metadata: { name: 'rs', namespace }, spec: { replicas: 3, selector, template: template() } })
  await story.until(async () => (await story.get(ReplicaSet, 'rs')).status?.readyReplicas === 3)
  await story.create(PodDisruptionBudget, budget(3))
  await processed(story)
  const [first] = await story.pods()
  const name = first!.metadata.name!
  await assert.rejects(evict(story, name), (error: unknown) => {
    assert.ok(isReason(error, 'TooManyRequests'))
    assert.deepEqual((error as ApiError).status.details?.causes, [
      { reason: 'DisruptionBudget', message: 'The disruption budget foo needs 3 healthy pods and has 3 currently' },
    ])
    return true
  })
  await story.patch(PodDisruptionBudget, { spec: { minAvailable: 2 } }, 'foo')
  await processed(story)
  await evict(story, name)
  await story.until(async () => (await story.find(Pod, name)) === undefined)
})

test('Listing PodDisruptionBudgets for all namespaces should list and delete a collection of PodDisruptionBudgets', async () => {
  await using story = await beginSets(5)
  const { client } = story.cluster
  await story.create(Namespace, { metadata: { name: 'disruption-2' } })
  const labels = { list: 'all' }
  await story.create(PodDisruptionBudget, budget(1, 'foo', namespace, labels))
  await story.create(PodDisruptionBudget, budget('50%', 'foo2', namespace, labels))
  await story.create(PodDisruptionBudget, budget(1, 'foo3', 'disruption-2', labels))
  const everywhere = async () =>
    (await story.run(client.list(PodDisruptionBudget, { labelSelector: 'list=all' }))).items
      .map(({ metadata }) => metadata.name ?? '')
      .sort((a, b) => (a < b ? -1 : 1))
  assert.deepEqual(await everywhere(), ['foo', 'foo2', 'foo3'])
  await story.run(
    client.request({ method: 'DELETE', path: `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`, query: { labelSelector: 'list=all' } }),
  )
  assert.deepEqual(await everywhere(), ['foo3'])
})
