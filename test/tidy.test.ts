/** The repository checks its own manners, and says what to do instead. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter(file => file && existsSync(join(root, file)))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const sources = tracked.filter(file => /^src\/.*\.ts$/.test(file))

const FLOORS: Readonly<Record<string, number>> = {
  base: 0,
  api: 1,
  store: 1,
  runtime: 1,
  apiserver: 2,
  client: 2,
  controllers: 3,
  scheduler: 3,
  kubelet: 3,
  network: 3,
  metrics: 3,
  timeline: 3,
  cluster: 4,
  host: 5,
  sim: 5,
  launch: 6,
  check: 7,
  cli: 8,
}

/** Beside its floor, what each folder may not see although it lies lower. */
const BLIND: Readonly<Record<string, readonly string[]>> = {
  apiserver: ['runtime'],
  client: ['store', 'runtime'],
  controllers: ['store', 'runtime', 'apiserver'],
  scheduler: ['store', 'runtime', 'apiserver'],
  kubelet: ['store', 'apiserver'],
  network: ['store', 'runtime', 'apiserver'],
  metrics: ['store', 'runtime', 'apiserver'],
  timeline: ['store', 'runtime', 'apiserver'],
}

const importsOf = (file: string): string[] => [...read(file).matchAll(/(?:from\s+|import\s+|import\()'([^']+)'/g)].map(match => match[1]!)
const folderOf = (file: string): string | undefined => /^src\/([^/]+)\//.exec(file)?.[1]

test('a file imports from its own folder and from lower floors only', () => {
  const complaints: string[] = []
  for (const file of sources.filter(source => !source.endsWith('.test.ts'))) {
    const folder = folderOf(file)
    if (!folder) continue // src/index.ts is the library's front door
    assert.ok(folder in FLOORS, `${file}: the folder ${folder} has no floor; add it to FLOORS and to docs/ARCHITECTURE.md`)
    for (const specifier of importsOf(file)) {
      if (!specifier.startsWith('.')) continue
      const target = folderOf(normalize(join(dirname(file), specifier)))
      if (!target || target === folder) continue
      if (FLOORS[target]! >= FLOORS[folder]!)
        complaints.push(
          `${file} imports ${specifier}: ${target} is not below ${folder}; move the shared part to a lower floor, or talk through objects in the API`,
        )
      else if (BLIND[folder]?.includes(target))
        complaints.push(`${file} imports ${specifier}: ${folder} knows nothing of ${target}; take what you need through the constructor`)
    }
  }
  assert.deepEqual(complaints, [])
})

test('only host and cli import Node.js', () => {
  const complaints = sources
    .filter(file => !file.endsWith('.test.ts') && !['host', 'cli'].includes(folderOf(file) ?? ''))
    .filter(file => importsOf(file).some(specifier => specifier.startsWith('node:')))
    .map(file => `${file}: add a method to a port in base/, implement it in host/ and in sim/, and take it through the constructor`)
  assert.deepEqual(complaints, [])
})

test('every source file is imported by another one, or is an entrance', () => {
  const entrances = new Set(['src/index.ts', 'src/cli/main.ts', 'src/host/load/load_client.ts', 'src/host/server/main.ts', 'src/cli/simulate_thread.ts'])
  const reached = new Set<string>()
  for (const file of tracked.filter(name => /^(src|dashboard|test|bench|examples)\/.*\.tsx?$/.test(name))) {
    for (const specifier of importsOf(file)) if (specifier.startsWith('.')) reached.add(normalize(join(dirname(file), specifier)))
  }
  const dead = sources.filter(file => !file.endsWith('.test.ts') && !entrances.has(file) && !reached.has(file))
  assert.deepEqual(dead, [], 'remove what nobody uses, or use it')
})

test('nothing is left for later without an issue, and no file is called utils', () => {
  const marks = new RegExp(['FIX' + 'ME', 'TO' + 'DO', 'X' + 'XX'].join('|'))
  const complaints = sources.filter(file => marks.test(read(file)) || /util|helper|misc/.test(file))
  assert.deepEqual(complaints, [], 'do it now, or say in docs/compatibility.md that it is not there; name a file after what it is about')
})

test('links in the documents lead somewhere', () => {
  const broken: string[] = []
  for (const file of tracked.filter(name => name.endsWith('.md'))) {
    for (const [, target] of read(file).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue
      const path = normalize(join(dirname(file), target!))
      if (!existsSync(join(root, path))) broken.push(`${file}: ${target}`)
    }
  }
  assert.deepEqual(broken, [])
})

test('no committed file names a registry host or a path of the machine it was written on', () => {
  const patterns = [new RegExp(['registry', 'npmjs', 'org'].join('\\.')), new RegExp(`"resolved": "http`), /\/home\/[a-z]+\//]
  const complaints = tracked.filter(file => !/\.(png|svg|tar)$/.test(file) && patterns.some(pattern => pattern.test(read(file))))
  assert.deepEqual(
    complaints.filter(file => relative('test', file).startsWith('..')),
    [],
  )
})
