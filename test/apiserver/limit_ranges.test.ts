/** LimitRanges: what may be written into one, and what it does to what is made in its namespace. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startServer } from './harness.ts'

const RANGES = '/api/v1/namespaces/default/limitranges'
const range = (limits: object[], name = 'l') => ({ metadata: { name }, spec: { limits } })

describe('a LimitRange', () => {
  test('is completed: no default limit is the most, no default request is the default limit, or else the least', async () => {
    const server = await startServer()
    const { json } = await server.post(
      RANGES,
      range([{ type: 'Container', max: { cpu: '2' }, default: { memory: '1Gi' }, min: { cpu: '1', 'ephemeral-storage': '1Gi' } }]),
    )
    assert.deepEqual(json.spec.limits, [
      {
        type: 'Container',
        max: { cpu: '2' },
        min: { cpu: '1', 'ephemeral-storage': '1Gi' },
        default: { cpu: '2', memory: '1Gi' },
        defaultRequest: { cpu: '2', memory: '1Gi', 'ephemeral-storage': '1Gi' },
      },
    ])
    const pod = await server.post(RANGES, range([{ type: 'Pod', max: { cpu: '2' } }], 'p'))
    assert.deepEqual(pod.json.spec.limits, [{ type: 'Pod', max: { cpu: '2' } }])
  })

  const refusals: [string, object, string][] = [
    ['a type nobody knows', { type: 'Thing' }, 'spec.limits[0].type: Invalid value: "Thing": must be a standard limit type or fully qualified'],
    [
      'a resource nobody knows',
      { type: 'Container', defaultRequest: { fuel: '1' } },
      'spec.limits[0].defaultRequest[fuel]: Invalid value: "fuel": must be a standard resource for containers',
    ],
    ['defaults for a whole Pod', { type: 'Pod', default: { cpu: '1' } }, "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'"],
    [
      'less at most than at least',
      { type: 'Pod', min: { cpu: '2' }, max: { cpu: '1' } },
      'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
    ],
    [
      'a default request above the default limit',
      { type: 'Container', default: { cpu: '1' }, defaultRequest: { cpu: '2' } },
      'spec.limits[0].defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than default limit value 1',
    ],
    [
      'a ratio below 1',
      { type: 'Pod', maxLimitRequestRatio: { cpu: '500m' } },
      'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1',
    ],
    [
      'a ratio that nothing can have',
      { type: 'Pod', min: { cpu: '1' }, max: { cpu: '2' }, maxLimitRequestRatio: { cpu: '3' } },
      'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000',
    ],
    [
      'claims without sizes',
      { type: 'PersistentVolumeClaim', default: { storage: '1Gi' } },
      'spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided',
    ],
  ]
  for (const [what, item, message] of refusals)
    test(`is refused with ${what}`, async () => {
      const server = await startServer()
      const { status, json } = await server.post(RANGES, range([item]))
      assert.deepEqual([status, json.message], [422, `LimitRange "l" is invalid: ${message}`])
    })

  test('is refused with two sayings about one type', async () => {
    const server = await startServer()
    const { json } = await server.post(RANGES, range([{ type: 'Pod' }, { type: 'Pod' }]))
    assert.equal(json.message, 'LimitRange "l" is invalid: spec.limits[1].type: Duplicate value: "Pod"')
  })
})
