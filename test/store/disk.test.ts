import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openDurableStore } from '../../src/host/store_lmdb.ts'
import { Compacted } from '../../src/store/store.ts'
import { put, remove, stamp, watchAll } from '../contracts/store_steps.ts'

const root = mkdtempSync(join(tmpdir(), 'poise-store-'))
let directories = 0
const newDirectory = () => join(root, `v1.${directories++}`, 'state.d')
const open = (directory: string) => openDurableStore(directory, { stamp })
after(() => rmSync(root, { recursive: true }))

test('a store opened again holds what it held, goes on counting and has forgotten the past', async () => {
  const directory = newDirectory()
  const first = await open(directory)
  await put(first, '/b', { n: 1, text: 'grün \u{1f600}' })
  await put(first, '/a', { n: 2 })
  await put(first, '/b', { n: 3, text: 'grün \u{1f600}' })
  await put(first, '/c\u{1f600}', { n: 4 })
  await put(first, '/gone', {})
  await remove(first, '/gone')
  const before = (await first.list('')).items.map(({ key, value, revision, created }) => ({ key, value, revision, created }))
  await first.close()

  const second = await open(directory)
  assert.equal(second.revision, 6)
  assert.equal(second.oldest, 6)
  const { items } = await second.list('')
  assert.equal(Buffer.from(items[1]!.json()).toString(), '{"n":3,"text":"grün \u{1f600}","version":"3"}')
  assert.deepEqual(
    items.map(({ key, value, revision, created }) => ({ key, value, revision, created })),
    before,
  )
  assert.ok(Object.isFrozen(items[0]!.value))
  assert.throws(() => second.watch('', 5, () => {}), Compacted)
  const { seen } = watchAll(second, '', 6)
  assert.equal(await put(second, '/a', { n: 5 }), 7)
  assert.deepEqual(
    seen.map(({ revision, previous }) => [revision, previous?.value]),
    [[7, { n: 2, version: '2' }]],
  )
  await second.close()
})

test('a value that cannot be encoded fails alone', async () => {
  const store = await open(newDirectory())
  const [bad, good] = await Promise.allSettled([store.commit([{ key: '/bad', value: { n: 1n } }]), put(store, '/good', {})])
  assert.equal(bad.status, 'rejected')
  assert.deepEqual(good, { status: 'fulfilled', value: 1 })
  await store.close()
})

test('nobody else may read the files of a store', async () => {
  const directory = newDirectory()
  const store = await open(directory)
  const mode = (path: string) => (statSync(join(directory, path)).mode & 0o777).toString(8)
  assert.deepEqual(['.', 'objects'].map(mode), ['700', '700'])
  assert.deepEqual(['lock', 'format.json', 'objects/data.mdb', 'objects/lock.mdb'].map(mode), ['600', '600', '600', '600'])
  await store.close()
  assert.deepEqual(readdirSync(directory).sort(), ['format.json', 'objects'])
})

test('a store is open once at a time, and the message says in which process', async () => {
  const directory = newDirectory()
  const store = await open(directory)
  await assert.rejects(open(directory), {
    name: 'StoreUnusable',
    message: `${directory} is open in this process. Stop that one first, or use another directory.`,
  })
  await store.close()

  writeFileSync(join(directory, 'lock'), lockOf(process.ppid))
  await assert.rejects(open(directory), new RegExp(`is open in process ${process.ppid}\\. Stop that one first`))
  rmSync(join(directory, 'lock'))
  await (await open(directory)).close()
})

test('of many that start at once one gets the store', async () => {
  const directory = newDirectory()
  await (await open(directory)).close()
  writeFileSync(join(directory, 'lock'), JSON.stringify({ pid: process.pid, started: 'long ago' }))
  const stores = await Promise.allSettled(Array.from({ length: 8 }, () => open(directory)))
  const opened = stores.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  assert.equal(opened.length, 1)
  await opened[0]!.close()
})

test('the lock of a process that is gone is taken over, also when its number is in use again', async () => {
  const directory = newDirectory()
  await (await open(directory)).close()
  const gone = spawnSync('true').pid
  for (const lock of [
    { pid: gone, started: 'once' },
    { pid: process.pid, started: 'another boot 1' },
  ]) {
    writeFileSync(join(directory, 'lock'), JSON.stringify(lock))
    await (await open(directory)).close()
  }
})

test('a store of another format is refused and left alone', async () => {
  const directory = newDirectory()
  await (await open(directory)).close()
  writeFileSync(join(directory, 'format.json'), '{"format":2}\n')
  await assert.rejects(open(directory), {
    name: 'StoreUnusable',
    message: `${directory} holds a store of format 2; this version of Poise knows format 1. Use the version that wrote it, or another directory.`,
  })
  writeFileSync(join(directory, 'format.json'), 'hello')
  await assert.rejects(open(directory), /format\.json cannot be read/)
  writeFileSync(join(directory, 'format.json'), '{"format":1}\n')
  await (await open(directory)).close()
})

test('a first start that was cut off anywhere does not stand in the way of the next', async () => {
  for (const left of [
    [],
    [['data.mdb', '']],
    [
      ['data.mdb', 'half a page'],
      ['lock.mdb', ''],
    ],
  ]) {
    const directory = newDirectory()
    mkdirSync(join(directory, 'objects'), { recursive: true })
    for (const [name, content] of left) writeFileSync(join(directory, 'objects', name!), content!)
    writeFileSync(join(directory, 'format.json.new'), '{"for')
    const store = await open(directory)
    assert.equal(await put(store, '/a', {}), 1)
    await store.close()
    const again = await open(directory)
    assert.equal(again.revision, 1)
    await again.close()
  }
})

test('pages of a commit that was never finished are ignored', async () => {
  const directory = newDirectory()
  const store = await open(directory)
  await put(store, '/a', { n: 1 })
  await store.close()
  appendFileSync(join(directory, 'objects', 'data.mdb'), Buffer.alloc(50_000, 0xa5))
  const again = await open(directory)
  assert.deepEqual((await again.get('/a'))?.value, { n: 1, version: '1' })
  for (let n = 0; n < 20; n++) await put(again, `/more/${n}`, { fill: 'y'.repeat(5_000) })
  await again.close()
  const third = await open(directory)
  assert.equal((await third.list('/more/')).items.length, 20)
  await third.close()
})

test('a damaged file is an error that says what to do, not a crash', async () => {
  for (const damage of [(file: string) => truncateSync(file, statSync(file).size >> 1), (file: string) => writeFileSync(file, Buffer.alloc(65_536))]) {
    const directory = newDirectory()
    const store = await open(directory)
    await Promise.all(Array.from({ length: 200 }, (_, n) => put(store, `/${n}`, { fill: 'z'.repeat(3_000) })))
    await store.close()
    damage(join(directory, 'objects', 'data.mdb'))
    await assert.rejects(
      open(directory),
      /objects cannot be read: .*\. If the disk and the permissions are in order, it is damaged: restore the directory around it/,
    )
    await assert.rejects(open(directory), { name: 'StoreUnusable' }, 'the failed attempt has released its lock')
  }
})

test('a full disk acknowledges nothing, shows nothing, and is written to again once there is room', () => {
  const directory = newDirectory()
  const writer = join(import.meta.dirname, 'full_disk_writer.js')
  const script = `trap '' XFSZ; ulimit -S -f 1000; exec "$0" "$1" "$2"`
  const { stdout, stderr, status } = spawnSync('bash', ['-c', script, process.execPath, writer, directory], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  const { whenFull, ...later } = JSON.parse(stdout) as { whenFull: { revision: number; items: number; acknowledged: number; full: string[]; again: string } }
  const { acknowledged } = whenFull
  assert.ok(acknowledged > 8)
  assert.deepEqual([whenFull.revision, whenFull.items], [acknowledged, acknowledged])
  for (const refusal of [...whenFull.full, whenFull.again]) assert.match(refusal, /^StoreFailed: nothing was written: the disk refused: /)
  assert.deepEqual(later, { afterwards: acknowledged + 1, removed: true, revision: acknowledged + 2, seen: acknowledged + 2 })
})

/** A lock as that process would hold it: what is in a lock of our own, with its number and its start. */
function lockOf(pid: number): string {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return JSON.stringify({ pid, started: `${boot} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}` })
}
