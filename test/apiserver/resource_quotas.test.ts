/** ResourceQuotas: what may be written into one, and what is refused because of one. The counting itself is a controller's. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startServer } from './harness.ts'

const QUOTAS = '/api/v1/namespaces/default/resourcequotas'
const quota = (spec: object, name = 'q') => ({ metadata: { name }, spec })

describe('a ResourceQuota', () => {
  const refusals: [string, object, RegExp][] = [
    ['a resource nobody knows', { hard: { pots: 1 } }, /spec\.hard\[pots\]: Invalid value: "pots": must be a standard resource for quota/],
    ['a negative amount', { hard: { pods: -1 } }, /spec\.hard\[pods\]: Invalid value: "-1": must be greater than or equal to 0/],
    ['half a Pod', { hard: { pods: '500m' } }, /spec\.hard\[pods\]: Invalid value: "500m": must be an integer/],
    ['a scope nobody knows', { scopes: ['Big'] }, /spec\.scopes: Invalid value: \["Big"\]: unsupported scope/],
    ['two scopes of which one excludes the other', { scopes: ['BestEffort', 'NotBestEffort'] }, /spec\.scopes: .*: conflicting scopes/],
    ['a scope for what has none', { scopes: ['Terminating'], hard: { services: 1 } }, /spec\.scopes: .*: unsupported scope applied to resource/],
    ['CPU of those who ask for none', { scopes: ['BestEffort'], hard: { cpu: 1 } }, /unsupported scope applied to resource/],
    [
      'an operator that scope does not take',
      { scopeSelector: { matchExpressions: [{ scopeName: 'Terminating', operator: 'In', values: ['x'] }] } },
      /spec\.scopeSelector\.matchExpressions\.operator: Invalid value: "In": must be 'Exist' when scope is any of/,
    ],
    [
      'classes that are not named',
      { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In' }] } },
      /spec\.scopeSelector\.matchExpressions\.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector/,
    ],
  ]
  for (const [what, spec, message] of refusals)
    test(`is refused with ${what}`, async () => {
      const server = await startServer()
      const { status, json } = await server.post(QUOTAS, quota(spec))
      assert.equal(status, 422)
      assert.match(json.message, message)
    })

  test('takes everything that can be counted', async () => {
    const server = await startServer()
    const hard = {
      pods: '4',
      'requests.cpu': '1',
      'limits.memory': '1Gi',
      'requests.nvidia.com/gpu': '4',
      'hugepages-2Mi': '4Mi',
      'count/deployments.apps': '2',
      'gold.storageclass.storage.k8s.io/requests.storage': '10Gi',
      'services.nodeports': '1',
    }
    const { status, json } = await server.post(QUOTAS, { ...quota({ hard }), status: { used: { pods: '1' } } })
    assert.equal(status, 201, json.message)
    assert.deepEqual(json.spec.hard, hard)
    assert.deepEqual(json.status, {}, 'nothing is counted yet')
  })

  test('keeps its scopes for good', async () => {
    const server = await startServer()
    await server.post(QUOTAS, quota({ hard: { pods: 1 }, scopes: ['BestEffort'] }))
    assert.match(
      (await server.patch(`${QUOTAS}/q`, 'merge', { spec: { scopes: ['Terminating'] } })).json.message,
      /ResourceQuota "q" is invalid: spec\.scopes: Invalid value: \["Terminating"\]: field is immutable/,
    )
    assert.equal((await server.patch(`${QUOTAS}/q`, 'merge', { spec: { hard: { pods: 2 } } })).status, 200)
  })

  test('is shown with requests apart from limits', async () => {
    const server = await startServer()
    await server.post(QUOTAS, quota({ hard: { pods: 2 } }))
    await server.patch(`${QUOTAS}/q/status`, 'merge', {
      status: { hard: { 'requests.cpu': '1', pods: '2', 'limits.cpu': '2', 'limits.memory': '1Gi' }, used: { 'requests.cpu': '500m', 'limits.cpu': '1' } },
    })
    const { json } = await server.get(QUOTAS, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } })
    assert.deepEqual(
      json.columnDefinitions.map(({ name }: any) => name),
      ['Name', 'Request', 'Limit', 'Age'],
    )
    assert.deepEqual(json.rows[0].cells, ['q', 'pods: 0/2, requests.cpu: 500m/1', 'limits.cpu: 1/2, limits.memory: 0/1Gi', '0s'])
  })
})
