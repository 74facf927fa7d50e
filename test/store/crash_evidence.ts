import assert from 'node:assert/strict'
import type { Revision, Store } from '../../src/store/store.ts'

/** Few enough that a store of them opens at once, many enough for dozens of writers with some keys each. */
export const KEYS = 512

/** What a crash writer says. `draw` names the value written; without it the key was removed. */
export type Told =
  | { readonly opened: Revision }
  | { readonly trying: number; readonly draw?: number }
  | { readonly durable: number; readonly draw?: number; readonly revision: Revision }

export const pairKeys = (key: number): [string, string] => [`/load/left/${key}`, `/load/right/${key}`]

/** Everything in it follows from the draw and the size, so that a mixture of two writes is recognized. */
export function loadValue(key: number, draw: number, size: number) {
  return { key, draw, size, fill: fillOf(draw, size) }
}

/** What is known of a store over all its lives. */
export interface Evidence {
  revision: Revision
  /** By key: the draw that is there for certain. */
  readonly durable: Map<number, { draw: number | undefined; revision: Revision }>
  /** By key: the draw that may be there instead, because it was under way at the crash. */
  readonly trying: Map<number, number | undefined>
  acknowledged: number
}

export function createEvidence(): Evidence {
  return { revision: 0, durable: new Map(), trying: new Map(), acknowledged: 0 }
}

export function record(evidence: Evidence, told: Told): void {
  if ('opened' in told) {
    assert.ok(told.opened >= evidence.revision, `opened at ${told.opened}, but ${evidence.revision} was acknowledged`)
  } else if ('trying' in told) {
    evidence.trying.set(told.trying, told.draw)
  } else {
    const { durable: key, draw, revision } = told
    evidence.acknowledged++
    evidence.trying.delete(key)
    evidence.durable.set(key, { draw, revision })
    evidence.revision = Math.max(evidence.revision, revision)
  }
}

/**
 * Each key holds what was acknowledged last, or what was under way; both keys of a pair the same; no value is a
 * mixture; the revision has not gone back. What is found is evidence from then on: it may not vanish later.
 */
export async function examine(evidence: Evidence, store: Pick<Store, 'list' | 'revision'>): Promise<void> {
  assert.ok(store.revision >= evidence.revision, `revision ${store.revision}, but ${evidence.revision} was acknowledged`)
  const { items } = await store.list('/load/')
  const found = new Map(items.map(stored => [stored.key, stored]))
  for (let key = 0; key < KEYS; key++) {
    const [left, right] = pairKeys(key).map(name => found.get(name))
    assert.deepEqual(left?.value, right?.value, `the pair ${key} is torn`)
    const value = left?.value as (ReturnType<typeof loadValue> & { version: Revision }) | undefined
    const durable = evidence.durable.get(key)
    const draws = [durable?.draw, ...(evidence.trying.has(key) ? [evidence.trying.get(key)] : [])]
    assert.ok(draws.includes(value?.draw), `key ${key} holds ${value?.draw}, and not one of ${draws.join(' ')}`)
    if (value) {
      assert.deepEqual({ ...value, version: undefined }, { ...loadValue(key, value.draw, value.size), version: undefined })
      assert.equal(value.version, left!.revision)
      if (value.draw === durable?.draw) assert.equal(left!.revision, durable.revision)
    }
    evidence.durable.set(key, { draw: value?.draw, revision: left?.revision ?? 0 })
  }
  assert.equal(items.length, [...evidence.durable.values()].filter(({ draw }) => draw !== undefined).length * 2)
  evidence.trying.clear()
  evidence.revision = store.revision
}

function fillOf(draw: number, size: number): string {
  return draw
    .toString(36)
    .padEnd(8, '.')
    .repeat(size / 8)
}
