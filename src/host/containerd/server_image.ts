/**
 * The image poise.dev/server, made from this machine's own Node.js: servers with the manners somebody asks for, where no
 * registry can be reached.
 *
 *   busybox' root + node, its loader and libraries + the compiled src/host/server ─▶ OCI archive, kept by what it is made of
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { SERVER_IMAGE } from '../../base/server_settings.ts'
import { packageRoot } from '../package_root.ts'
import { busyboxFiles, IMAGE_PATH } from './busybox_image.ts'
import { withoutSymbols } from './elf.ts'
import { ociArchive } from './oci_archive.ts'
import { staticBusybox } from './pause_image.ts'
import type { TarEntry } from './tar.ts'

const PROGRAM = 'host/server/main.js'
/** Beside nothing else, so that no other program of the image finds them by chance. */
const LIBRARIES = 'usr/local/lib/server'

const START = `#!/bin/sh
LD_LIBRARY_PATH=/${LIBRARIES} exec /usr/local/bin/node /opt/poise/${PROGRAM} "$@"
`

/** The path of an archive with the image. It is made when there is none yet of this Node.js and this program. */
export async function serverImageArchive(cacheDirectory: string): Promise<string> {
  const node = await realpath(process.execPath)
  const program = await modulesFrom(join(packageRoot(), 'dist', 'src'), PROGRAM)
  const busybox = await stat((await staticBusybox()).path)
  const { size, mtimeMs } = await stat(node)
  const hash = createHash('sha256').update([START, BUILDER_VERSION, process.version, node, size, mtimeMs, busybox.size, busybox.mtimeMs].join('\n'))
  for (const { name, data } of program) hash.update(name).update(data!)
  const archive = join(cacheDirectory, `server-${hash.digest('hex').slice(0, 12)}.tar`)
  if (await stat(archive).catch(() => undefined)) return archive

  const image = ociArchive({
    names: [SERVER_IMAGE],
    files: [...(await busyboxFiles()), ...below(await nodeFiles(node)), ...below(program.map(entry => ({ ...entry, name: `opt/poise/${entry.name}` })))],
    config: { Entrypoint: ['server'], Env: [IMAGE_PATH] },
  })
  await mkdir(cacheDirectory, { recursive: true })
  // Somebody else may be making the same at this moment: each writes its own, and the last one stays.
  const next = `${archive}.${process.pid}`
  try {
    await writeFile(next, image)
    await rename(next, archive)
  } catch (error) {
    // A full disk would stay full of it.
    await rm(next, { force: true })
    throw error
  }
  for (const name of await readdir(cacheDirectory)) {
    const other = join(cacheDirectory, name)
    const age = Date.now() - ((await stat(other).catch(() => undefined))?.mtimeMs ?? Infinity)
    if (/^server-.*\.tar/.test(name) && age > DAY_MS) await rm(other, { force: true })
  }
  return archive
}

const DAY_MS = 24 * 3600 * 1000

/** Part of the key: raise it when this file makes another image of the same parts. */
const BUILDER_VERSION = '1'

/** A compiled module and what it imports, with paths below `root`. Only what Node.js itself brings may come from elsewhere. */
async function modulesFrom(root: string, first: string): Promise<TarEntry[]> {
  const found = new Map<string, TarEntry>()
  const add = async (path: string): Promise<void> => {
    if (found.has(path)) return
    const data = await readFile(join(root, path))
    found.set(path, { name: path, data })
    for (const [, other = ''] of data.toString().matchAll(/^import .*from '([^']+)'/gm)) {
      if (other.startsWith('.')) await add(join(dirname(path), other))
      else if (!other.startsWith('node:')) throw new Error(`${path} imports ${other}, which the image ${SERVER_IMAGE} does not have`)
    }
  }
  await add(first)
  return [...found.values(), { name: 'package.json', data: new TextEncoder().encode('{"type":"module"}\n') }]
}

/** The program, the loader at the place where the program looks for it, all libraries in one directory, and what they read. */
async function nodeFiles(node: string): Promise<TarEntry[]> {
  const { stdout } = await promisify(execFile)('ldd', [node])
  const needed = stdout.split('\n').flatMap(line => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? [])
  const libraries = await Promise.all(needed.map(async path => ({ path, data: await readFile(path) })))
  const program = withoutSymbols(await readFile(node))
  const scripts = new Set([program, ...libraries.map(({ data }) => data)].flatMap(debianScripts))
  return [
    { name: 'usr/local/bin/node', data: program, mode: 0o755 },
    { name: 'usr/local/bin/server', data: new TextEncoder().encode(START), mode: 0o755 },
    ...libraries.map(({ path, data }) => ({ name: isLoader(path) ? relative('/', path) : `${LIBRARIES}/${basename(path)}`, data, mode: 0o755 })),
    ...(await Promise.all([...scripts].map(async path => ({ name: relative('/', path), data: await readFile(path) })))),
  ]
}

const isLoader = (path: string): boolean => /\/ld[^/]*\.so/.test(path)

/** Debian's Node.js reads parts of its own library from files, whose paths are compiled into it. */
function debianScripts(elf: Buffer): string[] {
  const found: string[] = []
  for (let at = elf.indexOf(DEBIAN_SCRIPTS); at >= 0; at = elf.indexOf(DEBIAN_SCRIPTS, at + 1)) {
    const path = elf.toString('latin1', at, elf.indexOf(0, at))
    if (path.endsWith('.js') && existsSync(path)) found.push(path)
  }
  return found
}

const DEBIAN_SCRIPTS = '/usr/share/nodejs/'

/** With the directories that they are in, each before what it holds. */
function below(entries: readonly TarEntry[]): TarEntry[] {
  const directories = new Set<string>()
  for (const { name } of entries) for (let at = name.indexOf('/'); at > 0; at = name.indexOf('/', at + 1)) directories.add(name.slice(0, at + 1))
  return [...[...directories].toSorted().map(name => ({ name })), ...entries]
}
