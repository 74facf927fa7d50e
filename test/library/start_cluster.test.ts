import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { ConfigMap, Node, Pod, Service, startCluster } from '../../src/index.ts'

const LIBRARY = pathToFileURL(join(import.meta.dirname, '..', '..', 'src', 'index.js')).href

test('four clusters in one process know nothing of each other', async () => {
  const clusters = await Promise.all(Array.from({ length: 4 }, () => startCluster()))
  try {
    assert.equal(new Set(clusters.map(({ server }) => server)).size, 4)
    await Promise.all(clusters.map(({ client }, i) => client.create(ConfigMap, { metadata: { namespace: 'default', name: `only-${i}` } })))
    for (const [i, { client }] of clusters.entries()) {
      const names = (await client.list(ConfigMap, { namespace: 'default' })).items.map(({ metadata }) => metadata.name)
      assert.deepEqual(names, ['kube-root-ca.crt', `only-${i}`].toSorted())
    }
  } finally {
    await Promise.all(clusters.map(cluster => cluster.stop()))
  }
})

test('with several nodes, a Pod reaches those of another node by their Service', { timeout: 60_000 }, async () => {
  await using cluster = await startCluster({ nodes: 3 })
  const { client } = cluster
  const namespace = 'default'
  const nodes = (await client.list(Node)).items
  assert.deepEqual(
    nodes.map(({ metadata, spec }) => `${metadata.name} ${spec?.podCIDR?.split('.').slice(2).join('.')}`),
    ['test-1 1.0/24', 'test-2 2.0/24', 'test-3 3.0/24'],
  )
  await client.create(Service, { metadata: { name: 'web', namespace }, spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] } } as never)
  await client.create(Pod, {
    metadata: { name: 'web', namespace, labels: { app: 'web' }, annotations: { 'simulate.poise.dev/main': 'listen=8080' } },
    spec: { nodeName: 'test-2', containers: [{ name: 'main', image: 'server:1' }] },
  } as never)
  const command = ['sh', '-c', 'until wget -qO- http://web; do sleep 1; done']
  await client.create(Pod, {
    metadata: { name: 'client', namespace },
    spec: { nodeName: 'test-1', restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox', command }] },
  } as never)
  for (let phase = ''; phase !== 'Succeeded';) {
    await new Promise(resolve => setTimeout(resolve, 20))
    phase = (await client.get(Pod, { namespace, name: 'client' })).status.phase ?? ''
    assert.notEqual(phase, 'Failed')
  }
})

test('stopping twice is no error, and nothing answers afterwards', async () => {
  const cluster = await startCluster()
  await cluster.stop()
  await cluster.stop()
  await assert.rejects(fetch(`${cluster.server}/readyz`))
})

test('a process ends by itself after its clusters, with no file and no handle left', { timeout: 60_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'poise-library-'))
  try {
    const script = join(directory, 'use.mjs')
    await writeFile(
      script,
      `
      import { startCluster } from ${JSON.stringify(LIBRARY)}
      const clusters = await Promise.all([startCluster(), startCluster()])
      await Promise.all(clusters.map(cluster => cluster.stop()))
      const virtual = await startCluster({ time: 'virtual', seed: 1 })
      await virtual.stop()
      await new Promise(resolve => setTimeout(resolve, 50))
      console.log(JSON.stringify(process.getActiveResourcesInfo().filter(kind => !/^(Pipe|TTY|FSReq)/.test(kind))))
    `,
    )
    const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8', timeout: 50_000, env: { ...process.env, TMPDIR: directory } })
    assert.equal(status, 0, stderr)
    assert.equal(stdout, '[]\n')
    assert.deepEqual(readdirSync(directory), ['use.mjs'])
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})
