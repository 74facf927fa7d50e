/**
 * Makes image archives from Debian packages, because no registry can be reached where the tests run.
 *
 *   recipe ─▶ apt-get download ─▶ unpack ─▶ busybox's applets, files of our own ─▶ one layer ─▶ OCI archive
 *
 * Everything is kept in the cache directory; a second call only looks.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { RECIPES } from './recipes.ts'
import type { Recipe } from './recipes.ts'

const run = promisify(execFile)

/** A machine on which no images can be made: tests that need them are skipped with this reason. */
export class ImagesUnavailable extends Error {
  override readonly name = 'ImagesUnavailable'
}

/** Paths of archives that hold the images of these names (`busybox`, `nginx:1.12-alpine`). */
export async function buildImages(names: readonly string[], cacheDirectory: string): Promise<string[]> {
  const wanted = new Set(names.map(name => recipeOf(name)))
  const archives: string[] = []
  for (const recipe of wanted) archives.push(await buildImage(recipe, cacheDirectory))
  return archives
}

function recipeOf(name: string): Recipe {
  const tagged = name.includes(':') ? name : `${name}:latest`
  const recipe = RECIPES.find(({ names }) => names.includes(tagged))
  if (!recipe) throw new Error(`no recipe makes the image ${tagged}`)
  return recipe
}

async function buildImage(recipe: Recipe, cacheDirectory: string): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(recipe)).update(BUILDER_VERSION).digest('hex').slice(0, 12)
  const archive = join(cacheDirectory, `${recipe.names[0]!.replace(/\W+/g, '-')}-${hash}.tar`)
  if (await exists(archive)) return archive
  await mkdir(cacheDirectory, { recursive: true })
  const work = await mkdtemp(join(cacheDirectory, 'build-'))
  try {
    const root = join(work, 'root')
    await mkdir(root)
    await furnish(root, recipe, join(cacheDirectory, 'packages'))
    await pack(join(work, 'layer.tar'), root, '.')
    await writeLayout(join(work, 'layout'), await readFile(join(work, 'layer.tar')), recipe)
    await pack(join(work, 'image.tar'), join(work, 'layout'), '.')
    await rename(join(work, 'image.tar'), archive)
    return archive
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Part of the cache's keys: raise it when this file makes other images from the same recipe. */
const BUILDER_VERSION = '4'

async function furnish(root: string, recipe: Recipe, packageDirectory: string): Promise<void> {
  // As on Debian itself: packages that still carry /bin or /lib must land below /usr.
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    await mkdir(join(root, 'usr', name), { recursive: true })
    await symlink(`usr/${name}`, join(root, name))
  }
  for (const path of await download(await withLibraries(recipe.packages), packageDirectory)) {
    await run('sh', ['-ec', 'dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink -C "$2"', 'sh', path, root])
  }
  for (const path of UNNEEDED) await rm(join(root, path), { recursive: true, force: true })
  for (const [name, other] of Object.entries(recipe.renamedApplets ?? {})) await renameApplet(join(root, 'usr/bin/busybox'), name, other)
  await linkApplets(root)
  for (const [path, mode] of Object.entries(recipe.directories)) {
    await mkdir(join(root, path), { recursive: true })
    await chmod(join(root, path), mode)
  }
  for (const [from, to] of Object.entries(recipe.moves ?? {})) {
    await mkdir(dirname(join(root, to)), { recursive: true })
    await rename(join(root, from), join(root, to))
  }
  for (const [path, text] of Object.entries(recipe.files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await rm(join(root, path), { force: true })
    if (text.startsWith('-> ')) await symlink(text.slice('-> '.length), join(root, path))
    else await writeFile(join(root, path), text, { mode: text.startsWith('#!') ? 0o755 : 0o644 })
  }
}

const UNNEEDED = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/locale',
  'usr/share/lintian',
  'usr/share/bash-completion',
  'usr/share/i18n',
  'usr/share/initramfs-tools',
  'usr/lib/x86_64-linux-gnu/gconv',
  'usr/lib/x86_64-linux-gnu/dri',
  'etc/init.d',
  'etc/logrotate.d',
  'etc/ufw',
  'usr/lib/systemd',
]

/** In the program's table of applets, whose order must stay that of the alphabet. */
async function renameApplet(busybox: string, name: string, other: string): Promise<void> {
  const program = await readFile(busybox)
  const at = program.indexOf(`\0${name}\0`)
  if (at < 0 || name.length !== other.length) throw new Error(`busybox has no applet ${name} that could be called ${other}`)
  program.write(other, at + 1)
  await writeFile(busybox, program)
}

/** Every applet that no package has brought as a program of its own. */
async function linkApplets(root: string): Promise<void> {
  const { stdout } = await run(join(root, 'usr/bin/busybox'), ['--list-full'])
  for (const path of stdout.trim().split('\n')) {
    const target = join(root, path.startsWith('usr/') ? path : `usr/${path}`)
    await mkdir(dirname(target), { recursive: true })
    await symlink('/bin/busybox', target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

/** The packages and, from package to package, the shared libraries they depend on; never scripts' interpreters and the like. */
async function withLibraries(packages: readonly string[]): Promise<string[]> {
  const all = new Set(packages)
  // One call a level: every call reads apt's whole cache first.
  for (let level = [...packages]; level.length > 0;) {
    const { stdout } = await apt('apt-cache', ['depends', '--important', ...level])
    const dependencies = [...stdout.matchAll(/^ {2}(?:Pre)?Depends: (\S+)$/gm)].map(([, name]) => name!)
    level = [...new Set(dependencies)].filter(name => /^(lib|zlib)/.test(name) && !all.has(name))
    for (const name of level) all.add(name)
  }
  return [...all]
}

async function download(packages: readonly string[], directory: string): Promise<string[]> {
  await mkdir(directory, { recursive: true })
  const find = async () => {
    const files = await readdir(directory)
    return packages.map(name => files.find(file => file.startsWith(`${name}_`)))
  }
  const missing = (await find()).flatMap((file, i) => (file === undefined ? [packages[i]!] : []))
  if (missing.length > 0) {
    // Other suites may be looking for the same packages: they must not see one that is half there.
    const incoming = await mkdtemp(join(directory, 'incoming-'))
    try {
      await apt('apt-get', ['download', ...missing], incoming)
      for (const file of await readdir(incoming)) await rename(join(incoming, file), join(directory, file))
    } finally {
      await rm(incoming, { recursive: true, force: true })
    }
  }
  return (await find()).flatMap(file => (file === undefined ? [] : [join(directory, file)]))
}

async function apt(command: string, args: readonly string[], cwd?: string) {
  try {
    return await run(command, args, { cwd, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, LC_ALL: 'C' } })
  } catch (error) {
    throw new ImagesUnavailable(
      `images are made from Debian packages, and \`${command} ${args.join(' ')}\` failed: ${String((error as { stderr?: string }).stderr || error).trim()}`,
    )
  }
}

/** Every name is an image of its own over the same layer: containerd calls an image with two names by either of them. */
async function writeLayout(directory: string, layer: Buffer, recipe: Recipe): Promise<void> {
  const created = '2024-01-01T00:00:00Z'
  const images = recipe.names.map(name => {
    const config = json({
      architecture: 'amd64',
      os: 'linux',
      created,
      config: recipe.config,
      rootfs: { type: 'layers', diff_ids: [digest(layer)] },
      history: [{ created, created_by: 'Debian packages', comment: name }],
    })
    const manifest = json({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: descriptor('config.v1+json', config),
      layers: [descriptor('layer.v1.tar', layer)],
    })
    return { name: `docker.io/${name.includes('/') ? name : `library/${name}`}`, config, manifest }
  })
  const index = json({
    schemaVersion: 2,
    manifests: images.map(({ name, manifest }) => ({
      ...descriptor('manifest.v1+json', manifest),
      annotations: { 'io.containerd.image.name': name },
    })),
  })
  await mkdir(join(directory, 'blobs/sha256'), { recursive: true })
  await writeFile(join(directory, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }))
  await writeFile(join(directory, 'index.json'), index)
  for (const blob of [layer, ...images.flatMap(({ config, manifest }) => [config, manifest])]) {
    await writeFile(join(directory, 'blobs/sha256', digest(blob).slice('sha256:'.length)), blob)
  }
}

const pack = (archive: string, directory: string, path: string) =>
  run('tar', ['--sort=name', '--mtime=@0', '--numeric-owner', '--owner=0', '--group=0', '--format=gnu', '-cf', archive, '-C', directory, path])

const descriptor = (type: string, blob: Buffer) => ({ mediaType: `application/vnd.oci.image.${type}`, digest: digest(blob), size: blob.length })
const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const digest = (blob: Buffer) => `sha256:${createHash('sha256').update(blob).digest('hex')}`
const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )
