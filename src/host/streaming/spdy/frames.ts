/** Frames of SPDY/3.1 as bytes: eight bytes of head, of which the last three are the length of what follows. */

export const FLAG_FIN = 1

export type Frame =
  | { readonly is: 'data'; readonly streamId: number; readonly fin: boolean; readonly bytes: Buffer }
  | { readonly is: 'synStream'; readonly streamId: number; readonly fin: boolean; readonly block: Buffer }
  | { readonly is: 'synReply' | 'headers'; readonly streamId: number; readonly fin: boolean; readonly block: Buffer }
  | { readonly is: 'reset'; readonly streamId: number; readonly status: number }
  | { readonly is: 'ping'; readonly id: number }
  | { readonly is: 'goAway' }
  | { readonly is: 'windowUpdate'; readonly streamId: number; readonly delta: number }
  /** SETTINGS, and whatever has not been invented. */
  | { readonly is: 'other' }

const TYPES = { synStream: 1, synReply: 2, reset: 3, settings: 4, ping: 6, goAway: 7, headers: 8, windowUpdate: 9 } as const
const VERSION = 3
const HEAD_BYTES = 8
/** Kubernetes' own peers send at most some tens of KiB at a time. */
const FRAME_BYTES_MAX = 4 * 1024 * 1024
const STREAM_ID_MASK = 0x7fffffff

/** Takes bytes in any portions. Throws when they cannot be SPDY/3.1. */
export function createFrameParser(take: (frame: Frame) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return chunk => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (rest.length >= HEAD_BYTES) {
      const length = rest.readUIntBE(5, 3)
      if (length > FRAME_BYTES_MAX) throw new Error(`a frame of ${length} bytes is too large`)
      if (rest.length < HEAD_BYTES + length) return
      const frame = rest.subarray(0, HEAD_BYTES + length)
      rest = rest.subarray(HEAD_BYTES + length)
      take(parseFrame(frame))
    }
  }
}

function parseFrame(frame: Buffer): Frame {
  const fin = (frame[4]! & FLAG_FIN) !== 0
  const body = frame.subarray(HEAD_BYTES)
  if ((frame[0]! & 0x80) === 0) return { is: 'data', streamId: frame.readUInt32BE(0) & STREAM_ID_MASK, fin, bytes: body }
  const version = frame.readUInt16BE(0) & 0x7fff
  if (version !== VERSION) throw new Error(`SPDY version ${version} is not supported`)
  const type = frame.readUInt16BE(2)
  if (type === TYPES.settings || type === 5 || type > TYPES.windowUpdate) return { is: 'other' }
  // All others begin with a number of four bytes.
  const id = body.readUInt32BE(0) & STREAM_ID_MASK
  switch (type) {
    case TYPES.synStream:
      return { is: 'synStream', streamId: id, fin, block: body.subarray(10) }
    case TYPES.synReply:
      return { is: 'synReply', streamId: id, fin, block: body.subarray(4) }
    case TYPES.headers:
      return { is: 'headers', streamId: id, fin, block: body.subarray(4) }
    case TYPES.reset:
      return { is: 'reset', streamId: id, status: body.readUInt32BE(4) }
    case TYPES.ping:
      return { is: 'ping', id: body.readUInt32BE(0) }
    case TYPES.goAway:
      return { is: 'goAway' }
    default:
      return { is: 'windowUpdate', streamId: id, delta: body.readUInt32BE(4) & STREAM_ID_MASK }
  }
}

export function dataFrame(streamId: number, bytes: Uint8Array, fin: boolean): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt32BE(streamId, 0)
  head[4] = fin ? FLAG_FIN : 0
  head.writeUIntBE(bytes.length, 5, 3)
  return Buffer.concat([head, bytes])
}

/** Priority 0, no associated stream, no slot. */
export const synStreamFrame = (streamId: number, block: Buffer): Buffer => control(TYPES.synStream, [streamId, 0], Buffer.concat([Buffer.alloc(2), block]))
export const synReplyFrame = (streamId: number, block: Buffer): Buffer => control(TYPES.synReply, [streamId], block)
export const resetFrame = (streamId: number, status: number): Buffer => control(TYPES.reset, [streamId, status])
export const pingFrame = (id: number): Buffer => control(TYPES.ping, [id])
export const goAwayFrame = (lastStreamId: number): Buffer => control(TYPES.goAway, [lastStreamId, 0])

function control(type: number, numbers: readonly number[], rest: Buffer = Buffer.alloc(0)): Buffer {
  const frame = Buffer.alloc(HEAD_BYTES + numbers.length * 4)
  frame.writeUInt16BE(0x8000 | VERSION, 0)
  frame.writeUInt16BE(type, 2)
  frame.writeUIntBE(numbers.length * 4 + rest.length, 5, 3)
  numbers.forEach((number, i) => frame.writeUInt32BE(number, HEAD_BYTES + i * 4))
  return Buffer.concat([frame, rest])
}
