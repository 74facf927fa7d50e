import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom, type Random } from '../../src/base/random.ts'
import { openDurableStore } from '../../src/host/store_lmdb.ts'
import { createEvidence, examine, record, type Evidence, type Told } from './crash_evidence.ts'

const ROUNDS = 100
const writer = join(import.meta.dirname, 'crash_writer.js')

test(`a writing process killed ${ROUNDS} times at random moments loses nothing it acknowledged`, { timeout: 300_000 }, async t => {
  const seed = process.env.POISE_SEED ?? '20261122'
  const root = await mkdtemp(join(tmpdir(), 'poise-crash-'))
  try {
    const random = seededRandom(seed)
    let evidence = createEvidence()
    let directory = ''
    let acknowledged = 0
    let whileOpening = 0
    for (let round = 0; round < ROUNDS; round++) {
      // Now and then a new one, so that the making of a store is cut off as well.
      if (round % 20 === 0) {
        directory = join(root, `store.${round}`)
        acknowledged += evidence.acknowledged
        evidence = createEvidence()
      }
      const opened = await killWhileWriting(directory, `${seed}.${round}`, random, evidence)
      if (!opened) whileOpening++
      const store = await openDurableStore(directory, { stamp: value => value })
      try {
        await examine(evidence, store)
      } finally {
        await store.close()
      }
    }
    acknowledged += evidence.acknowledged
    t.diagnostic(`seed ${seed}: ${ROUNDS} kills, ${whileOpening} of them while it opened, ${acknowledged} commits acknowledged, none lost`)
    assert.ok(acknowledged > ROUNDS * 10, `only ${acknowledged} commits were made: the test has tested little`)
    assert.ok(whileOpening < ROUNDS / 2)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
})

/** Resolves when the process is gone and everything it has said has been recorded. Did it get so far as to write? */
async function killWhileWriting(directory: string, seed: string, random: Random, evidence: Evidence): Promise<boolean> {
  const child = spawn(process.execPath, [writer, directory, seed, '32'], { stdio: ['ignore', 'pipe', 'inherit'] })
  let opened = false
  const told = (async () => {
    for await (const line of createInterface(child.stdout)) {
      // The last line may have been cut off by the kill; then nobody was told.
      if (!line.endsWith('}')) continue
      const said = JSON.parse(line) as Told
      record(evidence, said)
      if ('opened' in said) {
        opened = true
        void sleep(random.below(120)).then(() => child.kill('SIGKILL'))
      }
    }
  })()
  // One in ten dies at some moment of its start.
  if (random.below(10) === 0) void sleep(random.below(150)).then(() => child.kill('SIGKILL'))
  const [code, signal] = await once(child, 'exit') as [number | null, string | null]
  await told
  assert.deepEqual([code, signal], [null, 'SIGKILL'], 'the writer was killed and has not failed by itself')
  return opened
}
