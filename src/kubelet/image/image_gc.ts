/**
 * Removes images that nobody uses when the filesystem they are on becomes full.
 *
 *   every 5 min: look which images there are and which are used ─▶ used to 85 %? ─▶ remove the longest unused until 80 %
 *   disk pressure (eviction) ───────────────────────────────────────────────────▶ remove all that are unused
 *
 * Images in use, pinned images, and images that came within the last two minutes stay in both cases.
 */
import type { KubernetesObject } from '../../api/meta.ts'
import { every } from '../../base/clock.ts'
import { messageOf } from '../../base/error_message.ts'
import type { ImageStatus } from '../../runtime/runtime.ts'
import type { KubeletContext } from '../context.ts'
import type { NodeStats } from '../stats/stats.ts'
import { bytesToFree, noteImages, removableImages, type ImageGcSettings, type ImageRecords } from './plan_image_gc.ts'

export interface ImageGc {
  run(signal: AbortSignal): Promise<void>
  /** Removes every image it may. Throws when one could not be removed; the others are gone then. */
  deleteUnused(): Promise<void>
}

export interface ImageGcParts {
  readonly context: KubeletContext
  readonly settings: ImageGcSettings
  /** Events are about it. */
  readonly node: () => KubernetesObject | undefined
  readonly imageFilesystem: () => Promise<NodeStats['imageFilesystem']>
}

const PERIOD_MS = 300_000

export function createImageGc({ context, settings, node, imageFilesystem }: ImageGcParts): ImageGc {
  const { host, runtime, events } = context
  const { clock, log } = host
  let records: ImageRecords | undefined
  let hasFailed = false

  async function look(): Promise<ImageRecords> {
    const [images, containers] = await Promise.all([runtime.listImages(), runtime.listContainers()])
    return (records = noteImages(records, images, containers, clock.now()))
  }

  async function free(bytes: number): Promise<number> {
    const candidates = removableImages(await look(), clock.now(), settings)
    const problems: string[] = []
    let freed = 0
    for (const image of candidates) {
      if (freed >= bytes) break
      try {
        await runtime.removeImage(image.id)
        log.info('an image that nobody uses was removed', { image: nameOf(image), bytes: image.sizeBytes })
        freed += image.sizeBytes
      } catch (error) {
        problems.push(messageOf(error))
      }
    }
    if (problems.length > 0)
      throw new Error(`wanted to free ${bytes} bytes, but freed ${freed} bytes space with errors in image deletion: [${problems.join(', ')}]`)
    return freed
  }

  async function collect(): Promise<void> {
    const figures = await imageFilesystem()
    if (!figures) throw new Error('failed to get imageFs stats: they could not be read')
    if (figures.capacityBytes === 0) {
      const message = 'invalid capacity 0 on image filesystem'
      warn('InvalidDiskCapacity', message)
      throw new Error(message)
    }
    const wanted = bytesToFree(figures, settings)
    if (wanted === 0) return void (await look())
    const freed = await free(wanted)
    if (freed >= wanted) return
    const message = `Failed to garbage collect required amount of images. Attempted to free ${wanted} bytes, but only found ${freed} bytes eligible to free.`
    warn('FreeDiskSpaceFailed', message)
    throw new Error(message)
  }

  function warn(reason: string, message: string): void {
    const about = node()
    if (about) events.warning(about, reason, message)
  }

  /** One failure may be a figure that is not there yet; an Event tells of repeated ones only, as of the kubelet. */
  async function pass(): Promise<void> {
    try {
      await (settings.imageGCHighThresholdPercent < 100 ? collect() : look())
      hasFailed = false
    } catch (error) {
      log.warn('images could not be collected', { error: messageOf(error) })
      if (hasFailed) warn('ImageGCFailed', messageOf(error))
      hasFailed = true
    }
  }

  return {
    async run(signal) {
      await pass()
      await every(clock, PERIOD_MS, signal, pass, 'every image collection')
    },
    async deleteUnused() {
      await free(Infinity)
    },
  }
}

const nameOf = ({ repoTags, repoDigests, id }: ImageStatus): string => repoTags[0] ?? repoDigests[0] ?? id
