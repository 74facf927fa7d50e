/** metrics.k8s.io, and the way to a kubelet's own figures: what the API server answers, whoever has collected them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { UsageReadings } from '../../src/api/usage.ts'
import type { Request, Transport } from '../../src/base/transport.ts'
import { podNamed, PODS, startServer } from './harness.ts'

const METRICS = '/apis/metrics.k8s.io/v1beta1'
const AT = Date.UTC(2026, 0, 1, 12)

const readings: UsageReadings = {
  node: name => (name === 'a' ? { at: AT, windowMs: 15_003, usage: { cpuNanoCores: 250_000_000, memoryBytes: 512 * 2 ** 20 } } : undefined),
  pod: (_, name) =>
    name === 'unread'
      ? undefined
      : {
          at: AT,
          windowMs: 15_003,
          containers: [
            { name: 'main', usage: { cpuNanoCores: 1_234_567.4, memoryBytes: 1_000_000 } },
            { name: 'side', usage: { cpuNanoCores: 0, memoryBytes: 0 } },
          ],
        },
}

/** Nodes a and b; Pods web, api, unread (all Running), and one that waits. */
async function begin() {
  const server = await startServer({ usage: readings })
  for (const name of ['a', 'b']) await server.post('/api/v1/nodes', { metadata: { name } })
  for (const name of ['web', 'api', 'unread', 'waiting']) {
    await server.post(PODS, podNamed(name, { metadata: { name, labels: { app: name } } }))
    if (name !== 'waiting') await server.patch(`${PODS}/${name}/status`, 'merge', { status: { phase: 'Running' } })
  }
  return server
}

const names = ({ json }: { json: any }): string[] => json.items.map(({ metadata }: any) => metadata.name)

describe('metrics.k8s.io', () => {
  test('a PodMetrics has the name and labels of its Pod, and a quantity for each container', async () => {
    const { json } = await (await begin()).get(`${METRICS}/namespaces/default/pods/web`)
    assert.deepEqual(
      { ...json, metadata: { ...json.metadata, creationTimestamp: undefined } },
      {
        kind: 'PodMetrics',
        apiVersion: 'metrics.k8s.io/v1beta1',
        metadata: { name: 'web', namespace: 'default', labels: { app: 'web' }, creationTimestamp: undefined },
        timestamp: '2026-01-01T12:00:00Z',
        window: '15.003s',
        containers: [
          { name: 'main', usage: { cpu: '1234567n', memory: '1000000' } },
          { name: 'side', usage: { cpu: '0', memory: '0' } },
        ],
      },
    )
  })

  test('a NodeMetrics likewise', async () => {
    const { json } = await (await begin()).get(`${METRICS}/nodes`)
    assert.equal(json.kind, 'NodeMetricsList')
    assert.deepEqual(
      json.items.map(({ metadata, usage }: any) => [metadata.name, usage]),
      [['a', { cpu: '250m', memory: '512Mi' }]],
    )
  })

  test('lists hold the Pods that run and have been read, selected by namespace, label and name', async () => {
    const server = await begin()
    assert.deepEqual(names(await server.get(`${METRICS}/pods`)), ['api', 'web'])
    assert.deepEqual(names(await server.get(`${METRICS}/namespaces/default/pods?labelSelector=app%3Dweb`)), ['web'])
    assert.deepEqual(names(await server.get(`${METRICS}/namespaces/default/pods?fieldSelector=metadata.name%3Dapi`)), ['api'])
    assert.deepEqual(names(await server.get(`${METRICS}/namespaces/other/pods`)), [])
    const refused = await server.get(`${METRICS}/pods?fieldSelector=spec.nodeName%3Da`)
    assert.deepEqual([refused.status, refused.json.message], [400, 'field label not supported: spec.nodeName'])
  })

  test('what has no figures is not found, under the name that metrics-server gives it', async () => {
    const server = await begin()
    for (const [path, message] of [
      ['/namespaces/default/pods/unread', 'podmetrics.metrics.k8s.io "default/unread" not found'],
      ['/namespaces/default/pods/waiting', 'podmetrics.metrics.k8s.io "default/waiting" not found'],
      ['/namespaces/default/pods/none', 'podmetrics.metrics.k8s.io "default/none" not found'],
      ['/nodes/b', 'nodemetrics.metrics.k8s.io "b" not found'],
    ] as const) {
      const { status, json } = await server.get(`${METRICS}${path}`)
      assert.deepEqual([status, json.reason, json.message], [404, 'NotFound', message])
    }
  })

  test('a table has a column for each resource', async () => {
    const { json } = await (await begin()).get(`${METRICS}/pods`, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } })
    assert.deepEqual(
      json.columnDefinitions.map(({ name }: any) => name),
      ['Name', 'cpu', 'memory', 'window'],
    )
    assert.deepEqual(json.rows[1].cells, ['web', '1234567n', '1000000', '15.003s'])
  })

  test('nothing of it can be watched or written', async () => {
    const server = await begin()
    for (const answer of [
      await server.get(`${METRICS}/pods?watch=true`),
      await server.delete(`${METRICS}/namespaces/default/pods/web`),
      await server.post(`${METRICS}/nodes`, { metadata: { name: 'c' } }),
    ])
      assert.deepEqual([answer.status, answer.json.reason], [405, 'MethodNotAllowed'])
  })

  test('discovery names it, and a server without figures is not available', async () => {
    const server = await startServer()
    const { json } = await server.get(METRICS)
    assert.deepEqual(
      json.resources.map(({ name, kind, namespaced, verbs }: any) => [name, kind, namespaced, verbs]),
      [
        ['nodes', 'NodeMetrics', false, ['get', 'list']],
        ['pods', 'PodMetrics', true, ['get', 'list']],
      ],
    )
    const answer = await server.get(`${METRICS}/nodes`)
    assert.deepEqual([answer.status, answer.json.reason], [503, 'ServiceUnavailable'])
  })
})

describe('the proxy to a node', () => {
  async function withKubelet() {
    const asked: Request[] = []
    const kubelet: Transport = async request => {
      asked.push(request)
      return { status: 200, headers: { 'content-type': 'text/plain' }, body: { is: 'bytes', bytes: new TextEncoder().encode('from the kubelet') } }
    }
    const server = await startServer({ kubelets: name => (name === 'a' ? kubelet : undefined) })
    for (const name of ['a', 'b']) await server.post('/api/v1/nodes', { metadata: { name } })
    return { server, asked }
  }

  test('leads to its kubelet, with path and query', async () => {
    const { server, asked } = await withKubelet()
    for (const node of ['a', 'a:10250', 'https:a:10250', 'https:a:']) {
      const { text } = await server.get(`/api/v1/nodes/${node}/proxy/stats/summary?only_cpu_and_memory=true`)
      assert.equal(text, 'from the kubelet', node)
      const { method, path, query, user } = asked.pop()!
      assert.deepEqual([method, path, query.get('only_cpu_and_memory'), user?.name], ['GET', '/stats/summary', 'true', 'kube-apiserver-kubelet-client'])
    }
  })

  test('leads nowhere else, and only for those who may', async () => {
    const { server, asked } = await withKubelet()
    assert.equal((await server.get('/api/v1/nodes/none/proxy/pods')).status, 404)
    assert.match((await server.get('/api/v1/nodes/b/proxy/pods')).json.message, /error dialing backend/)
    assert.match((await server.get('/api/v1/nodes/a:22/proxy/pods')).json.message, /leads to the kubelet of a node and to no other port/)
    assert.equal((await server.get('/api/v1/nodes/a/proxy/pods', { as: { name: 'jane', groups: ['system:authenticated'] } })).status, 403)
    assert.deepEqual(asked, [])
  })
})
