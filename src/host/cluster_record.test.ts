import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { listClusterNames, readClusterRecord, removeClusterRecord, writeClusterRecord, type ClusterRecord } from './cluster_record.ts'
import { processStart } from './process_start.ts'

const RECORD = {
  name: 'one',
  server: 'https://127.0.0.1:1',
  runtime: 'simulated',
  containerdSockets: [],
  store: 'memory',
  kubeconfig: [],
  version: '0',
  nodes: ['one'],
  startedAt: '2026-01-01T00:00:00Z',
} as const

async function directory(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'poise-record-'))
  t.after(() => rm(path, { recursive: true }))
  return path
}

test('a record names this process, which runs', async t => {
  const file = join(await directory(t), 'cluster.json')
  await writeClusterRecord(file, RECORD)
  const read = await readClusterRecord(file)
  assert.equal(read?.running, true)
  assert.equal(read.record.pid, process.pid)
  await removeClusterRecord(file)
  await removeClusterRecord(file)
  assert.equal(await readClusterRecord(file), undefined)
})

test('the record of a process that has ended, or whose number another one has now, does not run', async t => {
  const file = join(await directory(t), 'cluster.json')
  await writeClusterRecord(file, RECORD)
  const mine = JSON.parse(await readFile(file, 'utf8')) as ClusterRecord
  await writeFile(file, JSON.stringify({ ...mine, startTicks: '1' }))
  assert.equal((await readClusterRecord(file))?.running, false)

  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'ignore' })
  const startTicks = await processStart(child.pid!)
  await writeFile(file, JSON.stringify({ ...mine, pid: child.pid, startTicks }))
  assert.equal((await readClusterRecord(file))?.running, true)
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.equal((await readClusterRecord(file))?.running, false)
})

test('a record that is not readable is none', async t => {
  const file = join(await directory(t), 'cluster.json')
  await writeFile(file, '{"name":')
  assert.equal(await readClusterRecord(file), undefined)
})

test('clusters are the directories, sorted; before the first one there are none', async t => {
  const root = await directory(t)
  for (const name of ['two', 'one']) await mkdir(join(root, name))
  await writeFile(join(root, '.address-ranges.lock'), '')
  assert.deepEqual(await listClusterNames(root), ['one', 'two'])
  assert.deepEqual(await listClusterNames(join(root, 'none')), [])
})
