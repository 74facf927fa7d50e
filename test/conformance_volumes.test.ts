/** docs/conformance_volumes.md says how each conformance test of Pod volumes is shown. What it says must be so. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { VOLUME_CASES } from './live/volume_cases.ts'
import { UPDATES } from './live/volume_updates.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const rows = [...read('docs/conformance_volumes.md').matchAll(/^\| (?<title>[^|]+?) \| (?<file>[a-z_.]+\.ts) \|/gm)].map(({ groups }) => ({
  title: groups!['title']!,
  file: groups!['file']!,
}))

test('the page of conformance of volumes has a row for each of the 81 tests, and none twice', () => {
  assert.equal(rows.length, 81)
  assert.equal(new Set(rows.map(({ title }) => title)).size, 81)
})

test('each row of the page of conformance of volumes names a test that is there, and each case has its row', () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    'volume_cases.ts': VOLUME_CASES.map(({ title }) => title),
    'volume_updates.ts': UPDATES.map(({ title }) => title),
  }
  const source = read('test/live/volumes.test.ts')
  for (const { title, file } of rows) {
    const isThere = cases[file]?.includes(title) ?? (file === 'volumes.test.ts' && source.includes(`'${title}'`))
    assert.ok(isThere, `${title}: not in ${file}`)
  }
  const named = new Set(rows.map(({ title }) => title))
  assert.deepEqual(
    VOLUME_CASES.map(({ title }) => title).filter(title => !named.has(title)),
    [],
  )
})
