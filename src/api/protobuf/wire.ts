/** The wire format of protobuf, as far as messages of Kubernetes use it. */
import { badRequest } from '../status.ts'

export interface WireField {
  readonly number: number
  readonly value: bigint | Uint8Array
}

/** The fields of a message in the order they were written. Throws a 400 ApiError for what is no message. */
export function readMessage(bytes: Uint8Array): WireField[] {
  const fields: WireField[] = []
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) throw malformed()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw malformed()
  }
  const take = (size: number): Uint8Array => {
    if (at + size > bytes.length) throw malformed()
    return bytes.subarray(at, (at += size))
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const number = Math.floor(tag / 8)
    switch (tag % 8) {
      case 0:
        fields.push({ number, value: varint() })
        break
      case 1:
        fields.push({ number, value: take(8) })
        break
      case 2:
        fields.push({ number, value: take(Number(varint())) })
        break
      case 5:
        fields.push({ number, value: take(4) })
        break
      default:
        throw malformed()
    }
  }
  return fields
}

export function bytesOf({ value }: WireField): Uint8Array {
  if (typeof value === 'bigint') throw malformed()
  return value
}

export function numberOf({ value }: WireField): number {
  if (typeof value === 'bigint') return Number(BigInt.asIntN(64, value))
  if (value.length !== 8) throw malformed()
  return new DataView(value.buffer, value.byteOffset, 8).getFloat64(0, true)
}

export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

const malformed = () => badRequest('the body of the request is not a protobuf message')
