/** What happens between a commit and its durability, with a log that the test holds in its hands. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CommitLog, LogEntry, LogWrite } from './commit_log.ts'
import { createMemoryStore } from './memory_store.ts'
import { StoreFailed, type Change, type Commit, type Store } from './store.ts'

test('nothing is shown or acknowledged before the log has it', async () => {
  const { log, appends } = createHeldLog()
  const { store, seen } = open(log)
  const commit = track(store.commit([{ key: '/a', value: { n: 1 } }]))
  await settled()
  assert.equal(appends.length, 1)
  assert.deepEqual([commit.state, store.revision, await store.get('/a'), (await store.list('')).items, seen], ['pending', 0, undefined, [], []])
  appends[0]!.resolve()
  await settled()
  assert.equal(commit.state, 'done at 1')
  assert.equal(store.revision, 1)
  assert.deepEqual(seen, ['1 /a'])
})

test('commits made while the log is busy share its next append', async () => {
  const { log, appends } = createHeldLog()
  const { store, seen } = open(log)
  const commits = [put(store, '/a', 1), put(store, '/b', 1)]
  await settled()
  commits.push(put(store, '/a', 2), put(store, '/c', 1), put(store, '/a', 3))
  await settled()
  assert.deepEqual(
    appends.map(({ revision }) => revision),
    [2],
  )
  appends[0]!.resolve()
  await settled()
  assert.deepEqual(
    appends.map(({ revision }) => revision),
    [2, 5],
  )
  assert.deepEqual(
    appends[1]!.writes.map(({ key, stored }) => [key, stored?.revision]),
    [
      ['/a', 5],
      ['/c', 4],
    ],
    'of each key only the last version',
  )
  assert.deepEqual(seen, ['1 /a', '2 /b'])
  appends[1]!.resolve()
  await settled()
  assert.deepEqual(
    commits.map(({ state }) => state),
    [1, 2, 3, 4, 5].map(n => `done at ${n}`),
  )
  assert.deepEqual(seen, ['1 /a', '2 /b', '3 /a', '4 /c', '5 /a'])
})

test('a commit is checked against what is on its way', async () => {
  const { log, appends } = createHeldLog()
  const { store } = open(log)
  const first = put(store, '/a', 1, 0)
  const rival = put(store, '/a', 2, 0)
  const next = put(store, '/a', 3, 1)
  await settled()
  assert.deepEqual([first.state, rival.state, next.state], ['pending', 'pending', 'pending'], 'even the refused one waits: what it lost to may still fail')
  appends[0]!.resolve()
  await settled()
  assert.deepEqual([first.state, rival.state, next.state], ['done at 1', 'refused, 1 is there', 'done at 2'])
})

test('when the log refuses, everything on its way is refused, and the next commit starts from what is durable', async () => {
  const { log, appends } = createHeldLog()
  const { store, seen } = open(log)
  const kept = put(store, '/a', 1)
  await settled()
  appends[0]!.resolve()
  await settled()

  const failing = put(store, '/a', 2)
  await settled()
  const behind = [put(store, '/a', 3, 2), put(store, '/b', 1), put(store, '/a', 4, 1), track(store.commit([{ key: '/a', value: undefined }]))]
  await settled()
  appends[1]!.reject(new Error('no space left on device'))
  await settled()
  for (const { state } of [failing, ...behind]) assert.equal(state, 'StoreFailed: nothing was written: no space left on device')
  assert.deepEqual([kept.state, store.revision, (await store.get('/a'))?.revision, await store.get('/b')], ['done at 1', 1, 1, undefined])
  assert.equal(appends.length, 2, 'what stood behind was never given to the log')

  const later = put(store, '/a', 5, 1)
  await settled()
  appends[2]!.resolve()
  await settled()
  assert.equal(later.state, 'done at 2')
  assert.deepEqual(seen, ['1 /a', '2 /a'])
  assert.deepEqual((await store.get('/a'))?.value, { n: 5, version: 2 })
})

test('a removal on its way counts as absence for the next commit only', async () => {
  const { log, appends } = createHeldLog()
  const { store } = open(log)
  const made = put(store, '/a', 1)
  await settled()
  appends[0]!.resolve()
  await settled()
  const removed = track(store.commit([{ key: '/a', value: undefined }]))
  const removedAgain = track(store.commit([{ key: '/a', value: undefined }]))
  const remade = put(store, '/a', 2, 0)
  await settled()
  assert.equal((await store.get('/a'))?.revision, 1)
  assert.equal(removedAgain.state, 'pending', 'there is nothing to remove only once the removal is durable')
  appends[1]!.resolve()
  await settled()
  assert.deepEqual(
    [made, removed, remade].map(({ state }) => state),
    ['done at 1', 'done at 2', 'done at 3'],
  )
  assert.match(removedAgain.state, /^done at/)
  assert.equal((await store.get('/a'))?.created, 3)
})

test('close waits for the log, also for commits that wait for it, and closes it last', async () => {
  const { log, appends, events } = createHeldLog()
  const { store } = open(log)
  const commits = [put(store, '/a', 1)]
  await settled()
  commits.push(put(store, '/b', 1))
  const closed = store.close()
  appends[0]!.resolve()
  await settled()
  assert.deepEqual(events, ['append 1', 'append 2'])
  appends[1]!.resolve()
  await closed
  assert.deepEqual(
    commits.map(({ state }) => state),
    ['done at 1', 'done at 2'],
  )
  assert.deepEqual(events, ['append 1', 'append 2', 'close'])
})

test('a loaded version is parsed when it is looked at, and keeps the bytes it came with', async () => {
  const json = new TextEncoder().encode('{"n":1,"version":7}')
  const broken = new TextEncoder().encode('not parsed unless somebody looks')
  const { log } = createHeldLog({ revision: 9, entries: [entry('/a', 7, json), entry('/b', 9, broken)] })
  const { store } = open(log)
  assert.deepEqual([store.revision, store.oldest], [9, 9])
  const stored = (await store.get('/a'))!
  assert.equal(stored.json(), json)
  assert.deepEqual(stored.value, { n: 1, version: 7 })
  assert.equal(stored.value, stored.value)
  assert.ok(Object.isFrozen(stored.value))
  assert.equal((await store.list('/')).items.length, 2)
})

test('a watcher that throws is dropped; the commit, the store and other watchers go on', async () => {
  const unhandled: unknown[] = []
  const listeners = process.rawListeners('unhandledRejection') as ((reason: unknown) => void)[]
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', reason => unhandled.push(reason))
  try {
    const store = createMemoryStore({ stamp })
    store.watch('', 0, () => {
      throw new Error('a bug')
    })
    const seen: number[] = []
    store.watch('', 0, ({ revision }) => seen.push(revision))
    await store.commit([{ key: '/a', value: {} }])
    await store.commit([{ key: '/a', value: {} }])
    assert.deepEqual(seen, [1, 2])
    await new Promise(resolve => setImmediate(resolve))
    assert.deepEqual(
      unhandled.map(error => (error as Error).message),
      ['a bug'],
    )
  } finally {
    process.removeAllListeners('unhandledRejection')
    for (const listener of listeners) process.on('unhandledRejection', listener)
  }
})

test('a stopped disk cannot fill the memory with commits that wait', async () => {
  const { log } = createHeldLog()
  const { store } = open(log)
  const commits = Array.from({ length: 20_001 }, (_, n) => put(store, '/a', n))
  await settled()
  assert.match(commits.at(-1)!.state, /^StoreFailed: nothing was written: too many commits wait/)
  assert.equal(commits.at(-2)!.state, 'pending')
})

interface Append {
  readonly writes: readonly LogWrite[]
  readonly revision: number
  resolve(): void
  reject(error: Error): void
}

function createHeldLog(snapshot: { revision: number; entries: LogEntry[] } = { revision: 0, entries: [] }) {
  const appends: Append[] = []
  const events: string[] = []
  const log: CommitLog = {
    load: () => snapshot,
    append: (writes, revision) =>
      new Promise<void>((resolve, reject) => {
        events.push(`append ${revision}`)
        appends.push({ writes, revision, resolve, reject })
      }),
    close: async () => void events.push('close'),
  }
  return { log, appends, events }
}

function open(log: CommitLog) {
  const store = createMemoryStore({ stamp, log })
  const seen: string[] = []
  store.watch('', store.revision, ({ revision, key }: Change) => seen.push(`${revision} ${key}`))
  return { store, seen }
}

function stamp(value: object, revision: number): object {
  return Object.assign(value, { version: revision })
}

const put = (store: Store, key: string, n: number, expect?: number) => track(store.commit([{ key, value: { n }, expect }]))

function track(commit: Promise<Commit>): { state: string } {
  const tracked = { state: 'pending' }
  commit.then(
    outcome => {
      tracked.state = outcome.done ? `done at ${outcome.revision}` : `refused, ${outcome.actual?.revision} is there`
    },
    (error: Error) => {
      assert.ok(error instanceof StoreFailed)
      tracked.state = `${error.name}: ${error.message}`
    },
  )
  return tracked
}

/** All microtasks have run. */
const settled = () => new Promise(resolve => setImmediate(resolve))

function entry(key: string, revision: number, json: Uint8Array): LogEntry {
  return { key, revision, created: revision, json }
}
