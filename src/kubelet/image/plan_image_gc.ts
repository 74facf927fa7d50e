/** Which images may go, and which go first. Pure: what is known of each image from one look to the next is in the records. */
import type { Millis } from '../../base/clock.ts'
import type { ContainerSummary, ImageStatus } from '../../runtime/runtime.ts'

export interface ImageGcSettings {
  /** Images are removed when the filesystem they are on is used to this percentage. 100: never for that. */
  readonly imageGCHighThresholdPercent: number
  /** And they are removed until it is used to this one. */
  readonly imageGCLowThresholdPercent: number
  /** An image that has come later than this is left alone: somebody is about to use it. */
  readonly imageMinimumGCAgeMs: Millis
}

/** The kubelet's own. */
export const DEFAULT_IMAGE_GC: ImageGcSettings = { imageGCHighThresholdPercent: 85, imageGCLowThresholdPercent: 80, imageMinimumGCAgeMs: 120_000 }

export interface ImageRecord {
  readonly image: ImageStatus
  /** -Infinity: it was there before this kubelet. */
  readonly firstSeenAt: Millis
  /** -Infinity: never since this kubelet runs. */
  readonly lastUsedAt: Millis
  readonly isUsed: boolean
}

/** By image id. Images that are gone are forgotten. */
export type ImageRecords = ReadonlyMap<string, ImageRecord>

/** @param before undefined: the kubelet looks for the first time */
export function noteImages(
  before: ImageRecords | undefined,
  images: readonly ImageStatus[],
  containers: readonly ContainerSummary[],
  now: Millis,
): ImageRecords {
  const used = new Set(containers.map(({ imageRef }) => imageRef))
  return new Map(
    images.map(image => {
      const known = before?.get(image.id)
      const isUsed = [image.id, ...image.repoDigests].some(name => used.has(name))
      const lastUsedAt = isUsed ? now : (known?.lastUsedAt ?? -Infinity)
      return [image.id, { image, isUsed, lastUsedAt, firstSeenAt: known?.firstSeenAt ?? (before ? now : -Infinity) }]
    }),
  )
}

/** Those nobody uses and nobody has pinned, the one that was used the longest ago first; of those never used, the oldest. */
export function removableImages(records: ImageRecords, now: Millis, { imageMinimumGCAgeMs }: ImageGcSettings): ImageStatus[] {
  return [...records.values()]
    .filter(({ image, isUsed, firstSeenAt }) => !isUsed && !image.pinned && now - firstSeenAt >= imageMinimumGCAgeMs)
    .sort((a, b) => compare(a.lastUsedAt, b.lastUsedAt) || compare(a.firstSeenAt, b.firstSeenAt))
    .map(({ image }) => image)
}

/** How many bytes must be freed, or 0. */
export function bytesToFree({ capacityBytes, availableBytes }: { capacityBytes: number; availableBytes: number }, settings: ImageGcSettings): number {
  const available = Math.min(availableBytes, capacityBytes)
  const usedPercent = 100 - Math.trunc((available * 100) / capacityBytes)
  if (usedPercent < settings.imageGCHighThresholdPercent) return 0
  return Math.max(0, Math.trunc((capacityBytes * (100 - settings.imageGCLowThresholdPercent)) / 100) - available)
}

/** A difference would be no number between two infinities. */
const compare = (a: Millis, b: Millis): number => (a < b ? -1 : a > b ? 1 : 0)
