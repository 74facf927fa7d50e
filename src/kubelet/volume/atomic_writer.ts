/**
 * Files that change all at once. A reader sees the old set or the new one, never some of each:
 *
 *   key ─▶ ..data/key        ..data ─▶ ..2026_01_02_03_04_05.123456789/
 *
 * A new directory is filled, then the link `..data` is replaced in one step.
 */
import type { Disk } from '../../base/disk.ts'
import type { Host } from '../../base/host.ts'

/** By path within the volume; a path may have directories in it. */
export type Payload = ReadonlyMap<string, PayloadFile>
export interface PayloadFile {
  readonly data: Uint8Array
  readonly mode: number
}

/** Returns whether anything was written: an unchanged payload leaves the files alone. */
export async function writeAtomically({ disk, clock, random }: Host, directory: string, payload: Payload, groupId?: number): Promise<boolean> {
  await disk.makeDirectory(directory, { mode: 0o777 })
  const current = await disk.readLink(`${directory}/..data`).catch(() => undefined)
  if (current && (await isSame(disk, `${directory}/${current}`, payload))) return false

  const fresh = `..${stamp(clock.wall())}.${random.below(2 ** 31)}`
  await disk.makeDirectory(`${directory}/${fresh}`, { mode: 0o755 })
  for (const [path, { data, mode }] of payload) {
    const file = `${directory}/${fresh}/${path}`
    await makeParents(disk, `${directory}/${fresh}`, path)
    await disk.writeFile(file, data, { mode: groupId === undefined ? mode : mode | 0o440 })
    if (groupId !== undefined) await disk.changeOwner(file, 0, groupId)
  }
  await disk.remove(`${directory}/..data_tmp`)
  await disk.symlink(fresh, `${directory}/..data_tmp`)
  await disk.rename(`${directory}/..data_tmp`, `${directory}/..data`)

  const wanted = new Set([...payload.keys()].map(path => path.split('/')[0]!))
  const present = await disk.list(directory)
  for (const name of wanted) if (!present.includes(name)) await disk.symlink(`..data/${name}`, `${directory}/${name}`)
  for (const name of present) if (!name.startsWith('..') && !wanted.has(name)) await disk.remove(`${directory}/${name}`)
  if (current) await disk.remove(`${directory}/${current}`)
  return true
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

async function makeParents(disk: Disk, root: string, path: string): Promise<void> {
  const parts = path.split('/').slice(0, -1)
  for (let depth = 1; depth <= parts.length; depth++) await disk.makeDirectory([root, ...parts.slice(0, depth)].join('/'), { mode: 0o755 })
}

/** `2026_01_02_03_04_05`. */
const stamp = (wallMs: number): string => new Date(wallMs).toISOString().slice(0, 19).replace(/[-T:]/g, '_')
