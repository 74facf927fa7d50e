/** What `poise check` answers without starting anything, by the words that a user gives it. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { webManifest } from '../check/testing/web_manifest.ts'
import { temporaryDirectory } from '../host/temporary_directory.ts'
import { runWords } from './main.ts'

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
  ['-f FILE --image-archive nowhere.tar', /^error: the image archive nowhere\.tar cannot be read: there is no such file\nMake one with: docker save/],
  ['-f FILE --repeat 1001', /'1001' is invalid\. use a number from 1 to 1000\./],
  ['-f ASTRAY -n shop', /^error: Service web selects no Pod of the files: it wants app=wbe, and Deployment\/web has app=web\nMend its selector/],
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

async function run(args: readonly string[], env: Readonly<Record<string, string>>) {
  let stdout = ''
  let stderr = ''
  const code = await runWords(args, {
    stdout: { write: text => void (stdout += text) },
    stderr: { write: text => void (stderr += text) },
    env,
  })
  return { code, stdout, stderr }
}

test('what cannot be run is said in a sentence, with what to do next, and ends with 2', async () => {
  const home = await temporaryDirectory('poise-check-words-')
  try {
    const paths: Readonly<Record<string, string>> = {
      FILE: join(home.path, 'web.yaml'),
      FAR: join(home.path, 'far.yaml'),
      ASTRAY: join(home.path, 'astray.yaml'),
    }
    await writeFile(paths['FILE']!, CARELESS)
    await writeFile(paths['FAR']!, FAR)
    await writeFile(paths['ASTRAY']!, CARELESS.replace('selector: { app: web }', 'selector: { app: wbe }'))
    const env = { HOME: home.path, POISE_HOME: join(home.path, 'state'), KUBECONFIG: join(home.path, 'kubeconfig') }
    const listening = process.listenerCount('SIGINT')
    for (const [words, error] of REFUSED) {
      const args = words === '' ? [] : words.split(' ').map(word => paths[word] ?? word)
      const { code, stdout, stderr } = await run(['check', ...args], env)
      assert.match(stderr, error, words)
      assert.equal(code, 2, words)
      assert.equal(stdout, '', words)
    }
    assert.equal(process.listenerCount('SIGINT'), listening, 'whoever is done no longer listens for Ctrl-C')
  } finally {
    await home.remove()
  }
})

test('--static ends with 1 for what is as grave as --fail-on, or graver', async () => {
  const home = await temporaryDirectory('poise-check-words-')
  try {
    const file = join(home.path, 'web.yaml')
    // Warned of, and nothing worse: limits and requests are missing.
    const probe = 'readinessProbe: { httpGet: { path: /, port: 8080 } }, lifecycle: { preStop: { sleep: { seconds: 5 } } }'
    await writeFile(file, webManifest({ replicas: 2, container: `image: 'shop/web:1', ports: [{ containerPort: 8080 }], ${probe}` }))
    for (const [failOn, code] of [
      ['error', 0],
      ['warning', 1],
      ['note', 1],
    ] as const) {
      const ended = await run(['check', '--static', '--fail-on', failOn, '-f', file], {})
      assert.equal(ended.code, code, failOn)
      assert.match(ended.stdout, /warning  no-requests/)
    }
  } finally {
    await home.remove()
  }
})
