import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { clusterDirectories } from './directories.ts'
import { processStart } from './process_start.ts'
import { temporaryDirectory } from './temporary_directory.ts'
import { abandonedFiles, makeThrowawayFiles } from './throwaway_directories.ts'

const namesIn = async (env: { POISE_HOME: string }, networkFiles: readonly string[] = []) => {
  const found = await abandonedFiles(env, networkFiles)
  await Promise.all(found.map(files => files.release()))
  return found.map(({ name }) => name)
}

test('files of a throw-away cluster are nobody else’s until they are removed, and nothing is left of them then', async t => {
  const { path, remove } = await temporaryDirectory('poise-')
  t.after(remove)
  const env = { POISE_HOME: path }
  const files = await makeThrowawayFiles(env, 'check')
  assert.match(files.name, /^check-[0-9a-f]{4}$/)
  assert.deepEqual(await namesIn(env), [])
  await files.remove()
  assert.deepEqual(await namesIn(env), [])
})

test('files of a process that was killed are found by one at a time', async t => {
  const { path, remove } = await temporaryDirectory('poise-')
  t.after(remove)
  const env = { POISE_HOME: path }
  const { name, release } = await makeThrowawayFiles(env, 'check')
  await release()
  const gone = spawn('sleep', ['60'])
  const owner = { pid: gone.pid!, started: await processStart(gone.pid!), id: 'x' }
  await writeFile(join(path, 'throw-away', 'locks', name), JSON.stringify(owner))
  assert.deepEqual(await namesIn(env), [], 'as long as it lives')
  gone.kill('SIGKILL')
  await once(gone, 'exit')
  const [mine, ...others] = await abandonedFiles(env)
  assert.deepEqual([mine?.name, others], [name, []])
  assert.deepEqual(await namesIn(env), [])
  await mine!.remove()
  assert.deepEqual(await namesIn(env), [])
})

test('files of a killed process are found in another home by the addresses they had, and those of a cluster with a name are not', async t => {
  const { path, remove } = await temporaryDirectory('poise-')
  t.after(remove)
  const env = { POISE_HOME: join(path, 'mine') }
  const { name, directories, release } = await makeThrowawayFiles({ POISE_HOME: join(path, 'theirs') }, 'check')
  assert.deepEqual(await namesIn(env, [directories.network]), [], 'as long as it lives')
  await release()
  assert.deepEqual(await namesIn(env), [])
  assert.deepEqual(await namesIn(env, [directories.network, directories.network]), [name])
  const named = clusterDirectories({ POISE_HOME: join(path, 'theirs') }, 'shop')
  await mkdir(named.root, { recursive: true })
  assert.deepEqual(await namesIn(env, [named.network, join(path, 'gone', 'throw-away', 'clusters', 'check-0000', 'network.json'), 'network.json']), [])
})
