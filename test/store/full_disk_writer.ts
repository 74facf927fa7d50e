/**
 * Fills a store until the disk refuses, looks at what it shows then, gets room again and goes on.
 * The disk is "full" because the shell that starts this program has limited the size of its files.
 *
 *   node full_disk_writer.js DIRECTORY     prints one line of JSON
 */
import { spawnSync } from 'node:child_process'
import { openDurableStore } from '../../src/host/store_lmdb.ts'

const store = await openDurableStore(process.argv[2]!, { stamp: value => value })
const seen: number[] = []
store.watch('', 0, ({ revision }) => seen.push(revision))

const write = (name: string, bytes = 20_000) =>
  store.commit([{ key: `/fill/${name}`, value: { fill: 'x'.repeat(bytes) } }]).then(
    commit => (commit.done ? commit.revision : -1),
    (error: Error) => `${error.name}: ${error.message}`,
  )
const full: unknown[] = []
let acknowledged = 0
for (let round = 0; full.length === 0 && round < 100; round++) {
  const outcomes = await Promise.all([1, 2, 3, 4].map(n => write(`${round}.${n}`)))
  for (const outcome of outcomes) {
    if (typeof outcome === 'number') acknowledged++
    else full.push(outcome)
  }
}
const whenFull = { revision: store.revision, items: (await store.list('/fill/')).items.length, acknowledged, full, again: await write('again', 1_000_000) }
spawnSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited'])
const afterwards = await write('afterwards', 1_000_000)
const removed = await store.commit([{ key: '/fill/0.1', value: undefined }])
console.log(JSON.stringify({ whenFull, afterwards, removed: removed.done, revision: store.revision, seen: seen.length }))
await store.close()
