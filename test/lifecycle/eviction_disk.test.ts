/** The node's disk in virtual time: pressure, what is removed before any Pod goes, local storage limits, and image garbage collection. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Node } from '../../src/api/kinds/node.ts'
import { beginStory, isAt, isReady, MACHINE, sh, web, type Story, type StoryOptions } from './story.ts'

const MI = 2 ** 20
const GI = 2 ** 30
/** Half of the figures of images are in the hands of image collection: where a story is about eviction it stands still. */
const NO_COLLECTION = { imageGCHighThresholdPercent: 100 }

/** So much of the disk is free, with what is on it now. */
const leaveDisk = async (story: Story, bytes: number) => {
  story.machineStats.set({ systemDiskBytes: 0 })
  const { usedBytes } = await story.world.finish(story.machineStats.filesystem('/var/lib/poise'))
  story.machineStats.set({ systemDiskBytes: MACHINE.ephemeralStorageBytes - usedBytes - bytes })
}
const imagesOf = async (story: Story) =>
  (await story.world.finish(story.runtime.listImages())).flatMap(({ repoTags }) => repoTags.map(name => name.split('/').at(-1) ?? '')).sort()
const evicted = (story: Story) => story.events.filter(({ reason }) => reason === 'Evicted')
const nodeSaid = (story: Story, ...reasons: string[]) => story.nodeEvents.filter(({ reason }) => reasons.includes(reason))
const condition = (story: Story) => story.api.get(Node, 'node-a', '')!.status.conditions!.find(({ type }) => type === 'DiskPressure')!

const writer = (name: string, script: string, container: object = {}, spec: object = {}) => ({
  metadata: { name },
  spec: web({ image: 'busybox:1', command: sh(`${script}; sleep 100000`), env: [PIECE], ...container }, spec),
})
/** So many kibibytes, a multiple of 64, written into a file at once. */
const writes = (file: string, kib: number) => `printf %s "${'$PIECE'.repeat(kib / 64)}" > ${file}`
const PIECE = { name: 'PIECE', value: 'x'.repeat(64 * 1024) }
const scratch = (limit?: string, medium?: string) => ({ volumes: [{ name: 'v', emptyDir: { ...(limit && { sizeLimit: limit }), ...(medium && { medium }) } }] })
const mounted = { volumeMounts: [{ name: 'v', mountPath: '/v' }] }

const begin = (options: StoryOptions = {}) => beginStory(1, { images: ['busybox:1', 'nginx:1', 'httpd:2', 'unused:1'], imageGc: NO_COLLECTION, ...options })

test('§ disk pressure: unused images go first, and when that cures it no Pod is evicted', async () => {
  const story = await begin()
  story.run(writer('web', 'true'))
  await story.at(5)
  await leaveDisk(story, 0.15 * MACHINE.ephemeralStorageBytes - 10 * MI)
  await story.at(25)

  assert.deepEqual(await imagesOf(story), ['busybox:1'], 'the one that is used stays')
  assert.deepEqual(
    nodeSaid(story, 'EvictionThresholdMet', 'NodeHasDiskPressure').map(({ type, message }) => `${type} ${message}`),
    ['Warning Attempting to reclaim ephemeral-storage', 'Normal Node node-a status is now: NodeHasDiskPressure'],
  )
  isAt(nodeSaid(story, 'EvictionThresholdMet')[0]!.at, 10)
  assert.deepEqual(
    [condition(story).status, condition(story).reason, condition(story).message],
    ['True', 'KubeletHasDiskPressure', 'kubelet has disk pressure'],
  )
  assert.deepEqual(evicted(story), [])
  assert.ok(isReady(story.pod()!))

  await story.at(300)
  story.run(writer('late', 'true', { resources: { requests: { memory: '1Mi' } } }))
  await story.at(301)
  assert.equal(story.pod('late')!.status.message, 'Pod was rejected: The node had condition: [DiskPressure]. ')
  await story.at(325)
  assert.equal(condition(story).status, 'False', 'five minutes after it was last seen, at 310 s')
})

test('§ disk pressure: what ended Pods have left is removed too; their status stays', async () => {
  const story = await begin({ images: ['busybox:1'] })
  story.run({ metadata: { name: 'done' }, spec: web({ image: 'busybox:1', command: sh(writes('/tmp/f', 320)), env: [PIECE] }, { restartPolicy: 'Never' }) })
  story.run(writer('web', 'true'))
  await story.at(5)
  assert.equal(story.pod('done')!.status.phase, 'Succeeded')
  assert.equal(await story.sandboxes(), 2)
  await leaveDisk(story, 0.15 * MACHINE.ephemeralStorageBytes - 256 * 1024)
  await story.at(25)
  assert.equal(await story.sandboxes(), 1)
  assert.deepEqual(evicted(story), [])
  assert.equal(story.pod('done')!.status.containerStatuses![0]!.state?.terminated?.exitCode, 0)
})

test('§ disk pressure: when nothing else can go, the Pod that uses the most disk beyond its request is evicted', async () => {
  const story = await begin({ images: ['busybox:1'] })
  story.run(writer('small', writes('/tmp/f', 64)))
  story.run(writer('large', writes('/v/f', 256), mounted, scratch()))
  story.run(writer('asked', writes('/tmp/f', 576), { resources: { requests: { 'ephemeral-storage': '1Mi' } } }))
  await story.at(75)
  await leaveDisk(story, 15 * GI - 128 * 1024)
  await story.at(100)
  assert.deepEqual(
    evicted(story).map(({ name }) => name),
    ['large'],
  )
  isAt(evicted(story)[0]!.at, 80)
  assert.match(
    evicted(story)[0]!.message,
    /^The node was low on resource: ephemeral-storage\. Threshold quantity: 16106128000, available: \d+Ki\. Container web was using 28Ki, request is 0, has larger consumption of ephemeral-storage\. $/,
  )
})

test('§ disk pressure: images on a filesystem of their own are removed for its sake only', async () => {
  const story = await begin()
  story.machineStats.set({ imageFilesystem: { capacityBytes: 100 * GI, inodes: 1_000_000, otherBytes: 0 } })
  story.run(writer('web', writes('/v/f', 64), mounted, scratch()))
  await story.at(5)
  await leaveDisk(story, 9 * GI)
  await story.at(12)
  assert.equal((await imagesOf(story)).length, 4, 'short of disk for volumes and logs: images are not there')
  assert.deepEqual(
    evicted(story).map(({ name }) => name),
    ['web'],
  )
})

test('§ disk pressure: inodes run out as well', async () => {
  const story = await begin({ images: ['busybox:1'] })
  story.run(writer('web', 'true'))
  await story.at(5)
  story.machineStats.set({ systemInodes: 6_500_000 })
  await story.at(12)
  assert.deepEqual(
    nodeSaid(story, 'EvictionThresholdMet').map(({ message }) => message),
    ['Attempting to reclaim inodes'],
  )
  assert.match(evicted(story)[0]!.message, /^The node was low on resource: inodes\. Threshold quantity: 320Ki, available: \d+\. $/)
})

test('§ emptyDir: a volume that has outgrown its sizeLimit ends its Pod, and the node is not to blame', async () => {
  const story = await begin()
  story.run(writer('web', `sleep 20; ${writes('/v/f', 128)}`, mounted, scratch('64Ki')))
  await story.until(({ status }) => status.phase === 'Failed', 120)
  const { status } = story.pod()!
  assert.deepEqual([status.reason, status.message], ['Evicted', 'Usage of EmptyDir volume "v" exceeds the limit "64Ki". '])
  assert.equal(
    status.conditions?.some(({ type }) => type === 'DisruptionTarget'),
    false,
  )
  isAt(evicted(story)[0]!.at, 80, 'volumes are measured once a minute, at 10 s and at 70 s; the next look has the figure')
  assert.deepEqual(nodeSaid(story, 'EvictionThresholdMet'), [])
})

test('§ ephemeral-storage: a container over its own limit ends its Pod, and so does a Pod over the sum of them', async () => {
  const story = await begin()
  const limit = (text: string) => ({ resources: { limits: { 'ephemeral-storage': text } } })
  const sidecar = { initContainers: [{ name: 's', image: 'busybox:1', restartPolicy: 'Always', command: sh('sleep 100000'), ...limit('10Mi') }] }
  story.run(writer('container', writes('/tmp/f', 192), limit('128Ki'), sidecar))
  story.run(writer('pod', writes('/v/f', 192), { ...mounted, ...limit('128Ki') }, scratch()))
  story.run(writer('within', writes('/tmp/f', 192), limit('256Ki')))
  story.run(writer('memory', writes('/v/f', 192), { ...mounted, ...limit('128Ki') }, scratch(undefined, 'Memory')))
  await story.at(90)
  assert.deepEqual(
    evicted(story)
      .map(({ name, message }) => `${name}: ${message}`)
      .sort(),
    [
      'container: Container web exceeded its local ephemeral storage limit "128Ki". ',
      'pod: Pod ephemeral local storage usage exceeds the total limit of containers 128Ki. ',
    ],
  )
  isAt(evicted(story).find(({ name }) => name === 'container')!.at, 10)
  for (const name of ['within', 'memory']) assert.ok(isReady(story.pod(name)!), name)
})

test('§ image collection: at 85 % of the disk, the images that were used the longest ago go, until it is at 80 %', async () => {
  const story = await begin({ imageGc: {}, eviction: { evictionHard: {} } })
  story.machineStats.set({ imageFilesystem: { capacityBytes: 1000 * MI, inodes: 1_000_000, otherBytes: 0 } })
  story.runtime.registry.load('loaded:1')
  story.run(writer('web', 'true'))
  await story.at(290)
  const used = (await story.world.finish(story.machineStats.filesystem((await story.world.finish(story.runtime.imageFilesystem())).mountpoint))).usedBytes
  story.machineStats.set({ imageFilesystem: { capacityBytes: 1000 * MI, inodes: 1_000_000, otherBytes: 851 * MI - used } })
  await story.at(299)
  assert.equal((await imagesOf(story)).length, 5, 'it looks every five minutes')
  await story.at(301)
  assert.deepEqual(await imagesOf(story), ['busybox:1', 'httpd:2', 'loaded:1', 'unused:1'], 'nginx alone is more than 51 MiB')
  assert.deepEqual(nodeSaid(story, 'FreeDiskSpaceFailed', 'ImageGCFailed'), [])
  assert.deepEqual(evicted(story), [])
})

test('§ image collection: images in use, and images that came from a file, stay however full it is; the node says so', async () => {
  const story = await begin({ images: ['busybox:1'], imageGc: {}, eviction: { evictionHard: {} } })
  story.runtime.registry.load('loaded:1')
  story.run(writer('web', 'true'))
  await story.at(5)
  story.machineStats.set({ imageFilesystem: { capacityBytes: 1000 * MI, inodes: 1_000_000, otherBytes: 990 * MI } })
  await story.at(301)
  const [first] = nodeSaid(story, 'FreeDiskSpaceFailed')
  assert.match(
    `${first?.type} ${first?.message}`,
    /^Warning Failed to garbage collect required amount of images\. Attempted to free 2\d+ bytes, but only found 0 bytes eligible to free\.$/,
  )
  isAt(first!.at, 300)
  assert.deepEqual(nodeSaid(story, 'ImageGCFailed'), [], 'once may be chance')
  await story.at(601)
  assert.equal(nodeSaid(story, 'ImageGCFailed')[0]?.message, first?.message)
  assert.deepEqual(await imagesOf(story), ['busybox:1', 'loaded:1'])
  assert.ok(isReady(story.pod()!))
})
