/** Mounts need root; without it nothing here can be shown. */
import assert from 'node:assert/strict'
import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { DiskError } from '../base/disk.ts'
import type { Mounts } from '../base/mounts.ts'
import { createMounts } from './mounts.ts'
import { createProcesses } from './processes.ts'

async function reasonToSkip(): Promise<string | false> {
  if (process.getuid?.() !== 0) return 'only root may mount'
  const { exitCode, stderr } = await createProcesses()
    .run('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/tmp'])
    .catch(error => ({ exitCode: 1, stderr: String(error) }))
  return exitCode === 0 ? false : `mounting is not possible here: ${stderr.trim()}`
}

describe('mounts of the machine', { skip: await reasonToSkip() }, () => {
  const mounts: Mounts = createMounts(createProcesses())
  let base = ''
  before(async () => {
    base = await mkdtemp(join(tmpdir(), 'poise-mounts-'))
  })
  after(async () => {
    await mounts.unmountBelow(base)
    await rm(base, { recursive: true })
  })
  const directory = async (name: string): Promise<string> => {
    await mkdir(join(base, name), { recursive: true })
    return join(base, name)
  }

  it('a file system in memory has the size and the mode that were asked for', async () => {
    const path = await directory('memory')
    assert.equal(await mounts.isMounted(path), false)
    await mounts.memory(path, { mode: 0o2777, bytes: 65_536, groupId: 1234 })
    assert.equal(await mounts.isMounted(path), true)
    const { mode, gid } = await stat(path)
    assert.deepEqual([(mode & 0o7777).toString(8), gid], ['2777', 1234])
    await assert.rejects(writeFile(join(path, 'large'), Buffer.alloc(200_000)), /ENOSPC/)
  })

  it('what is bound is the file or directory itself, and what is missing is made', async () => {
    const [root, target] = [await directory('root'), join(base, 'targets')]
    await mkdir(join(root, 'a'))
    await writeFile(join(root, 'a', 'file'), 'inside')
    await mounts.bindInside(root, ['a', 'file'], join(target, '0'), { mode: 0o777 })
    assert.equal(await readFile(join(target, '0'), 'utf8'), 'inside')
    await mounts.bindInside(root, ['new', 'deep'], join(target, '1'), { mode: 0o777 })
    await writeFile(join(target, '1', 'x'), 'y')
    assert.equal(await readFile(join(root, 'new', 'deep', 'x'), 'utf8'), 'y')
    assert.equal((await stat(join(root, 'new'))).mode & 0o7777, 0o777)
    // Again, for a container that starts anew: one mount, not two above each other.
    await mounts.bindInside(root, ['a'], join(target, '1'), { mode: 0o777 })
    assert.equal(await readFile(join(target, '1', 'file'), 'utf8'), 'inside')
  })

  it('a link is never followed, not even for making what is missing', async () => {
    const [root, outside] = [await directory('cage'), await directory('outside')]
    await mkdir(join(root, 'a'))
    await symlink(outside, join(root, 'a', 'way-out'))
    for (const parts of [
      ['a', 'way-out'],
      ['a', 'way-out', 'made'],
    ])
      await assert.rejects(mounts.bindInside(root, parts, join(base, 'refused'), { mode: 0o777 }), { name: 'DiskError' })
    assert.deepEqual(await mounts.isMounted(join(base, 'refused')), false)
    await assert.rejects(lstat(join(outside, 'made')), { code: 'ENOENT' })
  })

  it('a directory that turns into a link and back all the time is bound as itself, or not at all', async () => {
    const [root, outside] = [await directory('race'), await directory('race-outside')]
    await writeFile(join(outside, 'secret'), '')
    const [name, away, link] = [join(root, 'name'), join(root, 'away'), join(root, 'link')]
    await mkdir(name)
    await symlink(outside, link)
    let isOver = false
    // What a hostile container would do: the same name is a directory and a link to another place by turns.
    const swapping = (async () => {
      while (!isOver) {
        await rename(name, away)
        // A directory that was made for whoever asked in between gives way to the link.
        await rm(name, { recursive: true, force: true })
        await rename(link, name).catch(() => undefined)
        if ((await lstat(name)).isSymbolicLink()) await rename(name, link)
        await rename(away, name)
      }
    })()
    const target = join(base, 'race-target')
    let [bound, refused] = [0, 0]
    for (let round = 0; round < 5000 && (bound < 20 || refused < 20); round++) {
      try {
        await mounts.bindInside(root, ['name'], target, { mode: 0o777 })
        bound++
        assert.deepEqual(await readdir(target), [], 'nothing from outside is seen')
      } catch (error) {
        if (!(error instanceof DiskError)) throw error
        refused++
      }
    }
    isOver = true
    await swapping
    assert.ok(bound > 0, `bound ${bound} times, refused ${refused} times`)
  })

  it('all mounts below a directory end, those within others first', async () => {
    const outer = await directory('outer')
    await mounts.memory(outer, { mode: 0o755 })
    await mkdir(join(outer, 'inner with space'))
    await mounts.memory(join(outer, 'inner with space'), { mode: 0o755 })
    await mounts.unmountBelow(outer)
    assert.deepEqual(
      [await mounts.isMounted(outer), await mounts.isMounted(join(outer, 'inner with space'))],
      [true, false],
      "the directory itself is somebody else's",
    )
    await mounts.memory(join(outer, 'inner with space'), { mode: 0o755 })
    await mounts.unmountBelow(base)
    assert.equal(await mounts.isMounted(outer), false)
    await mounts.unmountBelow(join(base, 'never-was'))
  })
})
