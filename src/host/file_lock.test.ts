import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { withFileLock } from './file_lock.ts'

async function lockPath(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'poise-lock-'))
  t.after(() => rm(directory, { recursive: true }))
  return join(directory, 'lock')
}

/** What a process that no longer lives has left behind. */
const STALE = JSON.stringify({ pid: 999_999_999, started: 'long ago', id: 'stale' })

test('only one at a time is inside, also when all find the lock of a process that died', async t => {
  const path = await lockPath(t)
  let inside = 0
  let entered = 0
  for (let round = 0; round < 15; round++) {
    await writeFile(path, STALE)
    const contender = () =>
      withFileLock(path, async () => {
        assert.equal(++inside, 1, `round ${round}: two hold the lock`)
        entered++
        await new Promise(resolve => setImmediate(resolve))
        inside--
      })
    await Promise.all(Array.from({ length: 8 }, contender))
  }
  assert.equal(entered, 15 * 8)
  assert.deepEqual(await readdir(join(path, '..')), [])
})

test('one who died while breaking a lock keeps nobody from it', async t => {
  const path = await lockPath(t)
  const { createHash } = await import('node:crypto')
  const rightTo = (lock: string, text: string) => `${lock}.${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
  const breaker = JSON.stringify({ pid: 999_999_998, started: 'long ago', id: 'breaker' })
  await writeFile(path, STALE)
  await writeFile(rightTo(path, STALE), breaker)
  await writeFile(rightTo(rightTo(path, STALE), breaker), JSON.stringify({ pid: 999_999_997, started: 'long ago', id: 'second' }))
  assert.equal(await withFileLock(path, async () => 'inside'), 'inside')
  assert.deepEqual(await readdir(join(path, '..')), [])
})

test('a lock that was cut short by a full disk is nobody’s', async t => {
  const path = await lockPath(t)
  await writeFile(path, '{"pid":')
  assert.equal(await withFileLock(path, async () => 'inside'), 'inside')
})
