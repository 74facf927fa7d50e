/**
 * Writes to a store with many commits in flight and tells its parent about each one, before and after, until it is
 * killed. `crash_evidence.ts` checks whatever is found afterwards against what was told.
 *
 *   node crash_writer.js DIRECTORY SEED IN_FLIGHT
 */
import { writeSync } from 'node:fs'
import { seededRandom, type Random } from '../../src/base/random.ts'
import { openDurableStore } from '../../src/host/store_lmdb.ts'
import type { Commit, Write } from '../../src/store/store.ts'
import { KEYS, loadValue, pairKeys, type Told } from './crash_evidence.ts'

/** A store, or a client that turns commits into requests to a server. */
export interface CommitTarget {
  commit(writes: readonly Write[]): Promise<Commit>
}

/** Each writer has keys of its own and one commit in flight: what a key may hold is known exactly at any moment. */
export async function writeForEver(target: CommitTarget, random: Random, inFlight: number, tell: (told: Told) => void): Promise<void> {
  await Promise.all(
    Array.from({ length: inFlight }, async (_, writer) => {
      const stream = random.fork(String(writer))
      const own = Array.from({ length: Math.floor(KEYS / inFlight) }, (_, i) => i * inFlight + writer)
      for (;;) await writeOne(target, stream, own[stream.below(own.length)]!, tell)
    }),
  )
}

async function writeOne(target: CommitTarget, random: Random, key: number, tell: (told: Told) => void): Promise<void> {
  const removes = random.below(8) === 0
  const value = removes ? undefined : loadValue(key, random.below(2 ** 31), random.below(3_000))
  tell({ trying: key, draw: value?.draw })
  // Both keys of a pair change in one commit, always: half a commit would show as a difference between them.
  const commit = await target.commit(pairKeys(key).map(name => ({ key: name, value: value && { ...value } })))
  if (!commit.done) throw new Error('refused without any expectation')
  tell({ durable: key, draw: value?.draw, revision: commit.revision })
}

if (process.argv[1] === import.meta.filename) {
  const [directory, seed, inFlight] = process.argv.slice(2) as [string, string, string]
  const tell = (told: Told) => void writeSync(1, `${JSON.stringify(told)}\n`)
  const stamp = (value: object, revision: number) => Object.assign(value, { version: revision })
  const store = await openDurableStore(directory, { stamp })
  tell({ opened: store.revision })
  await writeForEver(store, seededRandom(seed), Number(inFlight), tell)
}
