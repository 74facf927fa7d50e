import assert from 'node:assert/strict'
import type { Change, Store, StoreOptions, Write } from '../../src/store/store.ts'

export interface StoreFactory {
  /** A new, empty store. The suite closes it. */
  (options: StoreOptions): Promise<Store>
}

/** Stamps as Kubernetes does, without knowing of metadata. */
export const stamp: StoreOptions['stamp'] = (value, revision) => Object.assign(value, { version: String(revision) })

export async function put(store: Store, key: string, value: object): Promise<number> {
  return committed(store, { key, value })
}

export async function remove(store: Store, key: string): Promise<number> {
  return committed(store, { key, value: undefined })
}

async function committed(store: Store, write: Write): Promise<number> {
  const commit = await store.commit([write])
  assert.ok(commit.done)
  return commit.revision
}

export function watchAll(store: Store, prefix: string, from: number): { seen: Change[]; stop(): void } {
  const seen: Change[] = []
  const watch = store.watch(prefix, from, change => seen.push(change))
  return { seen, stop: () => watch.stop() }
}
