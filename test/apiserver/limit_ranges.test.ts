/** LimitRanges: what may be written into one, and what it does to what is made in its namespace. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { podNamed, PODS, startServer } from './harness.ts'

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

const pod = (resources: object, more: object = {}): any => podNamed('p', { spec: { containers: [{ name: 'main', image: 'nginx', resources }], ...more } })

describe('a Pod under a LimitRange', () => {
  test('gets what it does not say, and an annotation that says so', async () => {
    const server = await startServer()
    await server.post(RANGES, range([{ type: 'Container', default: { cpu: '500m', memory: '500Mi' }, defaultRequest: { cpu: '100m', memory: '200Mi' } }]))
    const { json } = await server.post(
      PODS,
      pod({ requests: { cpu: '300m' } }, { initContainers: [{ name: 'first', image: 'nginx', resources: { limits: { cpu: '400m' } } }] }),
    )
    assert.deepEqual(json.spec.containers[0].resources, { requests: { cpu: '300m', memory: '200Mi' }, limits: { cpu: '500m', memory: '500Mi' } })
    assert.deepEqual(json.spec.initContainers[0].resources, { requests: { cpu: '400m', memory: '200Mi' }, limits: { cpu: '400m', memory: '500Mi' } })
    assert.equal(
      json.metadata.annotations['kubernetes.io/limit-ranger'],
      'LimitRanger plugin set: memory request for container main; cpu, memory limit for container main; memory request for init container first; memory limit for init container first',
    )
    assert.equal(json.status.qosClass, 'Burstable', 'its class follows from what it was given')
  })

  test('that says everything is left alone', async () => {
    const server = await startServer()
    await server.post(RANGES, range([{ type: 'Container', default: { cpu: '500m' } }]))
    const { json } = await server.post(PODS, pod({ requests: { cpu: '1m' }, limits: { cpu: '2m' } }))
    assert.deepEqual([json.spec.containers[0].resources, json.metadata.annotations], [{ requests: { cpu: '1m' }, limits: { cpu: '2m' } }, undefined])
  })

  const refusals: [string, object, object, string][] = [
    ['too much', { type: 'Container', max: { cpu: '1' } }, { limits: { cpu: '2' } }, 'maximum cpu usage per Container is 1, but limit is 2'],
    [
      'too little',
      { type: 'Container', min: { memory: '50Mi' } },
      { requests: { memory: '20Mi' } },
      'minimum memory usage per Container is 50Mi, but request is 20Mi',
    ],
    ['no limit', { type: 'Pod', max: { memory: '1Gi' } }, { requests: { memory: '20Mi' } }, 'maximum memory usage per Pod is 1Gi.  No limit is specified'],
    ['no request', { type: 'Pod', min: { cpu: '1' } }, {}, 'minimum cpu usage per Pod is 1.  No request is specified'],
    [
      'a limit too far above the request',
      { type: 'Container', maxLimitRequestRatio: { cpu: '2' } },
      { requests: { cpu: '100m' }, limits: { cpu: '250m' } },
      'cpu max limit to request ratio per Container is 2, but provided ratio is 2.500000',
    ],
    [
      'a ratio that cannot be known',
      { type: 'Container', maxLimitRequestRatio: { cpu: '2' } },
      { requests: { cpu: '100m' } },
      'cpu max limit to request ratio per Container is 2, but no limit is specified or limit is 0',
    ],
    [
      'several things',
      { type: 'Container', min: { cpu: '100m' }, max: { memory: '1Gi' } },
      { requests: { cpu: '50m' }, limits: { memory: '2Gi' } },
      '[minimum cpu usage per Container is 100m, but request is 50m, maximum memory usage per Container is 1Gi, but limit is 2Gi]',
    ],
  ]
  for (const [what, item, resources, message] of refusals)
    test(`is refused with ${what}`, async () => {
      const server = await startServer()
      await server.post(RANGES, range([item]))
      const { status, json } = await server.post(PODS, pod(resources))
      assert.deepEqual([status, json.message], [403, `pods "p" is forbidden: ${message}`])
    })

  test('of several containers is refused for what they come to together', async () => {
    const server = await startServer()
    await server.post(RANGES, range([{ type: 'Pod', max: { cpu: '1' } }]))
    const container = (name: string) => ({ name, image: 'nginx', resources: { limits: { cpu: '600m' } } })
    const { json } = await server.post(PODS, podNamed('p', { spec: { containers: [container('a'), container('b')] } }))
    assert.equal(json.message, 'pods "p" is forbidden: maximum cpu usage per Pod is 1, but limit is 1200m')
  })

  test('is not resized beyond it either', async () => {
    const server = await startServer()
    await server.post(RANGES, range([{ type: 'Container', max: { cpu: '1' } }]))
    await server.post(PODS, pod({ requests: { cpu: '100m' }, limits: { cpu: '1' } }))
    const resize = (cpu: string) => server.patch(`${PODS}/p/resize`, 'strategic', { spec: { containers: [{ name: 'main', resources: { limits: { cpu } } }] } })
    assert.equal((await resize('2')).json.message, 'pods "p" is forbidden: maximum cpu usage per Container is 1, but limit is 2')
    assert.equal((await resize('900m')).status, 200)
  })

  test('of another namespace is left alone', async () => {
    const server = await startServer()
    await server.post('/api/v1/namespaces', { metadata: { name: 'other' } })
    await server.post('/api/v1/namespaces/other/limitranges', range([{ type: 'Container', max: { cpu: '1m' } }]))
    assert.equal((await server.post(PODS, pod({ limits: { cpu: '2' } }))).status, 201)
  })
})

test('a claim under a LimitRange is refused with a size that is too small or too large', async () => {
  const server = await startServer()
  await server.post(RANGES, range([{ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '5Gi' } }]))
  const claim = (storage: string) =>
    server.post('/api/v1/namespaces/default/persistentvolumeclaims', {
      metadata: { name: 'c' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
    })
  const about = 'persistentvolumeclaims "c" is forbidden:'
  assert.equal((await claim('512Mi')).json.message, `${about} minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 512Mi`)
  assert.equal((await claim('6Gi')).json.message, `${about} maximum storage usage per PersistentVolumeClaim is 5Gi, but request is 6Gi`)
  assert.equal((await claim('2Gi')).status, 201)
})
