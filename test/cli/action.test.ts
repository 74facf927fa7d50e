/** The GitHub Action as a runner calls it: inputs in the environment, results in the files that GitHub names. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { webManifest } from '../../src/check/testing/web_manifest.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')

const CARELESS = webManifest({ replicas: 2, container: "image: 'poise.dev/server:1', command: [server, start=3s, listen=8080]" })

test('the action knows exactly the inputs that its script reads', async () => {
  const action = parse(await readFile(join(root, 'action.yml'), 'utf8')) as { inputs: object; runs: { steps: { env?: Record<string, string> }[] } }
  const script = await readFile(join(root, 'scripts', 'action.mjs'), 'utf8')
  const env = action.runs.steps.at(-1)!.env!
  assert.deepEqual(
    Object.values(env).map(value => /^\$\{\{ inputs\.([a-z-]+) \}\}$/.exec(value)?.[1]),
    Object.keys(action.inputs),
  )
  const read = [...script.matchAll(/(?:input|lines)\('([A-Z_]+)'\)|: '([A-Z_]+)'/g)].map(([, direct, named]) => `POISE_${direct ?? named}`)
  assert.deepEqual([...new Set(read)].toSorted(), Object.keys(env).toSorted())
})

test('the action checks, tells its verdict, and leaves reports', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'poise-action-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  await writeFile(join(directory, 'web.yaml'), CARELESS)
  const [output, summary] = [join(directory, 'output'), join(directory, 'summary')]
  const env = {
    POISE_FILES: 'web.yaml\n',
    POISE_RUNTIME: 'simulated',
    POISE_RATE: '50',
    POISE_REPORTS: 'reports',
    GITHUB_OUTPUT: output,
    GITHUB_STEP_SUMMARY: summary,
  }

  const { code, stderr } = await runAction(directory, env)
  assert.equal(code, 1, stderr)
  assert.equal(await readFile(output, 'utf8'), 'verdict=lost\nreports=reports\n')
  assert.match(await readFile(summary, 'utf8'), /^## Poise check: lost\n\n```text\nLOST \d+ of \d+ requests[^]+ready-before-listening[^]+```\n$/)
  assert.equal((JSON.parse(await readFile(join(directory, 'reports', 'check.json'), 'utf8')) as { verdict: string }).verdict, 'lost')
  for (const [file, begin] of [
    ['check.xml', '<?xml'],
    ['check.sarif', '{'],
    ['check.html', '<!doctype html>'],
  ] as const)
    assert.ok((await readFile(join(directory, 'reports', file), 'utf8')).startsWith(begin), file)
})

test('the action reads manifests only, where that is asked for', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'poise-action-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  await writeFile(join(directory, 'web.yaml'), CARELESS)
  const output = join(directory, 'output')
  const { code, stdout } = await runAction(directory, { POISE_FILES: 'web.yaml', POISE_STATIC: 'true', GITHUB_OUTPUT: output })
  assert.equal(code, 1)
  assert.match(stdout, /error +no-readiness-probe/)
  assert.equal(await readFile(output, 'utf8'), 'verdict=broken-rules\nreports=poise-check\n')
})

test('the action says what it lacks', async () => {
  const { code, stderr } = await runAction(root, { POISE_FILES: ' \n' })
  assert.equal(code, 2)
  assert.match(stderr, /::error title=Poise check::the input "files" is empty\nName a manifest/)
})

function runAction(cwd: string, inputs: Record<string, string>): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const env = { PATH: process.env['PATH'], HOME: cwd, POISE_HOME: join(cwd, 'home'), ...inputs }
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, 'scripts', 'action.mjs')], { cwd, env, timeout: 120_000 })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.on('error', reject)
    child.on('close', code => resolve({ code, stdout, stderr }))
  })
}
