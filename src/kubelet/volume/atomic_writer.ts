/**
 * Files that change all at once. A reader sees the old set or the new one, never some of each:
 *
 *   key ─▶ ..data/key        ..data ─▶ ..2026_01_02_03_04_05.123456789/
 *
 * A new directory is filled, then the link `..data` is replaced in one step.
 */
import type { Disk } from '../../base/disk.ts'
import type { Host } from '../../base/host.ts'
import { giveToGroup } from './ownership.ts'

/** By path within the volume; a path may have directories in it. */
export type Payload = ReadonlyMap<string, PayloadFile>
export interface PayloadFile {
  readonly data: Uint8Array
  readonly mode: number
  /** Whose it is. Default: root's. */
  readonly userId?: number
}

const MODES = { volume: 0o777, directory: 0o755 }

/** Returns whether anything was written: an unchanged payload leaves the files alone. */
export async function writeAtomically({ disk, clock, random }: Host, directory: string, payload: Payload, groupId?: number): Promise<boolean> {
  const current = await disk.readLink(`${directory}/..data`).catch(() => undefined)
  if (current && (await isSame(disk, `${directory}/${current}`, payload))) return false

  if (!current) {
    await disk.makeDirectory(directory, { mode: MODES.volume })
    if (groupId !== undefined) await giveToGroup(disk, directory, 'directory', MODES.volume, groupId)
  }
  const fresh = `..${stamp(clock.wall())}.${random.below(2 ** 31)}`
  await fill(disk, `${directory}/${fresh}`, payload, groupId)
  await disk.remove(`${directory}/..data_tmp`)
  const link = async (target: string, path: string) => {
    await disk.symlink(target, path)
    if (groupId !== undefined) await giveToGroup(disk, path, 'link', 0, groupId)
  }
  await link(fresh, `${directory}/..data_tmp`)
  await disk.rename(`${directory}/..data_tmp`, `${directory}/..data`)

  const wanted = new Set([...payload.keys()].map(path => path.split('/')[0]!))
  const present = await disk.list(directory)
  for (const name of wanted) if (!present.includes(name)) await link(`..data/${name}`, `${directory}/${name}`)
  for (const name of present) if (!name.startsWith('..') && !wanted.has(name)) await disk.remove(`${directory}/${name}`)
  // Of the one before, and of those that a kubelet which died in here has left.
  for (const name of present) if (name.startsWith('..') && name !== fresh && name !== '..data') await disk.remove(`${directory}/${name}`)
  return true
}

/** Everything has its owner and its mode before anybody can see it. */
async function fill(disk: Disk, directory: string, payload: Payload, groupId: number | undefined): Promise<void> {
  const made = new Set<string>()
  const makeDirectory = async (path: string) => {
    if (made.has(path)) return
    made.add(path)
    await disk.makeDirectory(path, { mode: MODES.directory })
    if (groupId !== undefined) await giveToGroup(disk, path, 'directory', MODES.directory, groupId)
  }
  await makeDirectory(directory)
  for (const [path, { data, mode, userId }] of payload) {
    const parts = path.split('/')
    for (let depth = 1; depth < parts.length; depth++) await makeDirectory([directory, ...parts.slice(0, depth)].join('/'))
    const file = `${directory}/${path}`
    await disk.writeFile(file, data, { mode })
    if (groupId !== undefined) await giveToGroup(disk, file, 'file', mode, groupId, userId)
    else if (userId !== undefined) await disk.changeOwner(file, userId, 0)
  }
}

async function isSame(disk: Disk, directory: string, payload: Payload): Promise<boolean> {
  const files = await filesBelow(disk, directory, '')
  if (files.length !== payload.size) return false
  for (const path of files) {
    const wanted = payload.get(path)
    if (!wanted) return false
    const data = await disk.readFile(`${directory}/${path}`)
    if (data.length !== wanted.data.length || !data.every((byte, index) => byte === wanted.data[index])) return false
  }
  return true
}

async function filesBelow(disk: Disk, directory: string, prefix: string): Promise<string[]> {
  const files: string[] = []
  for (const name of await disk.list(`${directory}/${prefix}`).catch(() => [])) {
    const path = prefix ? `${prefix}/${name}` : name
    const info = await disk.stat(`${directory}/${path}`)
    if (info?.kind === 'directory') files.push(...(await filesBelow(disk, directory, path)))
    else files.push(path)
  }
  return files
}

/** `2026_01_02_03_04_05`. */
const stamp = (wallMs: number): string => new Date(wallMs).toISOString().slice(0, 19).replace(/[-T:]/g, '_')
