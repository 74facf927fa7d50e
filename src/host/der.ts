/** Distinguished Encoding Rules (ITU-T X.690): a tag, a length, and what it holds. Only what certificates need. */

export const sequence = (...parts: readonly Uint8Array[]): Buffer => element(0x30, Buffer.concat(parts))
export const set = (...parts: readonly Uint8Array[]): Buffer => element(0x31, Buffer.concat(parts))
/** Of the bytes of a positive number whose first bit is clear. */
export const integer = (bytes: Uint8Array): Buffer => element(0x02, bytes)
export const boolean = (value: boolean): Buffer => element(0x01, Buffer.from([value ? 0xff : 0]))
export const octetString = (bytes: Uint8Array): Buffer => element(0x04, bytes)
export const bitString = (bytes: Uint8Array, unusedBits = 0): Buffer => element(0x03, Buffer.concat([Buffer.from([unusedBits]), bytes]))
export const utf8String = (text: string): Buffer => element(0x0c, Buffer.from(text))
/** A tag of the context around another element, or instead of its own tag. */
export const explicit = (tag: number, content: Uint8Array): Buffer => element(0xa0 | tag, content)
export const implicit = (tag: number, content: Uint8Array): Buffer => element(0x80 | tag, content)

export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  return element(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

/** UTCTime, which has two digits for the year, until 2049; GeneralizedTime after that (RFC 5280, 4.1.2.5). */
export function time(wall: number): Buffer {
  const digits = new Date(wall).toISOString().replace(/\.\d+/, '').replace(/[-:T]/g, '')
  return Number(digits.slice(0, 4)) < 2050 ? element(0x17, Buffer.from(digits.slice(2))) : element(0x18, Buffer.from(digits))
}

export interface Element {
  readonly tag: number
  readonly content: Buffer
  /** With its tag and length. */
  readonly whole: Buffer
}

/** The elements that follow each other in these bytes. */
export function readElements(bytes: Buffer): Element[] {
  const elements: Element[] = []
  for (let at = 0; at < bytes.length;) {
    const lengthByte = bytes[at + 1]!
    const longBytes = lengthByte < 0x80 ? 0 : lengthByte & 0x7f
    const start = at + 2 + longBytes
    const end = start + (longBytes === 0 ? lengthByte : bytes.readUIntBE(at + 2, longBytes))
    elements.push({ tag: bytes[at]!, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) })
    at = end
  }
  return elements
}

function element(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(content.length)]), content])
}

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length]
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff)
  return [0x80 | bytes.length, ...bytes]
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f]
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 0x7f) | 0x80)
  return bytes
}
