/** `poise check` as a user runs it: what it refuses, what it prints, and how it ends. Containers are simulated. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { CheckReport } from '../../src/check/report.ts'
import { webManifest } from '../../src/check/testing/web_manifest.ts'
import { createHome } from './poise.ts'

const CARELESS = webManifest({
  replicas: 1,
  container: "image: 'poise.dev/server:1', command: [server, start=3s, listen=8080], ports: [{ containerPort: 8080 }]",
})

test('what cannot be run is said in a sentence, with what to do next, and ends with 2', async () => {
  await using home = await createHome()
  // The others are told apart beside the command: a process for each costs more than all of them.
  const { code, stdout, stderr } = await home.run(['check', '-f', 'nowhere.yaml'])
  assert.match(stderr, /^error: the path "nowhere\.yaml" does not exist\n/)
  assert.equal(code, 2)
  assert.equal(stdout, '')
})

test('a careless rollout ends with 1: the verdict is the first line, and every report tells the same', async () => {
  await using home = await createHome()
  const file = join(home.path, 'web.yaml')
  await writeFile(file, CARELESS)
  const reports = Object.fromEntries(['json', 'junit', 'sarif', 'html'].map(format => [format, join(home.path, `report.${format}`)]))
  const outputs = Object.entries(reports).flatMap(([format, path]) => ['--output-file', `${format}=${path}`])
  const { code, stdout, stderr } = await home.run([
    'check',
    '-f',
    file,
    '--runtime',
    'simulated',
    '--rate',
    '50',
    '--warm-up',
    '500ms',
    '--settle',
    '500ms',
    ...outputs,
  ])
  assert.equal(code, 1, stderr)
  assert.match(stdout, /^LOST \d+ of \d+ requests \(.*%\): restart of Deployment\/web\n/)
  assert.match(stdout, /ready-before-listening/)
  assert.match(stdout, /kubectl patch deployment web --patch '\{/)
  assert.match(stderr, /✓ Starting: Deployment\/web is ready\n/)
  const report = JSON.parse(await readFile(reports['json']!, 'utf8')) as CheckReport
  assert.equal(report.verdict, 'lost')
  const { lost, sent } = report.repetitions[0]!
  assert.match(stdout, new RegExp(`^LOST ${lost} of ${sent} `))
  assert.match(await readFile(reports['junit']!, 'utf8'), new RegExp(`${lost} of ${sent} requests were lost`))
  assert.match(await readFile(reports['sarif']!, 'utf8'), /"ready-before-listening"/)
  assert.match(await readFile(reports['html']!, 'utf8'), /^<!doctype html>/)
})

test('with -q nothing but the result is printed, and -o json is JSON alone', async () => {
  await using home = await createHome()
  const file = join(home.path, 'web.yaml')
  await writeFile(file, CARELESS)
  const { code, stdout, stderr } = await home.run([
    'check',
    '-q',
    '-f',
    file,
    '--runtime',
    'simulated',
    '--rollout',
    'scale=2',
    '--rate',
    '20',
    '--warm-up',
    '200ms',
    '--settle',
    '200ms',
    '-o',
    'json',
  ])
  assert.equal(stderr, '')
  const { verdict } = JSON.parse(stdout) as CheckReport
  assert.equal(code, { clean: 0, lost: 1, unfinished: 2 }[verdict])
})

test('Ctrl-C removes the cluster, and ends with 130', async () => {
  await using home = await createHome()
  const file = join(home.path, 'web.yaml')
  await writeFile(file, CARELESS)
  const running = home.start(['check', '-f', file, '--runtime', 'simulated', '--warm-up', '10m'])
  await running.says('Waiting for an answer')
  // npx hands on what the terminal has told everybody: one press, told twice.
  for (const signal of ['SIGSTOP', 'SIGINT', 'SIGTERM', 'SIGCONT'] as const) running.process.kill(signal)
  const { code, stdout, stderr } = await running.ended
  assert.equal(code, 130, stderr)
  assert.match(stderr, /✓ Removing the cluster\n(.*\n)*error: the check was interrupted\n/)
  assert.equal(stdout, '')
})
