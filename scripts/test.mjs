/**
 * `npm test`: sets up, checks the types, lints, then runs every test. It ends with the closing counts of Node's runner.
 * `npm test -- src/store` runs the tests below a folder; `--long` adds the sweeps.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureBuild, ensureNodeModules, ensurePackageLists, ensureSystemPackages, root } from './ensure.mjs'

const args = process.argv.slice(2)
const long = args.includes('--long')
const only = args.filter(arg => !arg.startsWith('--'))

ensureNodeModules()
ensurePackageLists()
for (const sentence of ensureSystemPackages({ extra: { chromium: 'chromium' } })) process.stderr.write(`${sentence}\n`)
ensureBuild({ tests: true })
removeOrphans(join(root, 'dist'))

if (only.length === 0 && !long) {
  step('lint', [join(root, 'node_modules', 'oxlint', 'bin', 'oxlint'), '--deny-warnings'])
  step('format', [join(root, 'node_modules', 'oxfmt', 'bin', 'oxfmt'), '--check'])
}

/** What opens sockets, spawns, or listens to its process is not among them. */
const SHARED = [
  ...['api', 'base', 'check', 'controllers', 'kubelet', 'network', 'scheduler', 'sim', 'timeline'].map(folder => `src/${folder}`),
  ...['controllers', 'lifecycle', 'network', 'scheduler'].map(folder => `test/${folder}`),
]
const FILES_A_PROCESS = 12

const folders = only.length > 0 ? only : ['src', 'dashboard', 'test']
const files = folders
  .flatMap(folder => testsIn(join(root, 'dist', folder.replace(/\.ts$/, '.js'))))
  .filter(file => file.endsWith('.long.test.js') === long || only.length > 0)
const processes = spread(only.length > 0 ? files : together(files)).map(file => relative(root, file))
// Whole clusters live for less than a second each: with room for them, a tenth less time goes into collecting what they leave.
const options = ['--max-semi-space-size=32', '--test', '--test-reporter=spec', '--test-concurrency=3']
const result = spawnSync(process.execPath, [...options, ...processes], {
  cwd: root,
  stdio: 'inherit',
})
process.exitCode = result.status ?? 1

function step(name, command) {
  if (!existsSync(command[0])) return process.stderr.write(`${name}: not installed, skipped\n`)
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) {
    process.stderr.write(`${name} found something; mend it (\`npm run ${name}\` shows it, \`npm run ${name}:fix\` mends what it can)\n`)
    process.exit(1)
  }
}

/**
 * To begin a process costs more than most tests that know nothing of the machine: some of one folder share one. Plain imports,
 * so that all of them are loaded before a test begins: what one puts in the place of clocks must not be what the next one finds.
 */
function together(files) {
  const dist = join(root, 'dist')
  const folder = join(dist, 'shared-processes')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  const isIn = (file, from) => relative(dist, file).startsWith(join(from, '/'))
  const shared = SHARED.flatMap(from => {
    const own = files.filter(file => isIn(file, from))
    return Array.from({ length: Math.ceil(own.length / FILES_A_PROCESS) }, (_, index) => {
      const path = join(folder, `${from.replaceAll('/', '-')}-${index + 1}.test.js`)
      const some = own.slice(index * FILES_A_PROCESS, (index + 1) * FILES_A_PROCESS)
      writeFileSync(path, some.map(file => `import ${JSON.stringify(pathToFileURL(file).href)}\n`).join(''))
      return path
    })
  })
  return [...shared, ...files.filter(file => !SHARED.some(from => isIn(file, from)))]
}

/**
 * Tests with real containers mostly wait, and all others compute. So that one of the former runs beside some of the latter,
 * they are spread evenly among them.
 */
function spread(files) {
  const isLive = file => file.includes(join('test', 'live'))
  const [live, others] = [files.filter(isLive), files.filter(file => !isLive(file))]
  const place = (group, index) => (index + 0.5) / group.length
  return [live, others]
    .flatMap(group => group.map((file, index) => ({ file, at: place(group, index) })))
    .sort((a, b) => a.at - b.at)
    .map(({ file }) => file)
}

function testsIn(path) {
  if (path.endsWith('.js')) return [path]
  if (!existsSync(path)) return []
  return readdirSync(path, { withFileTypes: true })
    .flatMap(entry => {
      const child = join(path, entry.name)
      return entry.isDirectory() ? testsIn(child) : entry.name.endsWith('.test.js') ? [child] : []
    })
    .sort()
}

/** A test whose source was removed or renamed must not live on in dist/. */
function removeOrphans(folder) {
  for (const file of testsIn(folder)) {
    const source = join(root, relative(join(root, 'dist'), file)).replace(/\.js$/, '.ts')
    if (!existsSync(source)) rmSync(file)
  }
}
