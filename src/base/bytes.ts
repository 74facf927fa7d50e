/** Byte streams as the API passes them on: logs, exec, attach, port-forward. */
export type ByteSource = AsyncIterable<Uint8Array>

export interface ByteSink {
  /** Resolves when more may be written: the writer waits for it, so that nothing piles up. */
  write(bytes: Uint8Array): Promise<void>
  end(): Promise<void>
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export const encodeText = (text: string): Uint8Array => encoder.encode(text)
export const decodeText = (bytes: Uint8Array): string => decoder.decode(bytes)
