/** Conformance, sig-node: ConfigMap, Secrets, Lease and Node Lifecycle, as objects of the API. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubernetesObject } from '../../src/api/meta.ts'
import { ApiError } from '../../src/api/status.ts'
import type { ObjectList } from '../../src/client/client.ts'
import { ConfigMap } from '../../src/api/kinds/config_map.ts'
import { beginConformance, NAMESPACE, type Ground } from './conformance.ts'

const CONFIG_MAPS = `/api/v1/namespaces/${NAMESPACE}/configmaps`
const SECRETS = `/api/v1/namespaces/${NAMESPACE}/secrets`
const LEASES = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases`
const MERGE = 'application/merge-patch+json'
const STRATEGIC = 'application/strategic-merge-patch+json'

type Thing = KubernetesObject & { data?: Record<string, string>; spec: Record<string, unknown> }
const namesIn = async (ground: Ground, path: string): Promise<(string | undefined)[]> =>
  ((await ground.send('GET', path)) as ObjectList<Thing>).items.map(({ metadata }) => metadata.name)

const refusedAsInvalid = (error: unknown): boolean => error instanceof ApiError && error.code === 422 && error.status.reason === 'Invalid'

test('ConfigMap should fail to create ConfigMap with empty key', async () => {
  await using ground = await beginConformance('empty key')
  const refused = ground.send('POST', CONFIG_MAPS, { metadata: { name: 'empty' }, data: { '': 'value-1' } })
  await assert.rejects(refused, refusedAsInvalid)
})

test('Secrets should fail to create secret due to empty secret key', async () => {
  await using ground = await beginConformance('empty secret key')
  const refused = ground.send('POST', SECRETS, { metadata: { name: 'empty' }, data: { '': 'dmFsdWUtMQ==' } })
  await assert.rejects(refused, refusedAsInvalid)
})

test('ConfigMap should run through a ConfigMap lifecycle', async () => {
  await using ground = await beginConformance('ConfigMap')
  const events: string[] = []
  const watch = ground.client.watch(
    ConfigMap,
    { namespace: NAMESPACE, labelSelector: 'test-configmap-static=true' },
    {
      event: ({ type, object }) => void events.push(`${type} ${(object as ConfigMap).data?.['valueName']}`),
      ended: () => undefined,
    },
  )
  const labels = { 'test-configmap-static': 'true' }
  await ground.send('POST', CONFIG_MAPS, { metadata: { name: 'test-configmap', labels }, data: { valueName: 'value' } })
  await ground.send(
    'PATCH',
    `${CONFIG_MAPS}/test-configmap`,
    { metadata: { labels: { 'test-configmap': 'patched' } }, data: { valueName: 'value1' } },
    STRATEGIC,
  )
  const found = (await ground.send('GET', `${CONFIG_MAPS}/test-configmap`)) as Thing
  assert.deepEqual([found.data, found.metadata.labels], [{ valueName: 'value1' }, { ...labels, 'test-configmap': 'patched' }])
  assert.deepEqual(await namesIn(ground, '/api/v1/configmaps?labelSelector=test-configmap-static%3Dtrue'), ['test-configmap'], 'in all namespaces')
  await ground.send('DELETE', `${CONFIG_MAPS}?labelSelector=test-configmap-static%3Dtrue`)
  assert.deepEqual(await namesIn(ground, `${CONFIG_MAPS}?labelSelector=test-configmap-static%3Dtrue`), [])
  await ground.advance(1)
  watch.stop()
  assert.deepEqual(events, ['ADDED value', 'MODIFIED value1', 'DELETED value1'])
})

test('Secrets should patch a secret', async () => {
  await using ground = await beginConformance('Secret')
  await ground.send('POST', SECRETS, { metadata: { name: 'secret', labels: { testsecret: 'true' } }, data: { key: 'dmFsdWU=' }, type: 'Opaque' })
  assert.deepEqual(await namesIn(ground, '/api/v1/secrets?labelSelector=testsecret%3Dtrue'), ['secret'])
  const patch = { metadata: { labels: { testsecret: 'patched' } }, data: { key: 'dmFsdWUx' } }
  await ground.send('PATCH', `${SECRETS}/secret`, patch, STRATEGIC)
  const found = (await ground.send('GET', `${SECRETS}/secret`)) as Thing
  assert.deepEqual([found.data, found.metadata.labels], [{ key: 'dmFsdWUx' }, { testsecret: 'patched' }])
  await ground.send('DELETE', `${SECRETS}?labelSelector=testsecret%3Dpatched`)
  assert.deepEqual(await namesIn(ground, '/api/v1/secrets?labelSelector=testsecret'), [])
})

test('Lease lease API should be available', async () => {
  await using ground = await beginConformance('Lease')
  const spec = {
    holderIdentity: 'holder',
    leaseDurationSeconds: 30,
    acquireTime: '2026-01-01T00:00:00.000000Z',
    renewTime: '2026-01-01T00:00:05.000000Z',
    leaseTransitions: 0,
  }
  await ground.send('POST', LEASES, { metadata: { name: 'lease' }, spec })
  const read = (await ground.send('GET', `${LEASES}/lease`)) as Thing
  assert.deepEqual(read.spec, spec)

  const renewed = {
    holderIdentity: 'holder2',
    leaseDurationSeconds: 60,
    acquireTime: spec.renewTime,
    renewTime: '2026-01-01T00:01:00.000000Z',
    leaseTransitions: 1,
  }
  assert.deepEqual(((await ground.send('PUT', `${LEASES}/lease`, { ...read, spec: renewed })) as Thing).spec, renewed)
  await ground.send('PATCH', `${LEASES}/lease`, { spec: { holderIdentity: 'holder3', leaseTransitions: null } }, STRATEGIC)
  const { leaseTransitions: _, ...rest } = renewed
  assert.deepEqual(((await ground.send('GET', `${LEASES}/lease`)) as Thing).spec, { ...rest, holderIdentity: 'holder3' })

  await ground.send('POST', LEASES, { metadata: { name: 'lease2', labels: { deletecollection: 'true' } }, spec })
  assert.deepEqual(await namesIn(ground, LEASES), ['lease', 'lease2'])
  await ground.send('DELETE', `${LEASES}?labelSelector=deletecollection%3Dtrue`)
  assert.deepEqual(await namesIn(ground, LEASES), ['lease'])
  await ground.send('DELETE', `${LEASES}/lease`)
  await assert.rejects(ground.send('GET', `${LEASES}/lease`), /leases\.coordination\.k8s\.io "lease" not found/)
})

test('Node Lifecycle should run through the lifecycle of a node', async () => {
  await using ground = await beginConformance('Node')
  const NODES = '/api/v1/nodes'
  const labelled = `${NODES}?labelSelector=e2e-fake-node%3Dpatched`
  await ground.send('POST', NODES, { metadata: { name: 'e2e-fake-node' }, status: { phase: 'Running' } })
  assert.deepEqual(await namesIn(ground, NODES), ['e2e-fake-node', 'node-0'])
  await ground.send('PATCH', `${NODES}/e2e-fake-node`, { metadata: { labels: { 'e2e-fake-node': 'patched' } } }, MERGE)
  assert.deepEqual(await namesIn(ground, labelled), ['e2e-fake-node'])
  const node = (await ground.send('GET', `${NODES}/e2e-fake-node`)) as Thing
  const updated = (await ground.send('PUT', `${NODES}/e2e-fake-node`, {
    ...node,
    metadata: { ...node.metadata, labels: { ...node.metadata.labels, 'e2e-fake-node-2': 'updated' } },
  })) as Thing
  assert.equal(updated.metadata.labels?.['e2e-fake-node-2'], 'updated')
  await ground.send('DELETE', `${NODES}/e2e-fake-node`)
  assert.deepEqual(await namesIn(ground, labelled), [])
})
