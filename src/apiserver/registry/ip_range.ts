/** Ranges to allocate from: addresses of a CIDR, ports. Numbers inside, text outside. */
import { assert } from '../../base/assert.ts'
import type { Random } from '../../base/random.ts'

export interface Range {
  /** First and last that may be given out. */
  readonly first: number
  readonly last: number
  /** So many at the begin are left to those who ask for one by name, as long as there are others. */
  readonly staticCount: number
}

/** Throws BrokenInvariant for what is no IPv4 CIDR: the configuration is checked before it comes here. */
export function addressRange(cidr: string): Range {
  const [address = '', bits = ''] = cidr.split('/')
  const base = parseAddress(address)
  const prefix = Number(bits)
  assert(base !== undefined && Number.isInteger(prefix) && prefix >= 8 && prefix <= 30, `${cidr} is an IPv4 range of a size that can be used`)
  const size = 2 ** (32 - prefix)
  const network = base - (base % size)
  // Neither the network's own address nor the broadcast address can be anybody's.
  return { first: network + 1, last: network + size - 2, staticCount: Math.min(Math.max(16, Math.floor(size / 16)), 256) }
}

export const NODE_PORTS: Range = { first: 30000, last: 32767, staticCount: 86 }

export const contains = ({ first, last }: Range, value: number): boolean => value >= first && value <= last

/** A free one at random, from behind the static band while there is one; undefined when all are taken. */
export function pickFree({ first, last, staticCount }: Range, isTaken: (value: number) => boolean, random: Random): number | undefined {
  const middle = Math.min(last + 1, first + staticCount)
  return pickBetween(middle, last, isTaken, random) ?? pickBetween(first, middle - 1, isTaken, random)
}

function pickBetween(first: number, last: number, isTaken: (value: number) => boolean, random: Random): number | undefined {
  const size = last - first + 1
  if (size <= 0) return undefined
  const start = random.below(size)
  for (let i = 0; i < size; i++) {
    const value = first + ((start + i) % size)
    if (!isTaken(value)) return value
  }
  return undefined
}

export function parseAddress(text: string): number | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let value = 0
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined
    value = value * 256 + Number(part)
  }
  return value
}

export const printAddress = (value: number): string => [24, 16, 8, 0].map(shift => Math.floor(value / 2 ** shift) % 256).join('.')
