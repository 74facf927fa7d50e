/**
 * Makes a fresh clone ready to run: npm packages, Debian packages, compiled code. Plain JavaScript with nothing but
 * Node.js, because it runs before anything is installed. Each step is skipped when it is done already.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { currentBundle } from '../bin/bundle.mjs'
import { makeBundle } from './bundle.mjs'
import { makePage, pageFile } from './page.mjs'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** What real containers need, and which Debian package brings it. */
const SYSTEM_PROGRAMS = {
  containerd: 'containerd',
  ctr: 'containerd',
  runc: 'runc',
  nft: 'nftables',
  conntrack: 'conntrack',
  ip: 'iproute2',
  '/usr/lib/cni/bridge': 'containernetworking-plugins',
  '/bin/busybox': 'busybox-static',
}

const say = text => process.stderr.write(`${text}\n`)

export function ensureNodeModules() {
  const major = Number(process.versions.node.split('.')[0])
  if (major < 20) fail(`Poise needs Node.js 20 or newer, and this is ${process.versions.node}.`, 'Install a newer Node.js and run the command again.')
  const mark = join(root, 'node_modules', '.package-lock.json')
  const lock = join(root, 'package-lock.json')
  if (existsSync(mark) && statSync(mark).mtimeMs >= statSync(lock).mtimeMs) return
  say('Installing npm packages …')
  // Not `npm ci`: it refuses a lock file that lacks optional packages of other platforms, and some registries do not have
  // them all. This installs the locked versions as well.
  run(
    'npm',
    ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'],
    'npm could not install the packages.',
    'Check that the npm registry can be reached, then run the command again.',
  )
}

/** Returns what is still missing afterwards, as sentences; real containers cannot run then, everything else can. */
export function ensureSystemPackages({ extra = {} } = {}) {
  if (process.platform !== 'linux') return ['Real containers need Linux; the simulated runtime is used here.']
  const wanted = { ...SYSTEM_PROGRAMS, ...extra }
  const missing = () => Object.keys(wanted).filter(program => !onPath(program))
  const packages = [...new Set(missing().map(program => wanted[program]))]
  if (packages.length === 0) return []
  const install = `apt-get install -y --no-install-recommends ${packages.join(' ')}`
  if (process.getuid() !== 0) return [`Real containers need root and these Debian packages: ${packages.join(', ')}. As root: ${install}`]
  if (!onPath('apt-get')) return [`Real containers need ${packages.join(', ')}; this system has no apt-get, so install them its own way.`]
  say(`Installing Debian packages: ${packages.join(' ')} …`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const attempt = () => spawnSync('apt-get', install.split(' ').slice(1), { env, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' })
  let result = attempt()
  if (result.status !== 0) {
    spawnSync('apt-get', ['update', '-q'], { env, stdio: 'ignore' })
    result = attempt()
  }
  const still = missing()
  return still.length === 0
    ? []
    : [`These programs are still missing: ${still.join(', ')}. apt-get said: ${(result.stderr ?? '').trim().split('\n').at(-1) ?? ''}`]
}

const LISTS = '/var/lib/apt/lists'
const DAY_MS = 24 * 3600 * 1000

/** Tests make their images from Debian packages; a list that is old names versions that are no longer there. */
export function ensurePackageLists() {
  if (process.platform !== 'linux' || process.getuid() !== 0 || !onPath('apt-get')) return
  const lists = existsSync(LISTS) ? readdirSync(LISTS).filter(name => name.includes('_Packages')) : []
  if (lists.length > 0 && Date.now() - statSync(LISTS).mtimeMs < DAY_MS) return
  say('Updating the lists of Debian packages …')
  spawnSync('apt-get', ['update', '-q'], { stdio: 'ignore' })
}

/** Compiles when a source is newer than the last build, the product alone or with its tests and benches, and bundles the product. */
export function ensureBuild({ tests = false, quiet = false } = {}) {
  const project = join(root, tests ? 'tsconfig.json' : 'tsconfig.product.json')
  if (!existsSync(project)) return // a published package brings its dist/
  const stamp = join(root, 'dist', tests ? '.built-with-tests' : '.built')
  const sources = (tests ? ['src', 'dashboard', 'test', 'bench', 'examples'] : ['src', 'dashboard']).map(folder => join(root, folder)).filter(existsSync)
  const newest = Math.max(...sources.map(newestIn), statSync(project).mtimeMs, statSync(join(root, 'tsconfig.json')).mtimeMs)
  if (existsSync(stamp) && statSync(stamp).mtimeMs > newest) {
    if (!currentBundle(root)) bundle()
    if (!existsSync(pageFile(root))) makePage(root)
    return
  }
  if (!quiet) say('Compiling …')
  const startedAt = new Date()
  compile(project)
  // What runs in a browser is bundled from its sources; its types are checked with the tests.
  if (tests) compile(join(root, 'dashboard', 'tsconfig.json'))
  bundle()
  makePage(root)
  // The time of the beginning: what was changed while it compiled is newer than the stamp, and is compiled again.
  for (const name of tests ? ['.built', '.built-with-tests'] : ['.built']) {
    writeFileSync(join(root, 'dist', name), '')
    utimesSync(join(root, 'dist', name), startedAt, startedAt)
  }
}

const compile = project =>
  run(
    process.execPath,
    [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', project],
    'Poise does not compile.',
    'Mend the errors above, then run the command again.',
  )

/** Without it everything works and starts more slowly, so it stops nobody. */
function bundle() {
  try {
    makeBundle(root)
  } catch (error) {
    say(`The command line could not be bundled, so it starts from its modules: ${error.message}`)
  }
}

function newestIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).reduce((newest, entry) => {
    const path = join(folder, entry.name)
    return Math.max(newest, entry.isDirectory() ? newestIn(path) : statSync(path).mtimeMs)
  }, statSync(folder).mtimeMs)
}

function onPath(program) {
  if (program.includes('/')) return existsSync(program)
  const folders = `${process.env.PATH ?? ''}${delimiter}/usr/sbin${delimiter}/sbin`.split(delimiter)
  return folders.some(folder => existsSync(join(folder, program)))
}

function run(command, args, what, next) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (result.status !== 0) fail(what, next)
}

function fail(what, next) {
  say(`${what}\n${next}`)
  process.exit(1)
}

/** True when the path belongs to a checkout and not to an installed package. */
export const isCheckout = () => existsSync(join(root, 'tsconfig.json')) && JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).name === 'poise'
