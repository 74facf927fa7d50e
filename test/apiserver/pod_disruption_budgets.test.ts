/** PodDisruptionBudgets as objects: what is refused, what a patch does, what the table shows. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startServer } from './harness.ts'

const BUDGETS = '/apis/policy/v1/namespaces/default/poddisruptionbudgets'
const budget = (spec: object, name = 'b') => ({ metadata: { name }, spec })
const selector = { matchLabels: { app: 'web' } }

describe('a PodDisruptionBudget', () => {
  test('begins with a status of zeros and generation 1, whatever was sent', async () => {
    const server = await startServer()
    const { status, json } = await server.post(BUDGETS, { ...budget({ minAvailable: '50%', selector }), status: { disruptionsAllowed: 9 } })
    assert.equal(status, 201)
    assert.deepEqual(json.status, { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 })
    assert.equal(json.metadata.generation, 1)
    assert.deepEqual(json.spec, { minAvailable: '50%', selector })
  })

  test('is refused with what is wrong, in the words of Kubernetes', async () => {
    const server = await startServer()
    const refusal = async (spec: object) => (await server.post(BUDGETS, budget(spec))).json.message
    assert.equal(
      await refusal({ minAvailable: 1, maxUnavailable: '20%', selector }),
      'PodDisruptionBudget.policy "b" is invalid: spec: Invalid value: {"MinAvailable":1,"Selector":{"matchLabels":{"app":"web"}},"MaxUnavailable":"20%","UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
    )
    assert.equal(
      await refusal({ maxUnavailable: -1 }),
      'PodDisruptionBudget.policy "b" is invalid: spec.maxUnavailable: Invalid value: -1: must be greater than or equal to 0',
    )
    assert.equal(
      await refusal({ minAvailable: '120%' }),
      'PodDisruptionBudget.policy "b" is invalid: spec.minAvailable: Invalid value: "120%": must not be greater than 100%',
    )
    assert.match(await refusal({ minAvailable: 'all' }), /spec.minAvailable: Invalid value: "all": a valid percent string must be a numeric string/)
    assert.equal(
      await refusal({ unhealthyPodEvictionPolicy: 'Never' }),
      'PodDisruptionBudget.policy "b" is invalid: spec.unhealthyPodEvictionPolicy: Unsupported value: "Never": supported values: "AlwaysAllow", "IfHealthyBudget"',
    )
  })

  test('is updated only by who names the version it was read at, and its status only at /status', async () => {
    const server = await startServer()
    await server.post(BUDGETS, budget({ minAvailable: 1, selector }))
    assert.match(
      (await server.put(`${BUDGETS}/b`, budget({ minAvailable: 2, selector }))).json.message,
      /metadata.resourceVersion: Invalid value: .*must be specified for an update/,
    )
    const { json } = await server.get(`${BUDGETS}/b`)
    const changed = await server.put(`${BUDGETS}/b`, { ...json, spec: { minAvailable: 2, selector }, status: { ...json.status, disruptionsAllowed: 3 } })
    assert.equal(changed.json.metadata.generation, 2)
    assert.equal(changed.json.status.disruptionsAllowed, 0)
    const status = await server.patch(`${BUDGETS}/b/status`, 'merge', { spec: { minAvailable: 7 }, status: { disruptionsAllowed: 3 } })
    assert.equal(status.json.status.disruptionsAllowed, 3)
    assert.equal(status.json.spec.minAvailable, 2)
    const negative = await server.patch(`${BUDGETS}/b/status`, 'merge', { status: { currentHealthy: -1 } })
    assert.match(negative.json.message, /status.currentHealthy: Invalid value: -1: must be greater than or equal to 0/)
  })

  test('has its selector replaced, not merged, by a strategic merge patch', async () => {
    const server = await startServer()
    await server.post(BUDGETS, budget({ minAvailable: 1, selector }))
    const patched = await server.patch(`${BUDGETS}/b`, 'strategic', { spec: { selector: { matchLabels: { tier: 'front' } } } })
    assert.deepEqual(patched.json.spec, { minAvailable: 1, selector: { matchLabels: { tier: 'front' } } })
  })

  test('is shown with what must stay, what may be missing and what may go now', async () => {
    const server = await startServer()
    await server.post(BUDGETS, budget({ minAvailable: '50%', selector }, 'a'))
    await server.post(BUDGETS, budget({ maxUnavailable: 1, selector }, 'b'))
    const { json } = await server.get(BUDGETS, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } })
    assert.deepEqual(
      json.columnDefinitions.map(({ name, type }: any) => `${name}:${type}`),
      ['Name:string', 'Min Available:string', 'Max Unavailable:string', 'Allowed Disruptions:integer', 'Age:string'],
    )
    assert.deepEqual(
      json.rows.map(({ cells }: any) => cells),
      [
        ['a', '50%', 'N/A', 0, '0s'],
        ['b', 'N/A', '1', 0, '0s'],
      ],
    )
  })
})
