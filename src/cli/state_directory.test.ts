import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { temporaryDirectory } from '../host/temporary_directory.ts'
import { UserError } from './output.ts'
import { explainFullDisk, makeStateDirectory } from './state_directory.ts'

const ROOM = /^Set POISE_HOME to a directory that this user can write, with room on its disk\.$/

test('a state directory is made with its parents, for this user alone; one that cannot be is told with what to do', async () => {
  const directory = await temporaryDirectory('poise-state-')
  try {
    const deep = join(directory.path, 'a', 'b')
    await makeStateDirectory(deep)
    await makeStateDirectory(deep)
    assert.equal((await stat(deep)).mode & 0o777, 0o700)
    const file = join(directory.path, 'file')
    await writeFile(file, '')
    // Not even root makes one there.
    for (const [path, code] of [
      ['/proc/not-here/state', '\\w+'],
      [join(file, 'state'), 'ENOTDIR'],
    ] as const)
      await assert.rejects(makeStateDirectory(path), (error: unknown) => {
        assert.ok(error instanceof UserError)
        assert.match(error.message, new RegExp(`^the state directory ${path} cannot be written \\(${code}\\)$`))
        assert.match(error.next!, ROOM)
        return true
      })
  } finally {
    await directory.remove()
  }
})

test('several that make a state directory at the same time all have it', async () => {
  const directory = await temporaryDirectory('poise-state-')
  try {
    const deep = join(directory.path, 'a', 'b', 'c')
    await Promise.all(Array.from({ length: 10 }, () => makeStateDirectory(deep)))
    assert.equal((await stat(deep)).mode & 0o777, 0o700)
  } finally {
    await directory.remove()
  }
})

test('a full disk is told as one, whoever has found it so', async () => {
  // Every write to it finds the disk full.
  const byNode = await writeFile('/dev/full', 'x').catch((error: unknown) => error)
  const byProgram = await promisify(execFile)('dd', ['if=/dev/zero', 'of=/dev/full', 'bs=1', 'count=1'], { env: { ...process.env, LC_ALL: 'C' } }).catch(
    (error: unknown) => error,
  )
  const byContainerd = new Error('mkdir /state/io.containerd: no space left on device')
  for (const found of [byNode, byProgram, byContainerd]) {
    const told = explainFullDisk(found, '/state')
    assert.ok(told instanceof UserError, String(found))
    assert.equal(told.message, `the disk of /state has no room for the cluster: ${(found as Error).message}`)
    assert.equal(told.next, 'Make room there, or set POISE_HOME to a directory on another disk.')
  }
  const other = new Error('no such file')
  assert.equal(explainFullDisk(other, '/state'), other)
})
