/**
 * What action.yml runs: makes Poise ready, checks, and hands results on as GitHub wants them. Inputs come as POISE_… in the
 * environment and never pass through a shell, because they may hold anything.
 */
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './ensure.mjs'

const input = name => (process.env[`POISE_${name}`] ?? '').trim()
const lines = name =>
  input(name)
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
const isRoot = process.getuid?.() === 0

const files = lines('FILES')
if (files.length === 0) stop('the input "files" is empty', 'Name a manifest, for example: files: deploy/')
const reports = input('REPORTS') || 'poise-check'
mkdirSync(reports, { recursive: true })

const isStatic = input('STATIC') === 'true'
const formats = { json: 'check.json', junit: 'check.xml', sarif: 'check.sarif', ...(!isStatic && { html: 'check.html' }) }
const words = [
  'check',
  ...files.flatMap(file => ['-f', file]),
  ...(isStatic
    ? ['--static']
    : [
        ...optionsOf({ rollout: 'ROLLOUT', rate: 'RATE', clients: 'CLIENTS', repeat: 'REPEAT', runtime: 'RUNTIME' }),
        ...lines('IMAGE_ARCHIVES').flatMap(file => ['--image-archive', file]),
      ]),
  ...Object.entries(formats).flatMap(([format, file]) => ['--output-file', `${format}=${join(reports, file)}`]),
  ...lines('ARGS'),
]

// Real containers need root, which runners give by sudo. What is installed stays as it was for the next step.
const elevate = isRoot || process.platform !== 'linux' || isStatic ? [] : ['sudo', '--non-interactive', '--preserve-env']
if (run([...elevate, process.execPath, join(root, 'scripts', 'prepare.mjs')], 'inherit').status !== 0)
  stop('Poise could not be made ready', 'See the log above.')
const checked = run([...elevate, process.execPath, join(root, 'bin', 'poise.mjs'), ...words], ['ignore', 'pipe', 'inherit'])
if (elevate.length > 0) run(['sudo', '--non-interactive', 'chown', '-R', `${process.getuid()}:${process.getgid()}`, reports], 'inherit')

process.stdout.write(checked.stdout)
const verdict = { 0: 'clean', 1: isStatic ? 'broken-rules' : 'lost' }[checked.status] ?? 'failed'
tell('GITHUB_OUTPUT', `verdict=${verdict}\nreports=${reports}\n`)
tell('GITHUB_STEP_SUMMARY', `## Poise check: ${verdict}\n\n${fenced(checked.stdout)}\n`)
process.exitCode = checked.status ?? 2

function optionsOf(names) {
  return Object.entries(names).flatMap(([option, name]) => (input(name) === '' ? [] : [`--${option}`, input(name)]))
}

function run([program, ...args], stdio) {
  const result = spawnSync(program, args, { stdio, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  if (result.error) stop(`${program} could not be started: ${result.error.message}`, 'See the log above.')
  return result
}

function tell(variable, text) {
  if (process.env[variable]) appendFileSync(process.env[variable], text)
}

/** A report may hold backticks: the fence is longer than the longest row of them. */
function fenced(text) {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}text\n${text.trimEnd()}\n${fence}`
}

function stop(what, next) {
  process.stderr.write(`::error title=Poise check::${what}\n${next}\n`)
  process.exit(2)
}
