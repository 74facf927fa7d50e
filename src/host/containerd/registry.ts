/**
 * A registry for one containerd that has the images which were loaded from files, and no others. It is on the loopback
 * address, or, for a node with a network of its own, on the machine's end of its cable, and answers nobody else.
 *
 * `imagePullPolicy: Always` (the default for `:latest`) asks a registry even when the image is here. containerd is told
 * to ask this one first; for an image that was loaded it finds it and is content, for any other it goes on to the real one.
 * It reads containerd's content store, so an image that has been removed there is gone here too.
 */
import { createReadStream } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { NodeNetwork } from '../node_places.ts'
import { registryHosts } from './config.ts'
import type { ContainerdPaths } from './config.ts'
import { loadedImages } from './images.ts'

export interface Registry {
  /** `127.0.0.1:port`, or the machine's as the node sees it. */
  readonly address: string
  close(): Promise<void>
}

export async function startRegistry(paths: ContainerdPaths, network?: Pick<NodeNetwork, 'address' | 'machineAddress'>): Promise<Registry> {
  const { machineAddress, address: caller } = network ?? { machineAddress: '127.0.0.1', address: '127.0.0.1' }
  const server = createServer((request, response) => {
    if (request.socket.remoteAddress !== caller) return refuse(response, 403, 'DENIED', 'this registry is for its own node')
    answer(paths, request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, machineAddress, resolve))
  const address = `${machineAddress}:${(server.address() as AddressInfo).port}`
  // containerd reads it anew for every pull.
  await writeFile(join(paths.registryHosts, '_default', 'hosts.toml'), registryHosts(address))
  return {
    address,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The distribution API as far as pulling needs it. */
async function answer(paths: ContainerdPaths, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://registry')
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, 'UNSUPPORTED', 'this registry is read-only')
  if (url.pathname === '/v2/') return void response.writeHead(200, { 'content-type': 'application/json' }).end('{}')

  const [, repository, kind, reference] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(url.pathname) ?? []
  if (!repository || !reference) return refuse(response, 404, 'NAME_UNKNOWN', 'no such path')
  const blob = await findBlob(paths, `${url.searchParams.get('ns') ?? 'docker.io'}/${repository}`, reference)
  const size =
    blob &&
    (await stat(blobPath(paths, blob.digest)).then(
      ({ size }) => size,
      () => undefined,
    ))
  if (!blob || size === undefined) {
    return refuse(response, 404, kind === 'blobs' ? 'BLOB_UNKNOWN' : 'MANIFEST_UNKNOWN', 'not an image that was loaded from a file')
  }
  response.writeHead(200, { 'content-type': blob.mediaType, 'content-length': size, 'docker-content-digest': blob.digest })
  if (request.method === 'HEAD') return void response.end()
  await pipeline(createReadStream(blobPath(paths, blob.digest)), response)
}

interface Blob {
  readonly digest: string
  readonly mediaType: string
}

/** By tag, or by a digest that one of this repository's images is made of: nothing else of the content store is shown. */
async function findBlob(paths: ContainerdPaths, repository: string, reference: string): Promise<Blob | undefined> {
  const images = await loadedImages(paths)
  if (!reference.startsWith('sha256:')) return images[`${repository}:${reference}`]
  for (const [name, image] of Object.entries(images)) {
    if (name.slice(0, name.lastIndexOf(':')) !== repository) continue
    const part = await partOf(paths, image, reference)
    if (part) return part
  }
  return undefined
}

interface Manifest {
  readonly manifests?: readonly Blob[]
  readonly config?: Blob
  readonly layers?: readonly Blob[]
}

async function partOf(paths: ContainerdPaths, root: Blob, digest: string): Promise<Blob | undefined> {
  if (root.digest === digest) return root
  if (!/manifest|index/.test(root.mediaType)) return undefined
  const text = await readFile(blobPath(paths, root.digest), 'utf8').catch(() => '{}')
  const { manifests = [], config, layers = [] } = JSON.parse(text) as Manifest
  for (const child of [...manifests, ...(config ? [config] : []), ...layers]) {
    const part = await partOf(paths, child, digest)
    if (part) return part
  }
  return undefined
}

const blobPath = (paths: ContainerdPaths, digest: string) => {
  const hash = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1] ?? 'none'
  return join(paths.root, 'io.containerd.content.v1.content/blobs/sha256', hash)
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ errors: [{ code, message }] }))
}
