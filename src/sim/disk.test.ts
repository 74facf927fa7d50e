import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeText } from '../base/bytes.ts'
import { seededRandom } from '../base/random.ts'
import { createMemoryDisk } from './disk.ts'

const newDisk = () => createMemoryDisk({ clock: { wall: () => 1_000 }, random: seededRandom('disk') })

test('a volume made of links, as the kubelet writes it, is read through its links', async () => {
  const disk = newDisk()
  await disk.makeDirectory('/v/..2026')
  await disk.writeFile('/v/..2026/key', 'value', { mode: 0o600 })
  await disk.symlink('..2026', '/v/..data_tmp')
  await disk.rename('/v/..data_tmp', '/v/..data')
  await disk.symlink('..data/key', '/v/key')
  assert.equal(decodeText(await disk.readFile('/v/..data/key')), 'value')
  assert.equal(await disk.readLink('/v/key'), '..data/key')
  await assert.rejects(disk.readFile('/v/key'), { name: 'DiskError' })
  assert.deepEqual(await disk.list('/v'), ['..2026', '..data', 'key'])
})

test('a log grows by appending and can be read from any place', async () => {
  const disk = newDisk()
  for (let i = 0; i < 1_000; i++) await disk.writeFile('/log', `line ${i}\n`, { append: true })
  assert.equal((await disk.stat('/log'))?.size, 8_890)
  assert.equal(decodeText(await disk.readAt('/log', 8_881, 100)), 'line 999\n')
})

test('a watcher hears of changes in its directory until it is closed', async () => {
  const disk = newDisk()
  await disk.makeDirectory('/d')
  let heard = 0
  const watch = disk.watch('/d', () => heard++)
  await disk.writeFile('/d/f', '1')
  await disk.remove('/d/f')
  watch.close()
  await disk.writeFile('/d/f', '2')
  assert.equal(heard, 2)
})

test('with torn writes a crash may shorten what was not synced, and never what was', async () => {
  const disk = newDisk()
  disk.setTornWrites(true)
  await disk.writeFile('/kept', 'x'.repeat(100), { sync: true })
  let shortened = 0
  for (let i = 0; i < 20; i++) {
    await disk.writeFile('/lost', 'x'.repeat(100))
    disk.crash()
    if ((await disk.stat('/lost'))!.size < 100) shortened++
  }
  assert.equal((await disk.stat('/kept'))?.size, 100)
  assert.ok(shortened > 10)
})

test('what is not there is named with the right code', async () => {
  const disk = newDisk()
  await assert.rejects(disk.readFile('/none'), { code: 'NotFound' })
  await assert.rejects(disk.writeFile('/none/file', ''), { code: 'NotFound' })
  await disk.writeFile('/file', '')
  await assert.rejects(disk.list('/file'), { code: 'NotADirectory' })
  await assert.rejects(disk.symlink('x', '/file'), { code: 'Exists' })
  await disk.remove('/none')
  assert.equal(await disk.stat('/none/deeper'), undefined)
})
