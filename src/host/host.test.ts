import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { silentLog, type LogFields } from '../base/log.ts'
import { createHost } from './host.ts'
import { createLog } from './log.ts'
import { createProcesses } from './processes.ts'

test('a timer never fires before its deadline, nor inside at(), and not after it was cancelled', async () => {
  const { clock } = createHost({ log: silentLog })
  const deadline = clock.now() + 5
  const fired: string[] = []
  clock.at(clock.now() - 1, () => fired.push('past'))
  assert.equal(fired.length, 0)
  clock.at(deadline, () => fired.push('cancelled')).cancel()
  const far = clock.at(clock.now() + 2 ** 40, () => fired.push('far'))
  await new Promise<void>(resolve => clock.at(deadline, resolve))
  assert.ok(clock.now() >= deadline)
  assert.deepEqual(fired, ['past'])
  far.cancel()
})

test('two hosts with one seed draw the same, and without a seed they do not', () => {
  const draw = (seed?: string) => {
    const { random } = createHost({ log: silentLog, ...(seed && { seed }) })
    return [random.below(2 ** 31), random.below(2 ** 31)]
  }
  assert.deepEqual(draw('7'), draw('7'))
  assert.notDeepEqual(draw(), draw())
})

test('a task that fails is logged by its name, and one that is stopped is not', async () => {
  const lines: [string, LogFields | undefined][] = []
  const log = { ...silentLog, error: (message: string, fields?: LogFields) => void lines.push([message, fields]) }
  const host = createHost({ log })
  await host.spawn('doomed', () => {
    throw new Error('boom')
  }).ended
  assert.equal(lines[0]?.[1]?.['task'], 'doomed')
  const task = host.spawn('patient', signal => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))))
  await task.stop()
  assert.equal(lines.length, 1)
})

test('a program gives its output and exit code, dies at its timeout, and rejects when there is none', async () => {
  const { processes } = createHost({ log: silentLog })
  assert.deepEqual(await processes.run('sh', ['-c', 'cat; echo $GREETING >&2; exit 3'], { stdin: 'in', env: { GREETING: 'hello' } }), {
    exitCode: 3,
    stdout: 'in',
    stderr: 'hello\n',
  })
  assert.equal((await processes.run('sleep', ['60'], { timeoutMs: 20 })).exitCode, 137)
  await assert.rejects(processes.run('/no/such/program', []), /ENOENT/)
})

test('a program that is run through another one rejects when there is none, too, and its own code is its own', async () => {
  const processes = createProcesses(['nsenter', '--'])
  assert.equal((await processes.run('sh', ['-c', 'exit 127'])).exitCode, 127)
  await assert.rejects(processes.run('no-such-program', []), /failed to execute no-such-program/)
})

test('files are written, appended, read in part, listed and removed', async t => {
  const { disk, directory } = await withDisk(t)
  const file = join(directory, 'a/b/file')
  await disk.makeDirectory(join(directory, 'a/b'), { mode: 0o777 })
  assert.equal((await disk.stat(join(directory, 'a/b')))?.mode, 0o777)
  await disk.writeFile(file, 'hello', { mode: 0o666 })
  await disk.writeFile(file, ' world', { append: true, sync: true })
  assert.equal((await disk.stat(file))?.mode, 0o666)
  assert.equal(String(Buffer.from(await disk.readAt(file, 6, 100))), 'world')
  assert.equal(String(Buffer.from(await disk.readFile(file, { bytesMax: 4 }))), 'hell')
  assert.equal(String(Buffer.from(await disk.readFile(file))), 'hello world')
  assert.deepEqual(await disk.list(join(directory, 'a')), ['b'])
  await disk.remove(join(directory, 'a'))
  await disk.remove(join(directory, 'a'))
  assert.equal(await disk.stat(file), undefined)
  await assert.rejects(disk.readFile(file), { name: 'DiskError', code: 'NotFound' })
  await assert.rejects(disk.readFile(directory), { code: 'IsADirectory' })
})

test('nothing leads out through a link in the last part of a path', async t => {
  const { disk, directory } = await withDisk(t)
  const secret = join(directory, 'secret')
  const link = join(directory, 'link')
  await writeFile(secret, 'secret', { mode: 0o600 })
  await symlink(secret, link)
  await assert.rejects(disk.readFile(link), { name: 'DiskError' })
  await assert.rejects(disk.readAt(link, 0, 10), { name: 'DiskError' })
  await assert.rejects(disk.writeFile(link, 'changed'), { name: 'DiskError' })
  await assert.rejects(disk.changeMode(link, 0o777), { name: 'DiskError' })
  assert.equal((await disk.stat(link))?.kind, 'link')
  await disk.remove(link)
  assert.equal(await readFile(secret, 'utf8'), 'secret')
  assert.equal((await disk.stat(secret))?.mode, 0o600)
})

test('a watched file reports that it was replaced', async t => {
  const { disk, directory } = await withDisk(t)
  const file = join(directory, 'watched')
  await disk.writeFile(file, '1')
  await new Promise<void>(resolve => {
    const watch = disk.watch(file, () => {
      watch.close()
      resolve()
    })
    void disk.writeFile(`${file}.new`, '2').then(() => disk.rename(`${file}.new`, file))
  })
})

test('a log drops what is below its level, carries the fields of its parents and prints both forms', async t => {
  const { directory } = await withDisk(t)
  const lines: string[] = []
  const text = createLog({ write: line => lines.push(line), wall: () => 0 })
  text.child({ component: 'kubelet' }).warn('a Pod waits', { pod: 'default/web', why: 'no "image"', tries: 2 })
  text.debug('unseen')
  assert.deepEqual(lines, ['1970-01-01T00:00:00.000Z warn a Pod waits component=kubelet pod=default/web why="no \\"image\\"" tries=2'])
  const file = join(directory, 'log')
  const json = createLog({ format: 'json', file, level: 'debug', wall: () => 0 })
  json.debug('seen', { error: new Error('why'), circle: Object.assign(Object.create(null), { big: 1n }) as unknown })
  json.close()
  const parsed = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
  assert.match(String(parsed['error']), /^Error: why\n/)
  assert.deepEqual([parsed['level'], parsed['message'], parsed['circle']], ['debug', 'seen', { big: '1' }])
})

async function withDisk(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'poise-host-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return { directory, disk: createHost({ log: silentLog }).disk }
}
