import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContainerSummary, ImageStatus } from '../../runtime/runtime.ts'
import { bytesToFree, DEFAULT_IMAGE_GC, noteImages, removableImages, type ImageRecords } from './plan_image_gc.ts'

const image = (id: string, options: Partial<ImageStatus> = {}): ImageStatus => ({
  id,
  repoTags: [`${id}:1`],
  repoDigests: [`${id}@sha256:${id}`],
  sizeBytes: 1,
  uid: undefined,
  userName: undefined,
  pinned: false,
  ...options,
})
const container = (imageRef: string) => ({ imageRef }) as ContainerSummary
const removable = (records: ImageRecords, now: number) => removableImages(records, now, DEFAULT_IMAGE_GC).map(({ id }) => id)

test('images in use stay, whether the runtime names them by id or by digest; so do pinned ones', () => {
  const images = [image('by-id'), image('by-digest'), image('pinned', { pinned: true }), image('unused')]
  const records = noteImages(undefined, images, [container('by-id'), container('by-digest@sha256:by-digest')], 0)
  assert.deepEqual(removable(records, 0), ['unused'])
})

test('the one that was used the longest ago goes first; those never used before all others, the oldest first', () => {
  const all = ['late', 'early', 'never', 'newer'].map(id => image(id))
  const [late, early, never] = all as [ImageStatus, ImageStatus, ImageStatus, ImageStatus]
  let records = noteImages(undefined, [late, early, never], [container('early'), container('late')], 0)
  records = noteImages(records, all, [container('late')], 300_000)
  records = noteImages(records, all, [], 600_000)
  assert.deepEqual(removable(records, 600_000), ['never', 'newer', 'early', 'late'])
})

test('an image that has come less than two minutes ago stays; those that were there before the kubelet do not wait', () => {
  let records = noteImages(undefined, [image('old')], [], 0)
  assert.deepEqual(removable(records, 0), ['old'])
  records = noteImages(records, [image('old'), image('new')], [], 10_000)
  assert.deepEqual(removable(records, 129_999), ['old'])
  assert.deepEqual(removable(records, 130_000), ['old', 'new'])
})

test('an image that was gone meanwhile is new again', () => {
  let records = noteImages(undefined, [image('a')], [], 0)
  records = noteImages(records, [], [], 10_000)
  records = noteImages(records, [image('a')], [], 20_000)
  assert.deepEqual(removable(records, 30_000), [])
})

test('from 85 % used, down to 80 %', () => {
  const free = (availableBytes: number) => bytesToFree({ capacityBytes: 1000, availableBytes }, DEFAULT_IMAGE_GC)
  assert.deepEqual([free(160), free(159), free(150), free(0)], [0, 41, 50, 200], '15.9 % counts as 15 %, as in the kubelet')
  assert.equal(bytesToFree({ capacityBytes: 100, availableBytes: 200 }, DEFAULT_IMAGE_GC), 0)
})
