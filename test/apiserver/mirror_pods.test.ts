/** What a kubelet may make in the API: mirrors of its own static Pods, which give access to nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { podNamed, PODS, startServer } from './harness.ts'

const kubelet = { name: 'system:node:a', groups: ['system:nodes', 'system:authenticated'] }
const container = { name: 'main', image: 'nginx' }

async function begin() {
  const server = await startServer()
  const { json } = await server.post('/api/v1/nodes', { metadata: { name: 'a' } }, { as: kubelet })
  const owner = { apiVersion: 'v1', kind: 'Node', name: 'a', uid: json.metadata.uid, controller: true }
  const mirror = (metadata: object = {}, spec: object = {}) =>
    podNamed('web-a', {
      metadata: { name: 'web-a', annotations: { 'kubernetes.io/config.mirror': 'hash' }, ownerReferences: [owner], ...metadata },
      spec: { nodeName: 'a', containers: [container], ...spec },
    })
  return { server, owner, mirror, make: (body: object) => server.post(PODS, body, { as: kubelet }) }
}

test('a mirror of a static Pod is made by its kubelet; it gets no token and no ServiceAccount', async () => {
  const { make, mirror } = await begin()
  const { status, json, text } = await make(mirror({}, { tolerations: [{ operator: 'Exists', effect: 'NoExecute' }] }))
  assert.equal(status, 201, text)
  assert.deepEqual([json.spec.volumes, json.spec.serviceAccountName, json.spec.priority], [undefined, undefined, 0])
  assert.deepEqual(json.spec.tolerations, [{ operator: 'Exists', effect: 'NoExecute' }])
})

test('any other Pod a kubelet makes is refused, and says why', async () => {
  const { make, mirror, owner } = await begin()
  const own = (more: object) => mirror({ ownerReferences: [{ ...owner, ...more }] })
  const refused: [what: object, why: string][] = [
    [mirror({ annotations: {} }), 'pod does not have "kubernetes.io/config.mirror" annotation, node "a" can only create mirror pods'],
    [mirror({}, { nodeName: 'b' }), 'node "a" can only create pods with spec.nodeName set to itself'],
    [mirror({ ownerReferences: [] }), 'node "a" can only create pods with an owner reference set to itself'],
    [own({ name: 'b' }), 'node "a" can only create pods with an owner reference set to itself'],
    [own({ kind: 'Pod' }), 'node "a" can only create pods with an owner reference set to itself'],
    [
      mirror({ ownerReferences: [owner, { ...owner, uid: 'other', controller: false }] }),
      'node "a" can only create pods with a single owner reference set to itself',
    ],
    [own({ controller: false }), 'node "a" can only create pods with a controller owner reference set to itself'],
    [own({ blockOwnerDeletion: true }), 'node "a" must not set blockOwnerDeletion on an owner reference'],
    [own({ uid: 'other' }), `node "a" UID mismatch: expected other got ${owner.uid}`],
    [mirror({}, { volumes: [{ name: 'v', configMap: { name: 'c' } }] }), 'node "a" can not create pods that reference configmaps'],
    [mirror({}, { containers: [{ ...container, envFrom: [{ configMapRef: { name: 'c' } }] }] }), 'node "a" can not create pods that reference configmaps'],
    [mirror({}, { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] }), 'node "a" can not create pods that reference persistentvolumeclaims'],
    [mirror({}, { serviceAccountName: 'default' }), 'a mirror pod may not reference service accounts'],
    [
      mirror({}, { containers: [{ ...container, env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }] }),
      'a mirror pod may not reference secrets',
    ],
    [mirror({}, { imagePullSecrets: [{ name: 's' }] }), 'a mirror pod may not reference secrets'],
  ]
  for (const [body, why] of refused) {
    const { status, json } = await make(body)
    assert.deepEqual([status, json.message], [403, `pods "web-a" is forbidden: ${why}`])
  }
})

test('a mirror is deleted by its own kubelet, and by no other', async () => {
  const { server, make, mirror } = await begin()
  await make(mirror())
  const other = { name: 'system:node:b', groups: kubelet.groups }
  assert.equal((await server.delete(`${PODS}/web-a`, { gracePeriodSeconds: 0 }, { as: other })).status, 403)
  assert.equal((await server.delete(`${PODS}/web-a`, { gracePeriodSeconds: 0 }, { as: kubelet })).status, 200)
})
