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
  container: "image: 'poise.dev/server:1', command: [server, start=1s, listen=8080], ports: [{ containerPort: 8080 }]",
})

/** Nobody listens there. */
const FAR = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'far',
  contexts: [{ name: 'far', context: { cluster: 'far', user: 'me' } }],
  clusters: [{ name: 'far', cluster: { server: 'https://127.0.0.1:9' } }],
  users: [{ name: 'me', user: { token: 'mine' } }],
})

const REFUSED: readonly [words: string, error: RegExp][] = [
  ['', /^error: there is nothing to check\nName the manifests: poise check -f deploy\.yaml\n$/],
  ['-f nowhere.yaml', /^error: the path "nowhere\.yaml" does not exist\n/],
  ['-f FILE --rollout roll', /'roll' is invalid\. use restart, image=.*\nSee what there is with: poise check --help\n$/],
  ['-f FILE --rate 0', /'0' is invalid\. use a number from 1 to 10000\./],
  ['-f FILE --warm-up 5', /'5' is invalid\. Write a number with a unit/],
  ['-f FILE --service other', /^error: the files have no Service other\nThere is web\.\n$/],
  ['-f FILE --rollout scale=1', /^error: Deployment web has 1 replicas already\n/],
  ['-f FILE --output-file html=/tmp', /^error: the report cannot be written to \/tmp: it is a directory\nName a file in it\.\n$/],
  ['-f FILE --output-file junit=/nowhere/report.xml', /^error: the report cannot be written to \/nowhere\/report\.xml: there is no directory \/nowhere/],
  ['-f FILE --url http://shop.example.com', /^error: a throw-away cluster does not go with --url\nName the cluster that it leads to with --context\.\n$/],
  ['-f FILE --context shop --nodes 3', /^error: a cluster that is there already does not go with --nodes\nLeave it out, or leave --context out\.\n$/],
  ['-f FILE --static --rate 10', /^error: --static does not go with --rate\nNothing is run there/],
  ['-f FILE --static --simulate', /^error: --static does not go with --simulate\n/],
  ['-f FILE --simulate --image-archive web.tar', /^error: --simulate does not go with --image-archive\nA simulation has clusters of its own/],
  ['-f FILE --fail-on error', /^error: --fail-on is about manifests that are only read\nAdd --static, or leave it out\.\n$/],
  ['-f FILE --seeds 3', /^error: --seeds is about a simulation\nAdd --simulate, or leave --seeds out\.\n$/],
  [
    '-f FILE --simulate --output-file junit=report.xml',
    /^error: a simulation has no report as junit\nIt has human and json; with --replay SEED there is every format\.\n$/,
  ],
  [
    '-f FILE --kubeconfig FAR',
    /^✗ Connecting to the cluster\nerror: the cluster of context far \(https:\/\/127\.0\.0\.1:9\) cannot be reached: .*\nSee whether the cluster runs/,
  ],
  ['-f https://example.com/web.yaml', /is an address, and files are read here only\nFetch it first: curl /],
]

test('what cannot be run is said in a sentence, with what to do next, and ends with 2', async () => {
  await using home = await createHome()
  const file = join(home.path, 'web.yaml')
  await writeFile(file, CARELESS)
  const far = join(home.path, 'far.yaml')
  await writeFile(far, FAR)
  const paths: Readonly<Record<string, string>> = { FILE: file, FAR: far }
  await Promise.all(
    REFUSED.map(async ([words, error]) => {
      const args = words === '' ? [] : words.split(' ').map(word => paths[word] ?? word)
      const { code, stdout, stderr } = await home.run(['check', ...args])
      assert.match(stderr, error, words)
      assert.equal(code, 2, words)
      assert.equal(stdout, '', words)
    }),
  )
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

test('--static ends with 1 for what is as grave as --fail-on, or graver', async () => {
  await using home = await createHome()
  const file = join(home.path, 'web.yaml')
  // Warned of, and nothing worse: limits and requests are missing.
  const probe = 'readinessProbe: { httpGet: { path: /, port: 8080 } }, lifecycle: { preStop: { sleep: { seconds: 5 } } }'
  await writeFile(file, webManifest({ replicas: 2, container: `image: 'shop/web:1', ports: [{ containerPort: 8080 }], ${probe}` }))
  for (const [failOn, code] of [
    ['error', 0],
    ['warning', 1],
    ['note', 1],
  ] as const) {
    const ended = await home.run(['check', '--static', '--fail-on', failOn, '-f', file])
    assert.equal(ended.code, code, failOn)
    assert.match(ended.stdout, /warning  no-requests/)
  }
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
