import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ConfigMap } from '../../src/api/kinds/config_map.ts'
import { planDelete } from '../../src/apiserver/registry/delete.ts'
import { CONFIG_MAPS, configMapNamed, podNamed, PODS, startServer, type Harness } from './harness.ts'

const NAMESPACES = '/api/v1/namespaces'

async function runningPod(server: Harness, name = 'web', more: object = {}): Promise<any> {
  const created = await server.post(PODS, podNamed(name, { ...more, spec: { nodeName: 'a', containers: [{ name: 'main', image: 'nginx' }] } }))
  assert.equal(created.status, 201, created.text)
  return created.json
}

describe('deleting a Pod', () => {
  test('it is marked, and stays until its kubelet deletes it with grace 0', async () => {
    const server = await startServer()
    await runningPod(server)
    const marked = await server.delete(`${PODS}/web`)
    assert.equal(marked.status, 200)
    assert.equal(marked.json.kind, 'Pod')
    assert.equal(marked.json.metadata.deletionTimestamp, '2026-01-01T00:00:30Z')
    assert.equal(marked.json.metadata.deletionGracePeriodSeconds, 30)
    assert.equal(marked.json.metadata.generation, 2)
    const gone = await server.delete(`${PODS}/web`, { gracePeriodSeconds: 0, preconditions: { uid: marked.json.metadata.uid } })
    assert.equal(gone.status, 200)
    assert.equal((await server.get(`${PODS}/web`)).status, 404)
  })

  test('the grace asked for counts, negative is one second', async () => {
    const server = await startServer()
    await runningPod(server)
    assert.equal((await server.delete(`${PODS}/web`, { gracePeriodSeconds: 5 })).json.metadata.deletionTimestamp, '2026-01-01T00:00:05Z')
    await runningPod(server, 'other')
    assert.equal((await server.delete(`${PODS}/other?gracePeriodSeconds=-1`)).json.metadata.deletionGracePeriodSeconds, 1)
  })

  test('a Pod without a node, or finished, goes at once', async () => {
    const server = await startServer()
    await server.post(PODS, podNamed('unscheduled'))
    const gone = await server.delete(`${PODS}/unscheduled`)
    assert.equal(gone.status, 200)
    assert.equal((await server.get(`${PODS}/unscheduled`)).status, 404)
    await runningPod(server)
    await server.patch(`${PODS}/web/status`, 'merge', { status: { phase: 'Succeeded' } })
    await server.delete(`${PODS}/web`)
    assert.equal((await server.get(`${PODS}/web`)).status, 404)
  })

  test('a second delete without a value, or with a longer one, changes nothing', async () => {
    const server = await startServer()
    await runningPod(server)
    const first = (await server.delete(`${PODS}/web`, { gracePeriodSeconds: 20 })).json
    server.clock.advance(3_000)
    for (const body of [undefined, { gracePeriodSeconds: 20 }, { gracePeriodSeconds: 60 }]) {
      assert.equal((await server.delete(`${PODS}/web`, body)).json.metadata.resourceVersion, first.metadata.resourceVersion)
    }
  })

  test('a shorter second delete moves the end by the difference', async () => {
    const server = await startServer()
    await runningPod(server)
    await server.delete(`${PODS}/web`, { gracePeriodSeconds: 20 })
    server.clock.advance(3_000)
    const shorter = (await server.delete(`${PODS}/web`, { gracePeriodSeconds: 10 })).json.metadata
    assert.equal(shorter.deletionTimestamp, '2026-01-01T00:00:10Z')
    assert.equal(shorter.deletionGracePeriodSeconds, 10)
    assert.equal(shorter.generation, 2)
  })

  test('an end that would lie in the past becomes now, with the least grace there is', async () => {
    const server = await startServer()
    await runningPod(server)
    await server.delete(`${PODS}/web`, { gracePeriodSeconds: 20 })
    server.clock.advance(15_000)
    const { metadata } = (await server.delete(`${PODS}/web`, { gracePeriodSeconds: 5 })).json
    assert.equal(metadata.deletionTimestamp, '2026-01-01T00:00:15Z')
    assert.equal(metadata.deletionGracePeriodSeconds, 1)
  })

  test('finalizers hold a Pod after its grace is over', async () => {
    const server = await startServer()
    await runningPod(server, 'web', { metadata: { name: 'web', finalizers: ['example.com/hold'] } })
    const held = await server.delete(`${PODS}/web`, { gracePeriodSeconds: 0 })
    assert.equal(held.json.metadata.deletionGracePeriodSeconds, 0)
    assert.equal((await server.get(`${PODS}/web`)).status, 200)
    const released = await server.patch(`${PODS}/web`, 'merge', { metadata: { finalizers: null } })
    assert.equal(released.status, 200, released.text)
    assert.equal((await server.get(`${PODS}/web`)).status, 404)
  })

  test('with grace left, taking off the last finalizer does not remove it', async () => {
    const server = await startServer()
    await runningPod(server, 'web', { metadata: { name: 'web', finalizers: ['example.com/hold'] } })
    await server.delete(`${PODS}/web`)
    await server.patch(`${PODS}/web`, 'merge', { metadata: { finalizers: null } })
    assert.equal((await server.get(`${PODS}/web`)).status, 200)
  })

  test('a Pod that is going may still be changed', async () => {
    const server = await startServer()
    await runningPod(server)
    await server.delete(`${PODS}/web`)
    const changed = await server.patch(`${PODS}/web`, 'merge', { metadata: { labels: { a: 'b' } } })
    assert.equal(changed.status, 200)
    assert.equal(changed.json.metadata.deletionGracePeriodSeconds, 30)
    const added = await server.patch(`${PODS}/web`, 'merge', { metadata: { finalizers: ['example.com/late'] } })
    assert.equal(added.status, 422)
    assert.match(
      added.json.message,
      /metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers \[\]string\{"example.com\/late"\}/,
    )
  })

  test('its watchers see it marked, and then deleted with the revision of the deletion', async () => {
    const server = await startServer()
    await runningPod(server)
    const watch = await server.watch(`${PODS}?watch=1`)
    await server.delete(`${PODS}/web`)
    await server.delete(`${PODS}/web`, { gracePeriodSeconds: 0 })
    assert.deepEqual(
      watch.events.map(event => event.type),
      ['ADDED', 'MODIFIED', 'DELETED'],
    )
    const [, modified, deleted] = watch.events
    assert.ok(Number(deleted!.object.metadata.resourceVersion) > Number(modified!.object.metadata.resourceVersion))
    assert.equal(deleted!.object.metadata.resourceVersion, String(server.store.revision))
  })
})

describe('deleting anything', () => {
  test('what has no grace goes at once, and the answer says what it was', async () => {
    const server = await startServer()
    const { metadata } = (await server.post(CONFIG_MAPS, configMapNamed('a'))).json
    const answer = await server.delete(`${CONFIG_MAPS}/a`)
    assert.deepEqual(answer.json, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'a', kind: 'configmaps', uid: metadata.uid },
      code: 200,
    })
    assert.equal((await server.delete(`${CONFIG_MAPS}/a`)).status, 404)
  })

  test('a dry run deletes nothing', async () => {
    const server = await startServer()
    await server.post(CONFIG_MAPS, configMapNamed('a'))
    assert.equal((await server.delete(`${CONFIG_MAPS}/a?dryRun=All`)).status, 200)
    assert.equal((await server.delete(`${CONFIG_MAPS}/a`, { dryRun: ['All'] })).status, 200)
    assert.equal((await server.get(`${CONFIG_MAPS}/a`)).status, 200)
  })

  test('preconditions', async () => {
    const server = await startServer()
    const { metadata } = (await server.post(CONFIG_MAPS, configMapNamed('a'))).json
    const other = await server.delete(`${CONFIG_MAPS}/a`, { preconditions: { uid: 'other' } })
    assert.equal(other.status, 409)
    assert.match(
      other.json.message,
      new RegExp(
        `the UID in the precondition \\(other\\) does not match the UID in record \\(${metadata.uid}\\)\\. The object might have been deleted and then recreated`,
      ),
    )
    assert.equal((await server.delete(`${CONFIG_MAPS}/a`, { preconditions: { resourceVersion: '1' } })).status, 409)
    assert.equal((await server.delete(`${CONFIG_MAPS}/a`, { preconditions: { uid: metadata.uid, resourceVersion: metadata.resourceVersion } })).status, 200)
  })

  test('propagation leaves its orders in the finalizers', () => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }
    for (const [propagation, finalizers] of [
      ['Foreground', ['foregroundDeletion']],
      ['Orphan', ['orphan']],
    ] as const) {
      const plan = planDelete(ConfigMap, object, { propagation, graceSeconds: undefined, uid: undefined, resourceVersion: undefined, dryRun: false }, 0)
      assert.ok(plan.is === 'mark')
      assert.deepEqual(plan.marked.metadata.finalizers, finalizers)
      assert.ok(plan.marked.metadata.deletionTimestamp)
    }
  })

  test('foreground and orphan leave the object marked, for the garbage collector; background does not wait', async () => {
    const server = await startServer()
    for (const [propagationPolicy, finalizer] of [
      ['Foreground', 'foregroundDeletion'],
      ['Orphan', 'orphan'],
    ] as const) {
      await server.post(CONFIG_MAPS, configMapNamed(propagationPolicy.toLowerCase()))
      const { status, headers, json } = await server.delete(`${CONFIG_MAPS}/${propagationPolicy.toLowerCase()}`, { propagationPolicy })
      assert.equal(status, 200)
      assert.equal(headers.warning, undefined)
      assert.deepEqual(json.metadata.finalizers, [finalizer])
      assert.equal(json.metadata.deletionGracePeriodSeconds, 0)
      assert.ok(json.metadata.deletionTimestamp)
    }
    const orphaning = await server.delete(`${CONFIG_MAPS}/foreground`, { orphanDependents: true })
    assert.deepEqual(orphaning.json.metadata.finalizers, ['orphan'], 'the last word counts')
    await server.post(CONFIG_MAPS, configMapNamed('f'))
    await server.post(CONFIG_MAPS, configMapNamed('b'))
    await server.delete(`${CONFIG_MAPS}/b`, { propagationPolicy: 'Background' })
    assert.equal((await server.get(`${CONFIG_MAPS}/b`)).status, 404)
    const both = await server.delete(`${CONFIG_MAPS}/f`, { propagationPolicy: 'Foreground', orphanDependents: true })
    assert.equal(both.status, 422)
    assert.equal((await server.delete(`${CONFIG_MAPS}/f`, { propagationPolicy: 'Sideways' })).status, 422)
  })

  test('deletecollection honours selectors and answers with what it found', async () => {
    const server = await startServer()
    for (const [name, app] of [
      ['a', 'x'],
      ['b', 'x'],
      ['c', 'y'],
    ] as const)
      await server.post(CONFIG_MAPS, { metadata: { name, labels: { app } } })
    const answer = await server.delete(`${CONFIG_MAPS}?labelSelector=app%3Dx`)
    assert.equal(answer.json.kind, 'ConfigMapList')
    assert.equal(answer.json.items.length, 2)
    assert.deepEqual(
      (await server.get(CONFIG_MAPS)).json.items.map((item: any) => item.metadata.name),
      ['c'],
    )
  })

  test('an object of another kind in the body of a DELETE is refused', async () => {
    const server = await startServer()
    await server.post(CONFIG_MAPS, configMapNamed('a'))
    assert.equal((await server.delete(`${CONFIG_MAPS}/a`, { kind: 'Pod', apiVersion: 'v1' })).status, 400)
    assert.equal((await server.delete(`${CONFIG_MAPS}/a`, { gracePeriodSeconds: 'soon' })).status, 400)
  })
})

describe('namespaces', () => {
  test('nothing is created in a namespace that is not there', async () => {
    const server = await startServer()
    const answer = await server.post(`${NAMESPACES}/none/configmaps`, configMapNamed('a'))
    assert.equal(answer.status, 404)
    assert.equal(answer.json.message, 'namespaces "none" not found')
  })

  test('three of them may not be deleted', async () => {
    const server = await startServer()
    for (const name of ['default', 'kube-system', 'kube-public']) {
      const answer = await server.delete(`${NAMESPACES}/${name}`)
      assert.equal(answer.status, 403)
      assert.equal(answer.json.message, `namespaces "${name}" is forbidden: this namespace may not be deleted`)
    }
  })

  test('a namespace has its label and its finalizer, and goes when it is finalized', async () => {
    const server = await startServer()
    const created = (await server.post(NAMESPACES, { metadata: { name: 'team' } })).json
    assert.deepEqual(created.metadata.labels, { 'kubernetes.io/metadata.name': 'team' })
    assert.deepEqual(created.spec.finalizers, ['kubernetes'])
    assert.equal(created.status.phase, 'Active')

    const going = (await server.delete(`${NAMESPACES}/team`)).json
    assert.equal(going.status.phase, 'Terminating')
    assert.ok(going.metadata.deletionTimestamp)
    const refused = await server.post(`${NAMESPACES}/team/configmaps`, configMapNamed('a'))
    assert.equal(refused.status, 403)
    assert.equal(refused.json.message, 'configmaps "a" is forbidden: unable to create new content in namespace team because it is being terminated')
    assert.equal(refused.json.details.causes[0].reason, 'NamespaceTerminating')

    assert.equal((await server.delete(`${NAMESPACES}/team`)).json.status.phase, 'Terminating')
    const finalized = await server.put(`${NAMESPACES}/team/finalize`, { metadata: { name: 'team' }, spec: { finalizers: [] } })
    assert.equal(finalized.status, 200, finalized.text)
    assert.equal((await server.get(`${NAMESPACES}/team`)).status, 404)
  })
})
