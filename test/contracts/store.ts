/** What every store must do, run against each of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Compacted, FutureRevision, KEY_BYTES_MAX, StoreClosed, StoreFailed, type Change, type Store, type StoreOptions } from '../../src/store/store.ts'
import { storeBehavesLikeItsModel } from './store_model.ts'
import { put, remove, stamp, watchAll, type StoreFactory } from './store_steps.ts'

export function storeContract(name: string, create: StoreFactory): void {
  const check = (title: string, run: (store: Store) => Promise<void>, options: Partial<StoreOptions> = {}): void => {
    void test(`${name}: ${title}`, async () => {
      const store = await create({ stamp, ...options })
      try {
        await run(store)
      } finally {
        await store.close()
      }
    })
  }

  check('a new store is empty at revision 0', async store => {
    assert.equal(store.revision, 0)
    assert.equal(await store.get('/a'), undefined)
    assert.deepEqual(await store.list(''), { items: [], revision: 0, remaining: 0 })
  })

  check('revisions grow by one with each commit, also when many are made at once', async store => {
    const commits = await Promise.all(Array.from({ length: 50 }, (_, i) => put(store, `/many/${i}`, { i })))
    assert.deepEqual(
      commits,
      Array.from({ length: 50 }, (_, i) => i + 1),
    )
    assert.equal(store.revision, 50)
  })

  check('a value is stamped with its revision, frozen all through and shared by its readers', async store => {
    await put(store, '/a', { list: [{ deep: true }], nothing: null })
    const stored = (await store.get('/a'))!
    assert.deepEqual(stored.value, { list: [{ deep: true }], nothing: null, version: '1' })
    assert.deepEqual([stored.key, stored.revision, stored.created], ['/a', 1, 1])
    const value = stored.value as { list: { deep: boolean }[] }
    assert.throws(() => {
      value.list[0]!.deep = false
    }, TypeError)
    assert.throws(() => {
      value.list.push({ deep: false })
    }, TypeError)
    assert.equal((await store.get('/a'))!.value, value)
    assert.equal((await store.list('/')).items[0]!.value, value)
  })

  check('a part that was frozen on the outside only is frozen inside as well', async store => {
    const inner = { n: 1 }
    await put(store, '/a', { part: Object.freeze({ inner }) })
    assert.throws(() => {
      inner.n = 2
    }, TypeError)
  })

  check('a version is encoded once', async store => {
    await put(store, '/a', { text: 'grün' })
    const stored = (await store.get('/a'))!
    const json = stored.json()
    assert.equal(Buffer.from(json).toString(), '{"text":"grün","version":"1"}')
    assert.equal(stored.json(), json)
    assert.equal((await store.get('/a'))!.json(), json)
  })

  check('an update keeps the revision of creation, and a key made again gets a new one', async store => {
    await put(store, '/a', { n: 1 })
    await put(store, '/a', { n: 2 })
    assert.deepEqual(versions([await store.get('/a')]), [['/a', 2, 1]])
    await remove(store, '/a')
    await put(store, '/a', { n: 3 })
    assert.deepEqual(versions([await store.get('/a')]), [['/a', 4, 4]])
  })

  check('expect 0 creates only what is not there', async store => {
    const first = await store.commit([{ key: '/a', value: { n: 1 }, expect: 0 }])
    const second = await store.commit([{ key: '/a', value: { n: 2 }, expect: 0 }])
    assert.equal(first.done, true)
    assert.ok(!second.done)
    assert.equal(second.key, '/a')
    assert.equal(second.actual?.revision, 1)
    assert.equal(store.revision, 1)
  })

  check('expect holds for exactly one of many that raced', async store => {
    await put(store, '/a', { n: 0 })
    const race = await Promise.all(Array.from({ length: 20 }, (_, n) => store.commit([{ key: '/a', value: { n }, expect: 1 }])))
    assert.equal(race.filter(({ done }) => done).length, 1)
    for (const loser of race) if (!loser.done) assert.equal(loser.actual?.revision, 2)
    assert.equal(store.revision, 2)
  })

  check('a refused commit is answered only when the version it lost to can be read', async store => {
    const winner = store.commit([{ key: '/a', value: {}, expect: 0 }])
    const loser = await store.commit([{ key: '/a', value: {}, expect: 0 }])
    assert.equal(loser.done, false)
    assert.equal((await store.get('/a'))?.revision, 1)
    await winner
  })

  check('expect applies to removals, and to a key that is about to be removed', async store => {
    await put(store, '/a', {})
    assert.equal((await store.commit([{ key: '/a', value: undefined, expect: 7 }])).done, false)
    const removal = store.commit([{ key: '/a', value: undefined, expect: 1 }])
    const late = await store.commit([{ key: '/a', value: { n: 2 }, expect: 1 }])
    assert.deepEqual(late, { done: false, key: '/a', actual: undefined })
    assert.equal((await removal).done, true)
  })

  check('all writes of a commit happen at one revision, or none does', async store => {
    await put(store, '/b', {})
    const refused = await store.commit([
      { key: '/a', value: {} },
      { key: '/b', value: {}, expect: 0 },
      { key: '/c', value: {} },
    ])
    assert.ok(!refused.done)
    assert.equal(refused.key, '/b')
    assert.deepEqual(versions((await store.list('/')).items), [['/b', 1, 1]])

    const accepted = await store.commit([
      { key: '/c', value: {} },
      { key: '/b', value: undefined },
      { key: '/a', value: {} },
    ])
    assert.ok(accepted.done)
    assert.deepEqual(versions(accepted.stored), [['/c', 2, 2], undefined, ['/a', 2, 2]])
    assert.deepEqual(versions((await store.list('/')).items), [
      ['/a', 2, 2],
      ['/c', 2, 2],
    ])
  })

  check('a commit that changes nothing takes no revision', async store => {
    await put(store, '/a', {})
    assert.deepEqual(await store.commit([{ key: '/none', value: undefined }]), { done: true, revision: 1, stored: [undefined] })
    assert.deepEqual(await store.commit([]), { done: true, revision: 1, stored: [] })
    assert.equal(store.revision, 1)
  })

  check('a key that is too long, empty or named twice fails alone', async store => {
    const good = put(store, '/good', {})
    await assert.rejects(store.commit([{ key: 'x'.repeat(KEY_BYTES_MAX + 1), value: {} }]), StoreFailed)
    await assert.rejects(store.commit([{ key: '', value: {} }]), StoreFailed)
    await assert.rejects(
      store.commit([
        { key: '/twice', value: {} },
        { key: '/twice', value: {} },
      ]),
      /once/,
    )
    assert.equal(await good, 1)
    await put(store, 'x'.repeat(KEY_BYTES_MAX), {})
    assert.equal(store.revision, 2)
  })

  check('list goes by prefix, in byte order, whatever order the keys were written in', async store => {
    for (const key of ['/p/b', '/p/a/x', '/q', '/p', '/p/a', '/p/\u{1f600}', '/p/\uffee', '/p/B', '/o']) await put(store, key, {})
    const keys = (await store.list('/p/')).items.map(({ key }) => key)
    assert.deepEqual(keys, ['/p/B', '/p/a', '/p/a/x', '/p/b', '/p/\uffee', '/p/\u{1f600}'])
    assert.deepEqual(
      (await store.list('/p/b')).items.map(({ key }) => key),
      ['/p/b'],
    )
    assert.deepEqual((await store.list('/none')).items, [])
  })

  check('pages join up to the whole, and say how much remains', async store => {
    await Promise.all(Array.from({ length: 25 }, (_, i) => put(store, `/p/${String(i).padStart(2, '0')}`, {})))
    await put(store, '/q', {})
    const keys: string[] = []
    const remaining: number[] = []
    for (let after: string | undefined; ;) {
      const page = await store.list('/p/', { after, limit: 10 })
      keys.push(...page.items.map(({ key }) => key))
      remaining.push(page.remaining)
      if (page.remaining === 0) break
      after = keys.at(-1)
    }
    assert.deepEqual(remaining, [15, 5, 0])
    assert.deepEqual(
      keys,
      Array.from({ length: 25 }, (_, i) => `/p/${String(i).padStart(2, '0')}`),
    )
  })

  check('a list at an old revision shows what was there then, page by page', async store => {
    await put(store, '/p/a', { n: 1 })
    await put(store, '/p/b', { n: 1 })
    await put(store, '/p/c', { n: 1 })
    await put(store, '/p/b', { n: 2 })
    await remove(store, '/p/a')
    await put(store, '/p/aa', {})
    await remove(store, '/p/b')
    await put(store, '/p/b', { n: 3 })
    const at = async (revision: number) => versions((await store.list('/p/', { at: revision })).items)
    assert.deepEqual(await at(0), [])
    assert.deepEqual(await at(3), [
      ['/p/a', 1, 1],
      ['/p/b', 2, 2],
      ['/p/c', 3, 3],
    ])
    assert.deepEqual(await at(5), [
      ['/p/b', 4, 2],
      ['/p/c', 3, 3],
    ])
    assert.deepEqual(await at(7), [
      ['/p/aa', 6, 6],
      ['/p/c', 3, 3],
    ])
    assert.deepEqual(await at(8), [
      ['/p/aa', 6, 6],
      ['/p/b', 8, 8],
      ['/p/c', 3, 3],
    ])
    const first = await store.list('/p/', { at: 3, limit: 2 })
    assert.deepEqual([first.revision, first.remaining, first.items.map(({ key }) => key)], [3, 1, ['/p/a', '/p/b']])
    const second = await store.list('/p/', { at: 3, limit: 2, after: '/p/b' })
    assert.deepEqual([second.revision, second.remaining, second.items.map(({ key }) => key)], [3, 0, ['/p/c']])
  })

  check(
    'the past is forgotten after historyMax changes, the present never',
    async store => {
      for (let n = 1; n <= 10; n++) await put(store, `/${n}`, { n })
      assert.equal(store.oldest, 6)
      await assert.rejects(store.list('/', { at: 5 }), (error: Compacted) => error instanceof Compacted && error.oldest === 6 && error.requested === 5)
      assert.throws(() => store.watch('/', 5, () => {}), Compacted)
      assert.equal((await store.list('/', { at: 6 })).items.length, 6)
      assert.equal((await store.list('/')).items.length, 10)
      assert.deepEqual(
        watchAll(store, '/', 6).seen.map(({ revision }) => revision),
        [7, 8, 9, 10],
      )
    },
    { historyMax: 4 },
  )

  check('compact forgets up to a revision and not further than the newest', async store => {
    for (let n = 1; n <= 5; n++) await put(store, '/a', { n })
    await store.compact(3)
    assert.equal(store.oldest, 3)
    await assert.rejects(store.list('/', { at: 2 }), Compacted)
    assert.deepEqual(
      watchAll(store, '/', 3).seen.map(({ revision }) => revision),
      [4, 5],
    )
    await store.compact(2)
    assert.equal(store.oldest, 3)
    await store.compact(100)
    assert.equal(store.oldest, 5)
    assert.equal((await store.list('/')).items.length, 1)
  })

  check('a list at a revision that has not happened is refused', async store => {
    await put(store, '/a', {})
    await assert.rejects(store.list('/', { at: 2 }), FutureRevision)
  })

  check('a watch brings the past within the call and then every change once, in order', async store => {
    await put(store, '/p/a', { n: 1 })
    await put(store, '/q/a', { n: 1 })
    await put(store, '/p/a', { n: 2 })
    const watch = watchAll(store, '/p/', 1)
    assert.deepEqual(
      watch.seen.map(({ revision }) => revision),
      [3],
    )
    await Promise.all([put(store, '/p/b', {}), put(store, '/q/b', {}), remove(store, '/p/a')])
    assert.deepEqual(
      watch.seen.map(({ revision, key }) => [revision, key]),
      [
        [3, '/p/a'],
        [4, '/p/b'],
        [6, '/p/a'],
      ],
    )
    watch.stop()
    await put(store, '/p/c', {})
    assert.equal(watch.seen.length, 3)
  })

  check('a change carries what was before; a removal the last value, stamped with its own revision', async store => {
    const { seen } = watchAll(store, '/', 0)
    await put(store, '/a', { n: 1 })
    await put(store, '/a', { n: 2 })
    await remove(store, '/a')
    const [created, updated, removed] = seen as [Change, Change, Change]
    assert.deepEqual([created.stored?.value, created.previous, created.removed], [{ n: 1, version: '1' }, undefined, undefined])
    assert.deepEqual([updated.stored?.revision, updated.previous?.revision, updated.removed], [2, 1, undefined])
    assert.equal(updated.previous, created.stored)
    assert.equal(removed.stored, undefined)
    assert.equal(removed.previous, updated.stored)
    assert.deepEqual(removed.removed?.value, { n: 2, version: '3' })
    assert.deepEqual(versions([removed.removed]), [['/a', 3, 1]])
    assert.ok(Object.isFrozen(removed.removed?.value))
    assert.deepEqual(updated.stored?.value, { n: 2, version: '2' })
  })

  check('a watch from ahead skips what comes up to there', async store => {
    const { seen } = watchAll(store, '/', 2)
    for (let n = 1; n <= 3; n++) await put(store, '/a', { n })
    assert.deepEqual(
      seen.map(({ revision }) => revision),
      [3],
    )
  })

  check('a watcher may watch, stop and write while it is called', async store => {
    const inner: number[] = []
    const outer: number[] = []
    const writes: Promise<number>[] = []
    const watch = store.watch('/', 0, ({ revision, key }) => {
      outer.push(revision)
      if (revision === 1 && key === '/a') store.watch('/', 0, change => inner.push(change.revision))
      if (revision === 1 && key === '/a') writes.push(put(store, '/c', {}))
      if (revision === 2) watch.stop()
    })
    await store.commit([
      { key: '/a', value: {} },
      { key: '/b', value: {} },
    ])
    await Promise.all(writes)
    await put(store, '/d', {})
    assert.deepEqual(outer, [1, 1, 2])
    assert.deepEqual(inner, [1, 1, 2, 3])
  })

  check('readers and watchers see a commit before it resolves', async store => {
    const { seen } = watchAll(store, '/', 0)
    const commit = store.commit([{ key: '/a', value: {} }]).then(() => seen.length)
    assert.equal(seen.length, 0)
    assert.equal(await commit, 1)
  })

  check('close waits for writes, tells watchers once and refuses what comes later', async store => {
    let ended = 0
    const seen: Change[] = []
    store.watch(
      '/',
      0,
      change => seen.push(change),
      () => ended++,
    )
    const stopped = store.watch(
      '/',
      0,
      () => {},
      () => assert.fail('it was stopped'),
    )
    stopped.stop()
    const write = put(store, '/a', {})
    const closed = store.close()
    await assert.rejects(store.commit([{ key: '/b', value: {} }]), StoreClosed)
    assert.equal(await write, 1)
    await closed
    await store.close()
    assert.equal(ended, 1)
    assert.equal(seen.length, 1)
    await assert.rejects(store.get('/a'), StoreClosed)
    await assert.rejects(store.list('/'), StoreClosed)
    assert.throws(() => store.watch('/', 0, () => {}), StoreClosed)
  })

  test(`${name}: any sequence of commits, lists, watches and compactions does what a simple model says`, () => storeBehavesLikeItsModel(create))
}

function versions(list: readonly ({ key: string; revision: number; created: number } | undefined)[]) {
  return list.map(stored => stored && [stored.key, stored.revision, stored.created])
}
