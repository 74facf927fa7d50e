/** What really ends and really goes: Pods over their limits of local storage, and images that nobody uses. */
import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Pod } from '../../src/api/kinds/pod.ts'
import { podCondition } from '../../src/api/pod.ts'
import { containerdPaths } from '../../src/host/containerd/config.ts'
import { importImage } from '../../src/host/containerd/images.ts'
import { inspectMachine } from '../../src/host/containerd/machine.ts'
import { ociArchive } from '../../src/host/containerd/oci_archive.ts'
import { staticBusybox } from '../../src/host/containerd/pause_image.ts'
import { createDirectories } from '../../src/kubelet/directories.ts'
import { createImageGc } from '../../src/kubelet/image/image_gc.ts'
import { reasonToSkip, startSite, type Namespace, type Site } from './site.ts'

const IMAGES = ['busybox:latest']
/** Far more than it takes: the machine may be busy. */
const PATIENCE_SECONDS = 120

describe('local storage and images on real containers', { skip: await reasonToSkip(IMAGES), concurrency: true }, () => {
  let site: Site
  let namespace: Namespace

  before(async () => {
    // Figures every second instead of every ten, and of volumes every minute.
    site = await startSite(IMAGES, { eviction: { evictionMonitorPeriodMs: 1000 }, volumeStatsAggPeriodMs: 1000 })
    namespace = await site.inNamespace('eviction')
  })
  after(() => site.close())

  test('an emptyDir that outgrows its sizeLimit ends its Pod, and one within it does not', async () => {
    const volumes = (limit: string) => [{ name: 'scratch', emptyDir: { sizeLimit: limit } }]
    const writer = (name: string, limit: string) =>
      run(
        pod(
          name,
          'head -c 3000000 /dev/zero > /scratch/file; sleep 1000',
          { volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }] },
          { volumes: volumes(limit) },
        ),
      )
    await writer('within', '8Mi')
    await namespace.until('within', found => found?.status.phase === 'Running', PATIENCE_SECONDS)
    await writer('over', '1Mi')
    await isEvicted('over', 'Usage of EmptyDir volume "scratch" exceeds the limit "1Mi". ')
    assert.equal((await namespace.pod('within'))?.status.phase, 'Running')
  })

  test('a container that writes more than its limit of ephemeral-storage ends its Pod', async () => {
    const limit = { resources: { limits: { 'ephemeral-storage': '2Mi' } } }
    await run(
      pod('layer', 'head -c 5000000 /dev/zero > /file; sleep 1000', limit, {
        initContainers: [
          { name: 'beside', image: 'busybox', restartPolicy: 'Always', command: ['sleep', '1000'], resources: { limits: { 'ephemeral-storage': '1Gi' } } },
        ],
      }),
    )
    await isEvicted('layer', 'Container main exceeded its local ephemeral storage limit "2Mi". ')
  })

  test('so does one whose logs grow beyond it', async () => {
    await run(
      pod('logs', 'while :; do head -c 100000 /dev/zero | tr "\\0" x; echo; sleep 0.05; done', { resources: { limits: { 'ephemeral-storage': '2Mi' } } }),
    )
    await isEvicted('logs', 'Pod ephemeral local storage usage exceeds the total limit of containers 2Mi. ')
  })

  test('an image that nobody uses goes; one in use stays, and so does one that was loaded from a file', async () => {
    const { runtime, containerd } = site.cluster.nodes[0]!
    const archive = join(site.directories.root, 'image.tar')
    const bring = async (name: string, load: (file: string) => Promise<unknown>) => {
      await writeFile(archive, await tinyImage(name))
      await load(archive)
      await rm(archive)
    }
    // As a registry would have brought them: nothing remembers them.
    const store = { machine: await inspectMachine(), paths: containerdPaths(site.directories.containerd), processes: site.cluster.host.processes }
    for (const name of ['used', 'unused']) await bring(name, file => importImage(store, file))
    await bring('loaded', file => containerd!.loadImage(file))
    await run(pod('user', 'sleep 1000', { image: 'example.com/used:1', imagePullPolicy: 'Never' }))
    await namespace.until('user', found => found?.status.phase === 'Running', PATIENCE_SECONDS)

    const problems: string[] = []
    const events = { normal() {}, warning: (_about: unknown, reason: string, message: string) => void problems.push(`${reason}: ${message}`) }
    const gc = createImageGc({
      // All of it is on this machine; only the Events go nowhere.
      context: { host: site.cluster.host, runtime, events, directories: createDirectories('/') } as never,
      settings: { imageGCHighThresholdPercent: 2, imageGCLowThresholdPercent: 1, imageMinimumGCAgeMs: 0 },
      node: () => ({ kind: 'Node' }) as never,
      // More than all images together, so that it would take whatever it may.
      imageFilesystem: async () => ({ capacityBytes: 1e12, availableBytes: 0 }) as never,
    })
    const names = async () => (await runtime.listImages()).flatMap(({ repoTags }) => repoTags)
    const before = await names()
    for (const name of ['used', 'unused', 'loaded']) assert.ok(before.includes(`example.com/${name}:1`), `${name}: ${before.join(' ')}`)
    await gc.run(AbortSignal.abort())
    const left = await names()
    assert.deepEqual(
      before.filter(name => !left.includes(name)),
      ['example.com/unused:1'],
    )
    assert.match(
      problems.join(),
      /^FreeDiskSpaceFailed: Failed to garbage collect required amount of images\. Attempted to free 990000000000 bytes, but only found [1-9]\d+ bytes eligible to free\.$/,
    )
    assert.equal((await namespace.pod('user'))?.status.phase, 'Running')
  })

  const run = (object: object) => namespace.kubectl(['create', '-f', '-'], JSON.stringify(object))

  async function isEvicted(name: string, message: string): Promise<void> {
    const ended = (await namespace.until(name, found => found?.status.phase === 'Failed', PATIENCE_SECONDS)) as Pod
    assert.deepEqual([ended.status.reason, ended.status.message, podCondition(ended, 'DisruptionTarget')], ['Evicted', message, undefined])
    const selected = ['--field-selector', `involvedObject.name=${name},reason=Evicted`, '-o', 'jsonpath={.items[*].message}']
    // Events are written beside everything else.
    let said = ''
    for (const deadline = performance.now() + 30_000; said === '' && performance.now() < deadline;)
      said = await namespace.kubectl(['get', 'events', ...selected])
    assert.equal(said, message)
  }
})

const pod = (name: string, script: string, container: object = {}, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: {
    ...spec,
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'main', image: 'busybox', imagePullPolicy: 'IfNotPresent', command: ['sh', '-c', script], ...container }],
  },
})

/** Each has an id of its own: images are known by their content. */
async function tinyImage(name: string): Promise<Buffer> {
  const { binary } = await staticBusybox()
  return ociArchive({
    names: [`example.com/${name}:1`],
    files: [
      { name: 'bin/' },
      { name: 'bin/busybox', data: binary, mode: 0o755 },
      ...['sh', 'sleep'].map(applet => ({ name: `bin/${applet}`, linkTo: 'busybox' })),
    ],
    config: { Env: ['PATH=/bin'], Labels: { name } },
  })
}
