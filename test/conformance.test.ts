/** The pages of conformance say how each of Kubernetes' tests is shown. What they say must be so. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

interface Page {
  readonly file: string
  readonly about: string
  readonly count: number
  /** Where tests that are shown so may be. */
  readonly folders: Readonly<Record<string, readonly string[]>>
}

const PAGES: readonly Page[] = [
  { file: 'conformance.md', about: 'sig-node', count: 91, folders: { real: ['test/live/'], virtual: ['test/lifecycle/'], API: ['test/apiserver/'] } },
  {
    file: 'conformance_workloads.md',
    about: 'workloads',
    count: 100,
    folders: { real: ['test/live/'], virtual: ['test/controllers/', 'test/scheduler/'], API: ['test/apiserver/'] },
  },
]

interface Row {
  readonly area: string
  readonly sentence: string
  readonly shown: string
  readonly file: string | undefined
  /** When it is called otherwise. */
  readonly title: string | undefined
}

for (const { file: name, about, count, folders } of PAGES) {
  const page = readFileSync(join(root, 'docs', name), 'utf8')
  const rows = [...page.matchAll(/^\| (?<area>[^|]+) \| (?<sentence>[^|]+) \| (?<shown>real|virtual|API|–) \| (?<where>[^|]*) ?\|/gm)].map(
    ({ groups }): Row => ({
      area: groups!['area']!,
      sentence: groups!['sentence']!,
      shown: groups!['shown']!,
      file: /\]\(\.\.\/(?<file>[^)]+)\)/.exec(groups!['where']!)?.groups?.['file'],
      title: / "(?<title>.+)"$/.exec(groups!['where']!.trim())?.groups?.['title'],
    }),
  )

  test(`the page of conformance of ${about} has a row for each of the ${count} tests, and none twice`, () => {
    assert.equal(rows.length, count)
    assert.equal(new Set(rows.map(({ area, sentence }) => `${area} ${sentence}`)).size, count)
  })

  test(`each row of the page of conformance of ${about} names a test that is there`, () => {
    const wrong = rows.filter(({ shown, file }) => shown !== '–' || file !== undefined).filter(row => !isThere(row))
    assert.deepEqual(wrong, [])
  })

  test(`a test that the page of conformance of ${about} calls real runs on real containers, and one it calls virtual does not`, () => {
    assert.deepEqual(
      rows.filter(({ shown, file }) => file !== undefined && !(folders[shown] ?? []).some(folder => file.startsWith(folder))),
      [],
    )
  })
}

/** As a whole string of the source, so that a sentence that is the beginning of another does not do. */
function isThere({ area, sentence, file, title }: Row): boolean {
  if (file === undefined || !existsSync(join(root, file))) return false
  const source = readFileSync(join(root, file), 'utf8').replaceAll("\\'", "'")
  return (title ? [title] : [sentence, `${area} ${sentence}`]).some(name => ["'", '"', '`'].some(quote => source.includes(`${quote}${name}${quote}`)))
}
