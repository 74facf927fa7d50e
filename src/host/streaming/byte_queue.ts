import type { ByteSource } from '../../base/bytes.ts'

/** Bytes that arrive by themselves, for one reader. */
export interface ByteQueue {
  readonly source: ByteSource
  /** What waits for the reader. */
  readonly size: number
  push(bytes: Uint8Array): void
  /** No more will come; what waits is still read. After this, push does nothing. */
  end(): void
}

/** The one who fills it holds the bound: `taken` is called when the reader has taken something, to let more come. */
export function createByteQueue(taken: () => void): ByteQueue {
  const waiting: Uint8Array[] = []
  let size = 0
  let ended = false
  let wake = () => {}

  async function* read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const next = waiting.shift()
      if (next) {
        size -= next.length
        taken()
        yield next
      } else if (ended) return
      else
        await new Promise<void>(resolve => {
          wake = resolve
        })
    }
  }

  return {
    source: read(),
    get size() {
      return size
    },
    push(bytes) {
      if (ended || bytes.length === 0) return
      waiting.push(bytes)
      size += bytes.length
      wake()
    },
    end() {
      ended = true
      wake()
    },
  }
}
