import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '../../base/log.ts'
import { createImageGc } from './image_gc.ts'
import { DEFAULT_IMAGE_GC } from './plan_image_gc.ts'

interface Figures {
  readonly capacityBytes: number
  readonly availableBytes: number
}

/** A node with these unused images, one byte each; those in `stuck` cannot be removed. */
function collection(images: readonly string[], figures: Figures | undefined, stuck: readonly string[] = []) {
  const present = new Set(images)
  const said: string[] = []
  const runtime = {
    listImages: async () => [...present].map(id => ({ id, repoTags: [id], repoDigests: [], sizeBytes: 1, pinned: false })),
    listContainers: async () => [],
    async removeImage(id: string) {
      if (stuck.includes(id)) throw new Error(`${id} is stuck`)
      present.delete(id)
    },
  }
  const gc = createImageGc({
    context: {
      host: { clock: { now: () => 0 }, log: silentLog },
      runtime,
      events: { normal() {}, warning: (_: unknown, reason: string, message: string) => void said.push(`${reason}: ${message}`) },
    } as never,
    settings: DEFAULT_IMAGE_GC,
    node: () => ({}) as never,
    imageFilesystem: async () => figures as never,
  })
  return { gc, said, present, pass: () => gc.run(AbortSignal.abort()) }
}

test('an image that cannot be removed does not keep the others from going, and the second failure is told', async () => {
  const { said, present, pass } = collection(['a', 'b', 'c'], { capacityBytes: 100, availableBytes: 10 }, ['a'])
  await pass()
  assert.deepEqual([[...present], said], [['a'], []])
  await pass()
  assert.deepEqual(said, ['ImageGCFailed: wanted to free 10 bytes, but freed 0 bytes space with errors in image deletion: [a is stuck]'])
})

test('under disk pressure all unused images go, however much is free', async () => {
  const { gc, present } = collection(['a', 'b'], { capacityBytes: 100, availableBytes: 99 })
  await gc.deleteUnused()
  assert.deepEqual([...present], [])
})

test('a disk that says it has no capacity is told as such', async () => {
  const { said, pass } = collection(['a'], { capacityBytes: 0, availableBytes: 0 })
  await pass()
  assert.deepEqual(said, ['InvalidDiskCapacity: invalid capacity 0 on image filesystem'])
})

test('figures that cannot be read are a failure, and once they can be read it is forgotten', async () => {
  const { said, pass } = collection(['a'], undefined)
  await pass()
  await pass()
  assert.deepEqual(said, ['ImageGCFailed: failed to get imageFs stats: they could not be read'])
})
