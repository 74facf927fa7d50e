/**
 * Header blocks of SPDY/3.1, and their compression: one zlib stream per direction for the whole connection, flushed
 * after each block, which starts from a dictionary that both sides know.
 *
 * Node's zlib cannot go on with a stream synchronously, and it need not: a flush ends on a byte, so each block can be
 * inflated by itself when it is given the 32 KiB before it; and a block that refers to nothing before it may follow any
 * other, so each can be deflated by itself.
 */
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'

export type Headers = Readonly<Record<string, string>>

const BLOCK_BYTES_MAX = 64 * 1024
const WINDOW_BYTES = 32 * 1024
/** Deflate, 32 KiB window, dictionary present (RFC 1950). */
const ZLIB_HEADER = Buffer.from([0x78, 0xbb])
/** Adler-32 of the dictionary, by which a zlib stream names it. */
export const DICTIONARY_ID = 0xe3c6a7c2

export function createHeaderDeflater(): (headers: Headers) => Buffer {
  let first = true
  return headers => {
    const block = deflateRawSync(encodeBlock(headers), { finishFlush: constants.Z_SYNC_FLUSH })
    if (!first) return block
    first = false
    const id = Buffer.alloc(4)
    id.writeUInt32BE(DICTIONARY_ID)
    return Buffer.concat([ZLIB_HEADER, id, block])
  }
}

/** Throws on anything that is not a header block; the connection is of no use after that. */
export function createHeaderInflater(): (block: Buffer) => Headers {
  let window = DICTIONARY
  let first = true
  return block => {
    if (first && (block.length < 6 || block.readUInt32BE(2) !== DICTIONARY_ID)) throw new Error('the header compression does not use the dictionary of SPDY/3')
    const deflated = first ? block.subarray(6) : block
    first = false
    const plain = inflateRawSync(deflated, { dictionary: window, finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: BLOCK_BYTES_MAX })
    window = Buffer.concat([window, plain]).subarray(-WINDOW_BYTES)
    return decodeBlock(plain)
  }
}

/** A count, then name and value, each behind its length. */
function encodeBlock(headers: Headers): Buffer {
  const entries = Object.entries(headers)
  return Buffer.concat([uint32(entries.length), ...entries.flatMap(([name, value]) => [...lengthAnd(name.toLowerCase()), ...lengthAnd(value)])])
}

function decodeBlock(block: Buffer): Headers {
  let at = 4
  const text = (): string => {
    const length = block.readUInt32BE(at)
    at += 4 + length
    if (at > block.length) throw new Error('a header block ends too early')
    return block.toString('utf8', at - length, at)
  }
  const headers: Record<string, string> = Object.create(null) as Record<string, string>
  for (let left = block.readUInt32BE(0); left > 0; left--) headers[text().toLowerCase()] = text()
  return headers
}

const lengthAnd = (text: string): Buffer[] => [uint32(Buffer.byteLength(text)), Buffer.from(text)]

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** SPDY Protocol, draft 3, section 2.6.10.1. */
export const DICTIONARY: Buffer = Buffer.concat([
  ...`options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow
authorization cache-control connection content-base content-encoding content-language content-length content-location
content-md5 content-range content-type date etag expect expires from host if-match if-modified-since if-none-match
if-range if-unmodified-since last-modified location max-forwards pragma proxy-authenticate proxy-authorization range
referer retry-after server te trailer transfer-encoding upgrade user-agent vary via warning www-authenticate method get
status 200_OK version HTTP/1.1 url public set-cookie keep-alive origin`
    .split(/\s/)
    .flatMap(word => lengthAnd(word.replace('_', ' '))),
  Buffer.from(
    '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505' +
      '203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden' +
      '404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable' +
      'Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT' +
      'chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,' +
      'publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.',
  ),
])
