import { encodeText } from '../../base/bytes.ts'

/** 128 bits of FNV-1a, in hex: the uid of a Pod that no API has given one. It is the same as long as the text is. */
export function contentHash(text: string): string {
  let hash = OFFSET
  for (const byte of encodeText(text)) hash = BigInt.asUintN(128, (hash ^ BigInt(byte)) * PRIME)
  return hash.toString(16).padStart(32, '0')
}

const OFFSET = 0x6c62272e07bb014262b821756295c58dn
const PRIME = 0x0000000001000000000000000000013bn
