/** What Pods and Services serve, seen through the API, in the simulated network. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../../src/api/kinds/pod.ts'
import { Service } from '../../src/api/kinds/service.ts'
import { isReady } from '../../src/api/pod.ts'
import type { Draft } from '../../src/client/client.ts'
import { administrator } from '../../src/cluster/identities.ts'
import { startVirtualCluster } from '../../src/launch/virtual_cluster.ts'

const BASE = '/api/v1/namespaces/default'

async function begin() {
  const cluster = await startVirtualCluster({ seed: 1 })
  const { client, run } = cluster
  const key = { namespace: 'default', name: 'web' }
  const containers = [{ name: 'main', image: 'nginx:1', ports: [{ name: 'http', containerPort: 80 }] }]
  await run(client.create(Pod, { metadata: { ...key, labels: { app: 'web' } }, spec: { containers } } as unknown as Draft<Pod>))
  await run(
    client.create(Service, {
      metadata: key,
      spec: { selector: { app: 'web' }, ports: [{ name: 'front', port: 8080, targetPort: 'http' }] },
    } as unknown as Draft<Service>),
  )
  await run(client.create(Service, { metadata: { ...key, name: 'empty' }, spec: { ports: [{ port: 80 }] } } as unknown as Draft<Service>))
  for (let i = 0; i < 100 && !isReady(await run(client.get(Pod, key))); i++) await cluster.advance(100)
  await cluster.advance(100)
  const ask = async (path: string, method = 'GET', headers: Record<string, string> = {}) => {
    const {
      status,
      headers: answered,
      body,
    } = await run(
      cluster.cluster.handle({
        method,
        path,
        query: new URLSearchParams(),
        headers,
        body: { is: 'none' },
        user: administrator,
        signal: new AbortController().signal,
      }),
    )
    const text = body.is === 'bytes' ? new TextDecoder().decode(body.bytes) : body.is === 'object' ? (body.object as { message: string }).message : ''
    return { status, text, location: answered.location }
  }
  return { cluster, ask }
}

test('the proxy of a Pod and of a Service leads to what they serve', async () => {
  const { cluster, ask } = await begin()
  await using _ = cluster
  for (const path of [
    'pods/web/proxy/',
    'pods/web:80/proxy/',
    'pods/http:web:80/proxy/',
    'services/web/proxy/',
    'services/web:8080/proxy/',
    'services/web:front/proxy/',
  ]) {
    const { status, text } = await ask(`${BASE}/${path}`)
    assert.equal(status, 200, path)
    assert.match(text, /nginx/i, path)
  }
  assert.equal((await ask(`${BASE}/pods/web/proxy/nothing/here`)).status, 404, 'the path goes on to the server')
})

test('a path that ends at the proxy is sent to its root, so that relative links hold', async () => {
  const { cluster, ask } = await begin()
  await using _ = cluster
  assert.deepEqual(await ask(`${BASE}/pods/web/proxy`), { status: 301, text: '', location: `${BASE}/pods/web/proxy/` })
})

test('what cannot be reached says why', async () => {
  const { cluster, ask } = await begin()
  await using _ = cluster
  const says = async (path: string, method?: string, headers?: Record<string, string>) => {
    const { status, text } = await ask(`${BASE}/${path}`, method, headers)
    return `${status} ${text}`
  }
  assert.equal(await says('pods/nobody/proxy/'), '404 pods "nobody" not found')
  assert.match(await says('pods/web:81/proxy/'), /^503 error trying to reach service: .*connection refused$/)
  assert.match(await says('pods/web:nonsense/proxy/'), /^400 invalid port "nonsense"/)
  assert.match(await says('pods/ftp:web:21/proxy/'), /^400 invalid pod request "ftp:web:21"$/)
  assert.equal(await says('services/empty/proxy/'), '503 no endpoints available for service "empty"')
  assert.equal(await says('services/web:81/proxy/'), '503 no service port "81" found for service "web"')
  assert.match(await says('pods/web/proxy/', 'GET', { upgrade: 'websocket', connection: 'upgrade' }), /^501 connections cannot be upgraded/)
})
