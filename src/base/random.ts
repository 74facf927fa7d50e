/**
 * Randomness that can be replayed.
 *
 * `fork(label)` derives an independent stream from the seed and the label, not from how much has been
 * drawn, so that one more draw in one component never shifts what another one sees.
 */
export interface Random {
  /** A whole number, 0 <= n < bound. */
  below(bound: number): number
  /** A fraction, 0 <= f < 1, with 32 bits. */
  fraction(): number
  fork(label: string): Random
}

/** Small fast counting generator (sfc32): 128 bits of state, integers only, the same on every machine. */
export function seededRandom(seed: string): Random {
  let [a, b, c, d] = hash128(seed)
  const next = (): number => {
    const t = (a + b + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return t >>> 0
  }
  for (let i = 0; i < 12; i++) next()
  return {
    below: bound => Math.floor((next() / 2 ** 32) * bound),
    fraction: () => next() / 2 ** 32,
    // With its length, or fork('a/b') would be the stream of fork('a').fork('b').
    fork: label => seededRandom(`${seed}/${label.length}.${label}`),
  }
}

/** A version 4 UUID, as `metadata.uid` holds it. */
export function uuid(random: Random): string {
  let hex = ''
  for (let i = 0; i < 32; i++) hex += HEX[random.below(16)]!
  const variant = '89ab'[random.below(4)]!
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
}

const HEX = '0123456789abcdef'

/** No vowels and no digits that look like letters: generated names never spell a word (metadata.generateName). */
const SAFE_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

/** The random end of a generated name. Kubernetes uses five characters. */
export function nameSuffix(random: Random, length = 5): string {
  let suffix = ''
  for (let i = 0; i < length; i++) suffix += SAFE_ALPHABET[random.below(SAFE_ALPHABET.length)]!
  return suffix
}

function hash128(text: string): [number, number, number, number] {
  const state: [number, number, number, number] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x8aed2a6a]
  for (let i = 0; i < text.length; i++) {
    for (let lane = 0; lane < 4; lane++) {
      state[lane] = Math.imul(state[lane]! ^ (text.charCodeAt(i) + lane), 0x01000193 + lane * 2) | 0
      state[lane] = (state[lane]! ^ (state[lane]! >>> 15)) | 0
    }
  }
  return state
}
