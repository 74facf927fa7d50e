import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Compacted, type Change, type Store, type Write } from '../../src/store/store.ts'
import { stamp, type StoreFactory } from './store_steps.ts'

/**
 * The simplest thing that could be a store: the whole state, copied at every revision. Steps are drawn at random,
 * several at a time in flight, and the store must agree with it about every answer and every watch event.
 */
export async function storeBehavesLikeItsModel(create: StoreFactory): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(anyStep, { minLength: 1, maxLength: 6 }), { maxLength: 12 }), historyMax, async (rounds, historyMax) => {
      const store = await create({ stamp, historyMax })
      const model = createModel()
      const watches: { prefix: string; from: number; seen: Seen[] }[] = []
      try {
        for (const round of rounds) {
          // The steps of a round are started together: their order is the order of the calls.
          await Promise.all(round.map(step => run(step, store, model, watches)))
          assert.equal(store.revision, model.states.length - 1)
        }
        for (const { prefix, from, seen } of watches) {
          assert.deepEqual(
            seen,
            model.changes.filter(({ key, revision }) => revision > from && key.startsWith(prefix)),
          )
        }
      } finally {
        await store.close()
      }
    }),
    { numRuns: 60 },
  )
}

type State = ReadonlyMap<string, { n: number; revision: number; created: number }>
type Seen = { revision: number; key: string; n: number | undefined; before: number | undefined }

interface Model {
  /** By revision. */
  states: State[]
  changes: Seen[]
}

function createModel(): Model {
  return { states: [new Map()], changes: [] }
}

/** Undefined when refused; otherwise the revision. */
function commitTo({ states, changes }: Model, writes: readonly ModelWrite[]): { refused: string } | { revision: number } {
  const now = states.at(-1)!
  for (const { key, expect } of writes) {
    if (expect !== undefined && expect !== (now.get(key)?.revision ?? 0)) return { refused: key }
  }
  const next = new Map(now)
  const revision = states.length
  const before = changes.length
  for (const { key, n } of writes) {
    const old = now.get(key)
    if (n === undefined && !old) continue
    if (n === undefined) next.delete(key)
    else next.set(key, { n, revision, created: old?.created ?? revision })
    changes.push({ revision, key, n, before: old?.n })
  }
  if (changes.length === before) return { revision: revision - 1 }
  states.push(next)
  return { revision }
}

type ModelWrite = { key: string; n: number | undefined; expect: number | undefined }
type Step =
  | { is: 'commit'; writes: { key: string; n: number | undefined; expects: 'nothing' | 'absent' | 'current' | 'old' }[] }
  | { is: 'list'; prefix: string; back: number; after: string | undefined; limit: number }
  | { is: 'watch'; prefix: string; back: number }
  | { is: 'compact'; back: number }

const keys = ['/a', '/a/1', '/a/2', '/a/2/x', '/ab', '/b/1', '/b/2', '/b/\uffee', '/b/\u{1f600}']
const prefixes = ['', '/', '/a', '/a/', '/b/', '/b/2', '/none']
const historyMax = fc.constantFrom(3, 10, 1_000)
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      is: fc.constant('commit' as const),
      writes: fc.uniqueArray(
        fc.record({
          key: fc.constantFrom(...keys),
          n: fc.option(fc.nat(99), { nil: undefined, freq: 3 }),
          expects: fc.constantFrom('nothing' as const, 'nothing' as const, 'absent' as const, 'current' as const, 'old' as const),
        }),
        { selector: ({ key }) => key, maxLength: 3 },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      is: fc.constant('list' as const),
      prefix: fc.constantFrom(...prefixes),
      back: fc.nat(12),
      after: fc.option(fc.constantFrom(...keys), { nil: undefined }),
      limit: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('watch' as const), prefix: fc.constantFrom(...prefixes), back: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('compact' as const), back: fc.nat(12) }) },
)

async function run(step: Step, store: Store, model: Model, watches: { prefix: string; from: number; seen: Seen[] }[]): Promise<void> {
  if (step.is === 'commit') return runCommit(step.writes, store, model)
  const from = Math.max(0, store.revision - step.back)
  if (step.is === 'compact') return store.compact(from)
  if (step.is === 'watch') {
    const seen: Seen[] = []
    if (from < store.oldest) assert.throws(() => store.watch(step.prefix, from, () => {}), Compacted)
    else {
      store.watch(step.prefix, from, change => seen.push(seenOf(change)))
      watches.push({ prefix: step.prefix, from, seen })
    }
    return
  }
  const { prefix, after, limit } = step
  if (from < store.oldest) return assert.rejects(store.list(prefix, { at: from, after, limit }), Compacted)
  const all = [...model.states[from]!].filter(([key]) => key.startsWith(prefix) && (after === undefined || bytesBefore(after, key)))
  all.sort(([a], [b]) => (bytesBefore(a, b) ? -1 : 1))
  const page = await store.list(prefix, { at: from, after, limit })
  assert.deepEqual(
    page.items.map(({ key, value, revision, created }) => [key, { n: (value as { n: number }).n, revision, created }]),
    all.slice(0, limit),
  )
  assert.deepEqual([page.revision, page.remaining], [from, Math.max(0, all.length - limit)])
}

async function runCommit(drawn: Extract<Step, { is: 'commit' }>['writes'], store: Store, model: Model): Promise<void> {
  const now = model.states.at(-1)!
  const expectation = { nothing: () => undefined, absent: () => 0, current: (key: string) => now.get(key)?.revision ?? 0, old: () => 1 }
  const writes = drawn.map(({ key, n, expects }) => ({ key, n, expect: expectation[expects](key) }))
  const wanted = commitTo(model, writes)
  const got = await store.commit(writes.map(({ key, n, expect }): Write => ({ key, value: n === undefined ? undefined : { n }, expect })))
  if ('refused' in wanted) {
    assert.ok(!got.done)
    assert.equal(got.key, wanted.refused)
    assert.equal((got.actual?.value as { n: number } | undefined)?.n, now.get(got.key)?.n)
  } else {
    assert.ok(got.done)
    // One that changed nothing may name a revision that has become visible since.
    if (writes.some(({ key, n }) => n !== undefined || now.has(key))) assert.equal(got.revision, wanted.revision)
  }
}

function seenOf({ revision, key, stored, previous, removed }: Change): Seen {
  assert.equal(stored === undefined, removed !== undefined)
  const numberOf = (version: { value: object } | undefined) => (version?.value as { n: number } | undefined)?.n
  return { revision, key, n: numberOf(stored), before: numberOf(previous) }
}

function bytesBefore(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0
}
