/**
 * Which versions hold their encoded form beside their value: the ones encoded last, as many as `bytesMax` allows.
 *
 * A version is encoded while it is fresh, for the disk, for the answer to its writer and for all watchers at once;
 * after that hardly anybody asks, and kept for ever the bytes would be half as much again as all the objects.
 */
export interface Encodings {
  /** The holder has just made `bytes` bytes. It may be told to forget them within this call. */
  made(holder: EncodingHolder, bytes: number): void
}

export interface EncodingHolder {
  /** Called once for each time it made them. */
  forgetEncoding(): void
}

export function createEncodings(bytesMax: number): Encodings {
  let kept: (Kept | undefined)[] = []
  /** Forgotten ones at the front of `kept`, cut off now and then. */
  let forgotten = 0
  let keptBytes = 0

  return {
    made(holder, bytes) {
      kept.push({ holder, bytes })
      keptBytes += bytes
      while (keptBytes > bytesMax) {
        const oldest = kept[forgotten]!
        kept[forgotten++] = undefined
        keptBytes -= oldest.bytes
        oldest.holder.forgetEncoding()
      }
      if (forgotten < CUT_AFTER) return
      kept = kept.slice(forgotten)
      forgotten = 0
    },
  }
}

interface Kept {
  readonly holder: EncodingHolder
  readonly bytes: number
}

const CUT_AFTER = 4_096
