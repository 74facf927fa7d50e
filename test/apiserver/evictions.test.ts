/** POST pods/<name>/eviction against PodDisruptionBudgets: what is refused, in which words, and what an eviction costs. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { stampResourceVersion } from '../../src/apiserver/api_server.ts'
import { createMemoryStore } from '../../src/store/memory_store.ts'
import type { Store, Write } from '../../src/store/store.ts'
import { podNamed, PODS, startServer, type Harness } from './harness.ts'

const BUDGETS = '/apis/policy/v1/namespaces/default/poddisruptionbudgets'
const labels = { app: 'web' }

/** A Pod as a kubelet would report it. */
async function running(server: Harness, name: string, { ready = true, phase = 'Running', more = {} }: { ready?: boolean; phase?: string; more?: object } = {}) {
  await server.post(PODS, podNamed(name, { metadata: { name, labels, ...more } }))
  await server.post(`${PODS}/${name}/binding`, { target: { kind: 'Node', name: 'node-a' } })
  await server.patch(`${PODS}/${name}/status`, 'merge', { status: { phase, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] } })
}
async function budgeted(server: Harness, status: object, spec: object = { minAvailable: 2 }, name = 'b') {
  await server.post(BUDGETS, { metadata: { name }, spec: { selector: { matchLabels: labels }, ...spec } })
  const counts = { currentHealthy: 2, desiredHealthy: 2, expectedPods: 2, disruptionsAllowed: 0, observedGeneration: 1, ...status }
  assert.equal((await server.patch(`${BUDGETS}/${name}/status`, 'merge', { status: counts })).status, 200)
}
const evict = (server: Harness, name: string, more: object = {}) =>
  server.post(`${PODS}/${name}/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name }, ...more })
const isGoing = async (server: Harness, name: string) => (await server.get(`${PODS}/${name}`)).json.metadata.deletionTimestamp !== undefined
const budgetOf = async (server: Harness) => (await server.get(`${BUDGETS}/b`)).json.status

describe('an eviction that a budget has a say in', () => {
  test('is refused with 429 and the numbers when none is left; it may be asked again at any time', async () => {
    const server = await startServer()
    await running(server, 'a')
    await budgeted(server, {})
    const { status, json, headers } = await evict(server, 'a')
    assert.equal(status, 429)
    assert.deepEqual(
      [json.status, json.reason, json.message],
      ['Failure', 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget."],
    )
    assert.deepEqual(json.details.causes, [{ reason: 'DisruptionBudget', message: 'The disruption budget b needs 2 healthy pods and has 2 currently' }])
    assert.equal(headers['retry-after'], undefined)
    assert.equal(await isGoing(server, 'a'), false)
    assert.deepEqual(
      (await server.get(`${PODS}/a`)).json.status.conditions.map(({ type }: any) => type),
      ['Ready'],
      'and nothing is written',
    )
  })

  test('is refused for ten seconds while the budget was changed and nobody has counted since', async () => {
    const server = await startServer()
    await running(server, 'a')
    await budgeted(server, { disruptionsAllowed: 1, observedGeneration: 0 })
    const { status, json, headers } = await evict(server, 'a')
    assert.deepEqual([status, headers['retry-after'], json.details.retryAfterSeconds], [429, '10', 10])
    assert.deepEqual(json.details.causes, [{ reason: 'DisruptionBudget', message: 'The disruption budget b is still being processed by the server.' }])
  })

  test('is refused with the reason when the controller could not count', async () => {
    const server = await startServer()
    await running(server, 'a')
    const conditions = [{ type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message: 'because', lastTransitionTime: '2026-01-01T00:00:00Z' }]
    await budgeted(server, { conditions })
    assert.equal(
      (await evict(server, 'a')).json.details.causes[0].message,
      'The disruption budget b does not allow evicting pods currently because it failed sync: because',
    )
  })

  test('is answered with 500 when the Pod has two budgets', async () => {
    const server = await startServer()
    await running(server, 'a')
    await budgeted(server, { disruptionsAllowed: 1 })
    await budgeted(server, { disruptionsAllowed: 1 }, {}, 'c')
    const { status, json } = await evict(server, 'a')
    assert.deepEqual([status, json.message], [500, 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.'])
  })

  test('takes one allowance, notes which Pod goes, and says so when it was the last', async () => {
    const server = await startServer()
    await running(server, 'a')
    await running(server, 'c')
    await budgeted(server, { currentHealthy: 4, disruptionsAllowed: 2 })
    assert.equal((await evict(server, 'a')).status, 201)
    assert.equal(await isGoing(server, 'a'), true)
    const first = await budgetOf(server)
    assert.deepEqual([first.disruptionsAllowed, first.disruptedPods, first.conditions], [1, { a: '2026-01-01T00:00:00Z' }, undefined])
    await evict(server, 'c')
    const second = await budgetOf(server)
    assert.deepEqual([second.disruptionsAllowed, Object.keys(second.disruptedPods)], [0, ['a', 'c']])
    assert.deepEqual([second.conditions[0].status, second.conditions[0].reason], ['False', 'InsufficientPods'])
  })

  test('as a dry run is refused alike, and costs nothing', async () => {
    const server = await startServer()
    await running(server, 'a')
    await budgeted(server, { disruptionsAllowed: 1 })
    const dry = { deleteOptions: { dryRun: ['All'] } }
    assert.equal((await evict(server, 'a', dry)).status, 201)
    assert.equal((await server.post(`${PODS}/a/eviction?dryRun=All`, { metadata: { name: 'a' } })).status, 201)
    assert.equal(await isGoing(server, 'a'), false)
    const status = await budgetOf(server)
    assert.deepEqual([status.disruptionsAllowed, status.disruptedPods], [1, undefined])
    await server.patch(`${BUDGETS}/b/status`, 'merge', { status: { disruptionsAllowed: 0 } })
    assert.equal((await evict(server, 'a', dry)).status, 429)
  })

  test('that misses its precondition costs nothing', async () => {
    const server = await startServer()
    await running(server, 'a')
    await budgeted(server, { disruptionsAllowed: 1 })
    assert.equal((await evict(server, 'a', { deleteOptions: { preconditions: { uid: 'another' } } })).status, 409)
    assert.equal((await evict(server, 'a', { deleteOptions: { preconditions: { resourceVersion: '1' } } })).status, 409)
    assert.equal((await budgetOf(server)).disruptionsAllowed, 1)
  })
})

describe('an eviction that no budget stops', () => {
  for (const [what, pod] of [
    ['a Pod that has not started', { phase: 'Pending', ready: false }],
    ['a Pod that has finished', { phase: 'Succeeded', ready: false }],
    ['a Pod that has failed', { phase: 'Failed', ready: false }],
    ['a Pod without labels', { more: { labels: {} } }],
    ['a Pod of other labels', { more: { labels: { app: 'other' } } }],
  ] as const)
    test(what, async () => {
      const server = await startServer()
      await running(server, 'a', pod)
      await budgeted(server, {}, { minAvailable: 2, ...(what === 'a Pod without labels' && { selector: {} }) })
      assert.equal((await evict(server, 'a')).status, 201)
      assert.equal((await budgetOf(server)).disruptedPods, undefined)
    })

  test('a Pod that is being deleted already', async () => {
    const server = await startServer()
    await running(server, 'a')
    await budgeted(server, {})
    await server.delete(`${PODS}/a`)
    assert.equal((await evict(server, 'a')).status, 201)
  })

  test('a Pod that is not ready, while enough others are', async () => {
    const server = await startServer()
    await running(server, 'a', { ready: false })
    await budgeted(server, { currentHealthy: 2, desiredHealthy: 2 })
    assert.equal((await evict(server, 'a')).status, 201)
    assert.equal((await budgetOf(server)).disruptedPods, undefined, 'it did not count, so nothing is counted down')
  })

  test('a Pod that is not ready, while too few are: only where the budget lets such Pods always go', async () => {
    const server = await startServer()
    await running(server, 'a', { ready: false })
    await budgeted(server, { currentHealthy: 1, desiredHealthy: 2 })
    assert.equal((await evict(server, 'a')).status, 429)
    await server.patch(`${BUDGETS}/b`, 'merge', { spec: { unhealthyPodEvictionPolicy: 'AlwaysAllow' } })
    assert.equal((await evict(server, 'a')).status, 201)
  })

  test('a Pod that is not ready, under a budget that wants none: it is not to go while nothing is counted', async () => {
    const server = await startServer()
    await running(server, 'a', { ready: false })
    await budgeted(server, { currentHealthy: 0, desiredHealthy: 0 })
    assert.equal((await evict(server, 'a')).status, 429)
  })
})

test('an eviction says how to delete as a DELETE does, and is refused alike', async () => {
  const server = await startServer()
  await running(server, 'a')
  const refusal = async (deleteOptions: object) => (await evict(server, 'a', { deleteOptions })).json.message
  assert.equal(
    await refusal({ propagationPolicy: 'Sideways' }),
    'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Sideways": supported values: "Background", "Foreground", "Orphan", "nil"',
  )
  assert.match(await refusal({ dryRun: ['Some'] }), /^DeleteOptions\.meta\.k8s\.io "" is invalid: dryRun: Unsupported value: "Some"/)
  assert.equal(await isGoing(server, 'a'), false)
  await evict(server, 'a', { deleteOptions: { orphanDependents: true } })
  assert.deepEqual((await server.get(`${PODS}/a`)).json.metadata.finalizers, ['orphan'])
})

test('an eviction may be asked for in the former version of its group, as older clients do', async () => {
  const server = await startServer()
  await running(server, 'a')
  assert.match((await evict(server, 'a', { apiVersion: 'policy/v1alpha1' })).json.message, /^the API version in the data \(policy\/v1alpha1\) does not match/)
  assert.equal((await evict(server, 'a', { apiVersion: 'policy/v1beta1' })).status, 201)
  assert.equal(await isGoing(server, 'a'), true)
})

test('of many evictions at once no more go through than the budget allows', async () => {
  for (const allowed of [0, 1, 7]) {
    const server = await startServer()
    const names = Array.from({ length: 30 }, (_, index) => `p${index}`)
    for (const name of names) await running(server, name)
    await budgeted(server, { currentHealthy: 30, desiredHealthy: 30 - allowed, disruptionsAllowed: allowed })
    const answers = await Promise.all(names.map(name => evict(server, name)))
    assert.deepEqual(
      [answers.filter(({ status }) => status === 201).length, answers.filter(({ status }) => status === 429).length],
      [allowed, names.length - allowed],
    )
    const status = await budgetOf(server)
    assert.deepEqual([status.disruptionsAllowed, Object.keys(status.disruptedPods ?? {}).length], [0, allowed])
    const going = await Promise.all(names.map(name => isGoing(server, name)))
    assert.equal(going.filter(Boolean).length, allowed)
  }
})

test('an eviction does not take the Pod that has come in the place of the one it was let through for', async () => {
  const inner = createMemoryStore({ stamp: stampResourceVersion })
  let replaced: Promise<void> | undefined
  const store: Store = Object.assign(Object.create(inner) as Store, {
    async commit(writes: readonly Write[]) {
      const done = await inner.commit(writes)
      if (writes.length === 2) await (replaced ??= replace())
      return done
    },
  })
  const server = await startServer({ store })
  await running(server, 'a')
  await budgeted(server, { disruptionsAllowed: 1 })
  const replace = async () => {
    await server.delete(`${PODS}/a`, { gracePeriodSeconds: 0 })
    await running(server, 'a')
  }
  const { status } = await evict(server, 'a')
  assert.ok(replaced)
  assert.equal(status, 429, 'the one allowance is used up')
  assert.equal(await isGoing(server, 'a'), false)
})
