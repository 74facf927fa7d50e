import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { ConfigMap, startCluster } from '../../src/index.ts'

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
