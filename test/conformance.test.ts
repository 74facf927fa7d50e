/** docs/conformance.md says how each conformance test of sig-node is shown. What it says must be so. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const page = readFileSync(join(root, 'docs', 'conformance.md'), 'utf8')

const rows = [...page.matchAll(/^\| (?<area>[^|]+) \| (?<sentence>[^|]+) \| (?<shown>real|virtual|API|–) \| (?<where>[^|]+) \|/gm)].map(({ groups }) => ({
  area: groups!['area']!,
  sentence: groups!['sentence']!,
  shown: groups!['shown']!,
  file: /\]\(\.\.\/(?<file>[^)]+)\)/.exec(groups!['where']!)?.groups?.['file'],
  /** When it is called otherwise. */
  title: / "(?<title>.+)"$/.exec(groups!['where']!.trim())?.groups?.['title'],
}))

test('the page of conformance has a row for each of the 91 tests of sig-node, and none twice', () => {
  assert.equal(rows.length, 91)
  assert.equal(new Set(rows.map(({ area, sentence }) => `${area} ${sentence}`)).size, 91)
})

test('each row of the page of conformance names a test that is there', () => {
  const wrong = rows.filter(({ shown, file }) => shown !== '–' || file !== undefined).filter(row => !isThere(row))
  assert.deepEqual(wrong, [])
})

test('a test that the page of conformance calls real runs on real containers, and one it calls virtual does not', () => {
  const folders: Readonly<Record<string, string>> = { real: 'test/live/', virtual: 'test/lifecycle/', API: 'test/apiserver/' }
  assert.deepEqual(
    rows.filter(({ shown, file }) => file !== undefined && !file.startsWith(folders[shown] ?? '?')),
    [],
  )
})

/** As a whole string of the source, so that a sentence that is the beginning of another does not do. */
function isThere({ area, sentence, file, title }: (typeof rows)[number]): boolean {
  if (file === undefined || !existsSync(join(root, file))) return false
  const source = readFileSync(join(root, file), 'utf8').replaceAll("\\'", "'")
  return (title ? [title] : [sentence, `${area} ${sentence}`]).some(name => ["'", '"', '`'].some(quote => source.includes(`${quote}${name}${quote}`)))
}
