import { randomBytes } from 'node:crypto'
import { seededRandom, type Random } from '../base/random.ts'

/** A stream that nobody can foresee, unless a seed is given to play a run again. */
export function createRandom(seed?: string): Random {
  return seededRandom(seed ?? randomBytes(16).toString('hex'))
}
