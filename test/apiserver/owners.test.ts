/** Owners in the metadata of objects, and the orders that a deletion leaves for the garbage collector. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONFIG_MAPS, configMapNamed, podNamed, startServer } from './harness.ts'

const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'u' }

const refusals: readonly (readonly [string, object[], string[]])[] = [
  ['no version', [{ ...owner, apiVersion: 'apps/' }], ['metadata.ownerReferences[0].apiVersion: Invalid value: "apps/": version must not be empty']],
  [
    'nothing at all',
    [{}],
    [
      'metadata.ownerReferences[0].apiVersion: Invalid value: "": version must not be empty',
      'metadata.ownerReferences[0].kind: Invalid value: "": must not be empty',
      'metadata.ownerReferences[0].name: Invalid value: "": must not be empty',
      'metadata.ownerReferences[0].uid: Invalid value: "": must not be empty',
    ],
  ],
  ['an empty uid', [{ ...owner, uid: '' }], ['metadata.ownerReferences[0].uid: Invalid value: "": must not be empty']],
  [
    'an Event',
    [{ ...owner, apiVersion: 'v1', kind: 'Event' }],
    [
      'metadata.ownerReferences[0]: Invalid value: {"apiVersion":"v1","kind":"Event","name":"web","uid":"u"}: /v1, Kind=Event is disallowed from being an owner',
    ],
  ],
  [
    'two controllers',
    [
      { ...owner, controller: true },
      { ...owner, uid: 'v', controller: true },
    ],
    [
      'metadata.ownerReferences: Invalid value: [{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web","uid":"u","controller":true},{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web","uid":"v","controller":true}]: ' +
        'Only one reference can have Controller set to true. Found "true" in references for ReplicaSet/web and ReplicaSet/web',
    ],
  ],
]

for (const [name, ownerReferences, sentences] of refusals) {
  test(`an object is refused that names as its owner ${name}`, async () => {
    const server = await startServer()
    const draft = { ...configMapNamed('a'), metadata: { name: 'a', ownerReferences } }
    const answer = await server.post(CONFIG_MAPS, draft)
    assert.equal(answer.status, 422, answer.text)
    for (const sentence of sentences) assert.ok(answer.json.message.includes(sentence), `${sentence}\nis not in\n${answer.json.message}`)
    assert.equal(answer.json.details.causes.length, sentences.length)
    await server.post(CONFIG_MAPS, configMapNamed('a'))
    assert.equal((await server.patch(`${CONFIG_MAPS}/a`, 'merge', { metadata: { ownerReferences } })).status, 422)
  })
}

test('owners are taken, replaced by their uid, and taken off again', async () => {
  const server = await startServer()
  const second = { ...owner, uid: 'v', controller: true, blockOwnerDeletion: true }
  const created = await server.post(CONFIG_MAPS, { ...configMapNamed('a'), metadata: { name: 'a', ownerReferences: [owner] } })
  assert.equal(created.headers.warning, undefined)
  assert.deepEqual(created.json.metadata.ownerReferences, [owner])
  const added = await server.patch(`${CONFIG_MAPS}/a`, 'strategic', { metadata: { ownerReferences: [second] } })
  assert.deepEqual(
    added.json.metadata.ownerReferences.toSorted((a: any, b: any) => (a.uid < b.uid ? -1 : 1)),
    [owner, second],
  )
  const left = await server.patch(`${CONFIG_MAPS}/a`, 'strategic', { metadata: { ownerReferences: [{ $patch: 'delete', uid: 'u' }] } })
  assert.deepEqual(left.json.metadata.ownerReferences, [second])
})

test('Events have no dependents: they go at once, whatever the policy', async () => {
  const server = await startServer()
  const events = '/api/v1/namespaces/default/events'
  await server.post(events, { metadata: { name: 'e' }, involvedObject: { kind: 'Pod', namespace: 'default', name: 'web' }, reason: 'R', type: 'Normal' })
  assert.equal((await server.delete(`${events}/e`, { propagationPolicy: 'Foreground' })).json.status, 'Success')
})

test('a ReplicationController orphans its Pods unless the request or a finalizer says otherwise', async () => {
  const server = await startServer()
  const controllers = '/api/v1/namespaces/default/replicationcontrollers'
  const draft = (name: string, finalizers?: string[]) => ({
    metadata: { name, ...(finalizers && { finalizers }) },
    spec: { selector: { app: name }, template: { metadata: { labels: { app: name } }, spec: podNamed(name).spec } },
  })
  for (const name of ['a', 'b']) await server.post(controllers, draft(name))
  await server.post(controllers, draft('c', ['foregroundDeletion']))
  assert.deepEqual((await server.delete(`${controllers}/a`)).json.metadata.finalizers, ['orphan'])
  assert.equal((await server.delete(`${controllers}/b`, { propagationPolicy: 'Background' })).json.status, 'Success')
  assert.deepEqual((await server.delete(`${controllers}/c`)).json.metadata.finalizers, ['foregroundDeletion'])
})

test('a Job orphans its Pods unless the request says otherwise, and whoever does not say is told', async () => {
  const server = await startServer()
  const jobs = '/apis/batch/v1/namespaces/default/jobs'
  const spec = { template: { spec: { ...podNamed('x').spec, restartPolicy: 'Never' } } }
  for (const name of ['a', 'b', 'c']) await server.post(jobs, { metadata: { name }, spec })
  const warning =
    '299 - "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning"'
  const silent = await server.delete(`${jobs}/a`)
  assert.deepEqual(silent.json.metadata.finalizers, ['orphan'])
  assert.deepEqual(silent.headers.warning, [warning])
  const said = await server.delete(`${jobs}/b`, { propagationPolicy: 'Background' })
  assert.equal(said.json.status, 'Success')
  assert.equal(said.headers.warning, undefined)
  assert.deepEqual((await server.delete(jobs)).headers.warning, [warning])
  assert.deepEqual((await server.get(`${jobs}/c`)).json.metadata.finalizers, ['orphan'])
})
