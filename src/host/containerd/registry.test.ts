import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { containerdPaths } from './config.ts'
import { startRegistry } from './registry.ts'
import type { Registry } from './registry.ts'

let directory: string
let registry: Registry
let url: string
const blobs: Record<'layer' | 'config' | 'manifest' | 'secret', string> = { layer: '', config: '', manifest: '', secret: '' }

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'poise-registry-'))
  const paths = containerdPaths(directory)
  const store = join(paths.root, 'io.containerd.content.v1.content/blobs/sha256')
  await mkdir(store, { recursive: true })
  await mkdir(join(paths.registryHosts, '_default'), { recursive: true })
  const put = async (text: string) => {
    const hash = createHash('sha256').update(text).digest('hex')
    await writeFile(join(store, hash), text)
    return `sha256:${hash}`
  }
  blobs.layer = await put('a layer')
  blobs.secret = await put('part of an image that was pulled with a password')
  blobs.config = await put('{"os":"linux"}')
  blobs.manifest = await put(
    JSON.stringify({
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: blobs.config },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: blobs.layer }],
    }),
  )
  await writeFile(
    paths.loadedImages,
    JSON.stringify({
      'docker.io/library/busybox:latest': { digest: blobs.manifest, mediaType: 'application/vnd.oci.image.manifest.v1+json' },
      'docker.io/library/removed:v1': { digest: `sha256:${'0'.repeat(64)}`, mediaType: 'application/vnd.oci.image.manifest.v1+json' },
    }),
  )
  registry = await startRegistry(paths)
  url = `http://${registry.address}`
})

after(async () => {
  await registry.close()
  await rm(directory, { recursive: true })
})

test('containerd is told where to ask first', async () => {
  const hosts = await readFile(join(containerdPaths(directory).registryHosts, '_default/hosts.toml'), 'utf8')
  assert.match(hosts, new RegExp(`\\[host."${url}"\\]\n +capabilities = \\["pull", "resolve"\\]`))
})

test('a loaded image is served by tag and by digest, with its parts', async () => {
  assert.equal((await fetch(`${url}/v2/`)).status, 200)
  const head = await fetch(`${url}/v2/library/busybox/manifests/latest?ns=docker.io`, { method: 'HEAD' })
  assert.deepEqual(
    [head.status, head.headers.get('docker-content-digest'), head.headers.get('content-type')],
    [200, blobs.manifest, 'application/vnd.oci.image.manifest.v1+json'],
  )
  const manifest = await fetch(`${url}/v2/library/busybox/manifests/${blobs.manifest}?ns=docker.io`)
  assert.equal(((await manifest.json()) as { config: { digest: string } }).config.digest, blobs.config)
  assert.equal(await (await fetch(`${url}/v2/library/busybox/blobs/${blobs.layer}?ns=docker.io`)).text(), 'a layer')
})

test('nothing else is: other tags, other registries, removed images, parts of other images, paths, writing', async () => {
  const refused = [
    '/v2/library/busybox/manifests/v2?ns=docker.io',
    '/v2/library/busybox/manifests/latest?ns=quay.io',
    '/v2/library/removed/manifests/v1?ns=docker.io',
    `/v2/library/busybox/blobs/${blobs.secret}?ns=docker.io`,
    `/v2/library/other/blobs/${blobs.layer}?ns=docker.io`,
    '/v2/library/busybox/blobs/sha256:..%2f..%2fmeta.db?ns=docker.io',
    '/v2/_catalog',
    '/',
    '/v2/library/__proto__/manifests/x',
  ]
  for (const path of refused) assert.equal((await fetch(url + path)).status, 404, path)
  assert.equal((await fetch(`${url}/v2/library/busybox/blobs/uploads/`, { method: 'POST' })).status, 405)
})

test("a node's registry is on the machine's end of its cable, and answers that node only", async () => {
  const other = await mkdtemp(join(tmpdir(), 'poise-registry-'))
  const paths = containerdPaths(other)
  await mkdir(join(paths.registryHosts, '_default'), { recursive: true })
  const own = await startRegistry(paths, { machineAddress: '127.0.0.2', address: '127.0.0.3' })
  try {
    assert.match(own.address, /^127\.0\.0\.2:/)
    const answerTo = (localAddress: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        get(`http://${own.address}/v2/`, { localAddress }, response => resolve(response.resume().statusCode)).on('error', reject)
      })
    assert.deepEqual([await answerTo('127.0.0.3'), await answerTo('127.0.0.1')], [200, 403])
  } finally {
    await own.close()
    await rm(other, { recursive: true })
  }
})
