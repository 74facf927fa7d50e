/** RuntimeClasses, by the conformance tests of sig-node: what a Pod of a class is given, and when it is refused. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { podNamed, PODS, startServer } from './harness.ts'

const CLASSES = '/apis/node.k8s.io/v1/runtimeclasses'
const podOf = (name: string, spec: object) => podNamed(name, { spec: { ...podNamed(name).spec, ...spec } })

describe('conformance: RuntimeClass', () => {
  test('should reject a Pod requesting a non-existent RuntimeClass', async () => {
    const server = await startServer()
    const answer = await server.post(PODS, podOf('p', { runtimeClassName: 'gvisor' }))
    assert.equal(answer.status, 403)
    assert.equal(answer.json.reason, 'Forbidden')
    assert.equal(answer.json.message, 'pods "p" is forbidden: pod rejected: RuntimeClass "gvisor" not found')
  })

  test('should reject a Pod requesting a deleted RuntimeClass', async () => {
    const server = await startServer()
    await server.post(CLASSES, { metadata: { name: 'sandboxed' }, handler: 'runc' })
    assert.equal((await server.post(PODS, podOf('before', { runtimeClassName: 'sandboxed' }))).status, 201)
    assert.equal((await server.delete(`${CLASSES}/sandboxed`)).status, 200)
    assert.equal((await server.post(PODS, podOf('after', { runtimeClassName: 'sandboxed' }))).status, 403)
  })

  test('should schedule a Pod requesting a RuntimeClass without PodOverhead', async () => {
    const server = await startServer()
    await server.post(CLASSES, { metadata: { name: 'plain' }, handler: 'runc' })
    const pod = await server.post(PODS, podOf('p', { runtimeClassName: 'plain' }))
    assert.equal(pod.status, 201, pod.text)
    assert.equal(pod.json.spec.overhead, undefined)
  })

  test('should schedule a Pod requesting a RuntimeClass and initialize its Overhead', async () => {
    const server = await startServer()
    await server.post(CLASSES, { metadata: { name: 'heavy' }, handler: 'runc', overhead: { podFixed: { cpu: '10m', memory: '1Mi' } } })
    const pod = await server.post(PODS, podOf('p', { runtimeClassName: 'heavy' }))
    assert.deepEqual(pod.json.spec.overhead, { cpu: '10m', memory: '1Mi' })
  })

  test('should support RuntimeClasses API operations', async () => {
    const server = await startServer()
    assert.ok((await server.get('/apis')).json.groups.some(({ name }: any) => name === 'node.k8s.io'))
    const { resources } = (await server.get('/apis/node.k8s.io/v1')).json
    assert.deepEqual(
      resources.map(({ name, namespaced, kind }: any) => [name, namespaced, kind]),
      [['runtimeclasses', false, 'RuntimeClass']],
    )

    const watching = await server.watch(`${CLASSES}?watch=1&labelSelector=test%3Da`)
    const create = (name: string) => server.post(CLASSES, { metadata: { name, labels: { test: 'a' } }, handler: `${name}-handler` })
    const created = await create('one')
    assert.equal(created.status, 201, created.text)
    assert.equal((await create('one')).status, 409)
    await create('two')
    assert.equal((await server.get(`${CLASSES}/one`)).json.handler, 'one-handler')
    assert.equal((await server.get(`${CLASSES}?labelSelector=test%3Da`)).json.items.length, 2)
    assert.equal((await server.patch(`${CLASSES}/one`, 'merge', { metadata: { annotations: { patched: 'true' } } })).json.metadata.annotations.patched, 'true')
    const { json } = await server.get(`${CLASSES}/one`)
    json.metadata.annotations.updated = 'true'
    assert.equal((await server.put(`${CLASSES}/one`, json)).json.metadata.annotations.updated, 'true')
    delete json.metadata.resourceVersion
    assert.equal((await server.put(`${CLASSES}/one`, json)).status, 422, 'an update says which version it changes')
    assert.equal((await server.delete(`${CLASSES}/two`)).status, 200)
    assert.equal((await server.delete(`${CLASSES}?labelSelector=test%3Da`)).status, 200)
    assert.equal((await server.get(`${CLASSES}/one`)).status, 404)
    assert.deepEqual(
      watching.events.map(({ type, object }) => `${type} ${object.metadata.name}`),
      ['ADDED one', 'ADDED two', 'MODIFIED one', 'MODIFIED one', 'DELETED two', 'DELETED one'],
    )
    watching.stop()
  })
})

test('a handler is a name and never changes, and the rest is checked as it would be on a Pod', async () => {
  const server = await startServer()
  const messageOf = async (body: object) => (await server.post(CLASSES, { metadata: { name: 'c' }, ...body })).json.message
  assert.match(await messageOf({}), /: handler: Required value$/)
  assert.match(await messageOf({ handler: 'Run_C' }), /: handler: Invalid value: "Run_C": a lowercase RFC 1123 label must consist/)
  assert.match(await messageOf({ handler: 'x', scheduling: { nodeSelector: { 'a b': 'c' } } }), /scheduling.nodeSelector: Invalid value: "a b"/)
  assert.match(await messageOf({ handler: 'x', overhead: { podFixed: { cpu: '-1' } } }), /overhead.limits\[cpu\]: Invalid value: "-1"/)
  const twice = { key: 'a', operator: 'Exists' }
  assert.match(await messageOf({ handler: 'x', scheduling: { tolerations: [twice, { ...twice }] } }), /scheduling.tolerations\[1\]: Duplicate value/)
  await server.post(CLASSES, { metadata: { name: 'c' }, handler: 'x' })
  const changed = await server.patch(`${CLASSES}/c`, 'merge', { handler: 'y' })
  assert.equal(changed.status, 422)
  assert.match(changed.json.message, /handler: Invalid value: "y": field is immutable/)
})

test('an overhead the Pod brings along must be that of its class', async () => {
  const server = await startServer()
  await server.post(CLASSES, { metadata: { name: 'heavy' }, handler: 'x', overhead: { podFixed: { cpu: '1' } } })
  const statusOf = async (name: string, spec: object) => {
    const { status, json } = await server.post(PODS, podOf(name, spec))
    return [status, json.message]
  }
  const mismatch = (name: string) => [403, `pods "${name}" is forbidden: pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead`]
  assert.deepEqual(await statusOf('a', { runtimeClassName: 'heavy', overhead: { cpu: '1000m' } }), [201, undefined])
  assert.deepEqual(await statusOf('b', { runtimeClassName: 'heavy', overhead: { cpu: '2' } }), mismatch('b'))
  assert.deepEqual(await statusOf('c', { overhead: { cpu: '1' } }), [
    403,
    'pods "c" is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
  ])
})

test('where a class can run is joined with what its Pods ask for', async () => {
  const server = await startServer()
  await server.post(CLASSES, {
    metadata: { name: 'kata' },
    handler: 'kata',
    scheduling: { nodeSelector: { virtual: 'yes' }, tolerations: [{ key: 'kata', operator: 'Exists', effect: 'NoSchedule' }] },
  })
  const own = [{ key: 'own', operator: 'Equal', value: 'x', effect: 'NoSchedule' }]
  const pod = await server.post(PODS, podOf('p', { runtimeClassName: 'kata', nodeSelector: { disk: 'ssd' }, tolerations: own }))
  assert.deepEqual(pod.json.spec.nodeSelector, { disk: 'ssd', virtual: 'yes' })
  assert.deepEqual(pod.json.spec.tolerations.slice(0, 2), [own[0], { key: 'kata', operator: 'Exists', effect: 'NoSchedule' }])
  const conflict = await server.post(PODS, podOf('q', { runtimeClassName: 'kata', nodeSelector: { virtual: 'no' } }))
  assert.equal(conflict.status, 403)
  assert.equal(
    conflict.json.message,
    'pods "q" is forbidden: conflict: runtimeClass.scheduling.nodeSelector[virtual] = yes; pod.spec.nodeSelector[virtual] = no',
  )
})
