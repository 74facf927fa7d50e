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
import { createMemoryStore } from '../../src/store/memory_store.ts'
import type { Write } from '../../src/store/store.ts'
import { createEvidence, examine, loadValue, pairKeys, record, type Evidence, type Told } from './crash_evidence.ts'

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

test('the evidence notices a lost write, a torn pair, an old value, a mixture and a revision that went back', async () => {
  const written = async (key: number, draws: readonly number[]) => {
    const store = createMemoryStore({ stamp: (value, revision) => Object.assign(value, { version: revision }) })
    const evidence = createEvidence()
    for (const draw of draws) {
      record(evidence, { trying: key, draw })
      const commit = await store.commit(pairKeys(key).map(name => ({ key: name, value: loadValue(key, draw, 100) })))
      if (commit.done) record(evidence, { durable: key, draw, revision: commit.revision })
    }
    return { store, evidence }
  }
  const [left, right] = pairKeys(3)
  const whole = await written(3, [1, 2])
  await examine(whole.evidence, whole.store)

  const damages: [RegExp, (value: ReturnType<typeof loadValue>) => Write[]][] = [
    [
      /holds undefined, and not one of 2/,
      () => [
        { key: left, value: undefined },
        { key: right, value: undefined },
      ],
    ],
    [/torn/, () => [{ key: left, value: undefined }]],
    [/holds 1, and not one of 2/, () => [left, right].map(key => ({ key, value: loadValue(3, 1, 100) }))],
    [/deep-equal/, value => [left, right].map(key => ({ key, value: { ...value, fill: loadValue(3, 9, 100).fill } }))],
  ]
  for (const [complaint, damage] of damages) {
    const { store, evidence } = await written(3, [1, 2])
    await store.commit(damage(loadValue(3, 2, 100)))
    await assert.rejects(examine(evidence, store), complaint)
  }
  const { evidence } = await written(3, [1, 2])
  await assert.rejects(examine(evidence, (await written(3, [1])).store), /revision 1, but 2 was acknowledged/)
  assert.throws(() => record(evidence, { opened: 1 }), /opened at 1, but 2 was acknowledged/)
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
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  await told
  assert.deepEqual([code, signal], [null, 'SIGKILL'], 'the writer was killed and has not failed by itself')
  return opened
}
