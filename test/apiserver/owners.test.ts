import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONFIG_MAPS, configMapNamed, startServer } from './harness.ts'

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
