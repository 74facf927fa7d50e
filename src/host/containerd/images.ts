/**
 * Images from archives (OCI's layout, or `docker save`) into containerd.
 *
 *   archive ─▶ ctr import ─▶ containerd's image and content stores
 *                                └▶ loaded-images.json: which names were loaded, for the loopback registry
 */
import { readFile, rename, writeFile } from 'node:fs/promises'
import type { Processes } from '../../base/processes.ts'
import { createCriClient } from '../cri/client.ts'
import { listOf, message, of, string, int64 } from '../cri/wire.ts'
import type { ContainerdPaths } from './config.ts'
import type { Machine } from './machine.ts'

export interface ImageStore {
  readonly machine: Pick<Machine, 'ctr'>
  readonly paths: Pick<ContainerdPaths, 'socket' | 'loadedImages'>
  readonly processes: Processes
}

/** By full name, `docker.io/library/busybox:latest`: the digest and type of its manifest or index. */
export type LoadedImages = Readonly<Record<string, { digest: string; mediaType: string }>>

/** The namespace that containerd's CRI part keeps everything in. */
const NAMESPACE = 'k8s.io'

/** Returns the full names of the images in the archive. */
export async function loadImage(store: ImageStore, tarFile: string): Promise<string[]> {
  const before = new Map((await namedImages(store)).map(image => [image.name, image.updatedAt]))
  await importImage(store, tarFile)
  const loaded = (await namedImages(store)).filter(({ name, updatedAt }) => name.includes('/') && updatedAt !== before.get(name))
  const known = await loadedImages(store.paths)
  const named = loaded.filter(({ name }) => !name.includes('@')).map(({ name, digest, mediaType }) => [name, { digest, mediaType }])
  const next = `${store.paths.loadedImages}.next`
  await writeFile(next, JSON.stringify({ ...known, ...Object.fromEntries(named) }, null, 2))
  await rename(next, store.paths.loadedImages)
  return loaded.map(({ name }) => name)
}

export async function loadedImages(paths: Pick<ContainerdPaths, 'loadedImages'>): Promise<LoadedImages> {
  return JSON.parse(await readFile(paths.loadedImages, 'utf8').catch(() => '{}')) as LoadedImages
}

export async function importImage({ machine, paths, processes }: ImageStore, tarFile: string): Promise<void> {
  const result = await processes.run(machine.ctr, ['--address', paths.socket, '--namespace', NAMESPACE, 'images', 'import', tarFile])
  if (result.exitCode !== 0) throw new Error(`${tarFile} could not be loaded: ${(result.stderr || result.stdout).trim()}`)
}

const Descriptor = message({ mediaType: string(1), digest: string(2) })
const Timestamp = message({ seconds: int64(1), nanos: int64(2) })
const Image = message({ name: string(1), target: of(3, Descriptor), updatedAt: of(8, Timestamp) })
const ListRequest = message({})
const ListResponse = message({ images: listOf(1, Image) })

async function namedImages({ paths }: ImageStore) {
  const client = createCriClient(paths.socket)
  try {
    const { images } = await client.call('/containerd.services.images.v1.Images/List', ListRequest, ListResponse, {}, { namespace: NAMESPACE })
    return images.map(({ name, target, updatedAt }) => ({
      name,
      digest: target?.digest ?? '',
      mediaType: target?.mediaType ?? '',
      updatedAt: `${updatedAt?.seconds}.${updatedAt?.nanos}`,
    }))
  } finally {
    client.close()
  }
}
