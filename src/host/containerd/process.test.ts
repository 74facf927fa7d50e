import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '../temporary_directory.ts'
import { containerdPaths } from './config.ts'
import { launchContainerd } from './process.ts'

test('a containerd whose number cannot be written down is ended, and not left to nobody', async () => {
  const directory = await temporaryDirectory('poise-launch-')
  try {
    const containerd = join(directory.path, 'containerd')
    await writeFile(containerd, '#!/bin/sh\nsleep 10\n:\n', { mode: 0o755 })
    // Every write to this one finds the disk full.
    const paths = { ...containerdPaths(directory.path), config: join(directory.path, 'config.toml'), log: join(directory.path, 'log'), pid: '/dev/full' }
    await assert.rejects(launchContainerd({ containerd }, paths, undefined), { code: 'ENOSPC' })
    assert.deepEqual(await processesWith(paths.config), [])
  } finally {
    await directory.remove()
  }
})

async function processesWith(word: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
  const lines = await Promise.all(pids.map(async pid => ({ pid, line: await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') })))
  return lines.flatMap(({ pid, line }) => (line.split('\0').includes(word) ? [pid] : []))
}
