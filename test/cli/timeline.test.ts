/** `poise timeline` as a user meets it: one simulated cluster, seen as what it recorded, and through a proxy as any other cluster. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { stringify } from 'yaml'
import { Pod } from '../../src/api/kinds/pod.ts'
import type { PodTimeline } from '../../src/api/kinds/pod_timeline.ts'
import { isReady } from '../../src/api/pod.ts'
import { connectToContext, type ContextConnection } from '../../src/host/context_connection.ts'
import { createHome, type Home } from './poise.ts'

let home: Home
let admin: ContextConnection
let proxy: Server
let elsewhere: string

/** What `kubectl proxy` is, to a cluster that has never heard of timelines. */
const withoutTimelines = () =>
  createServer((request, response) => {
    const url = new URL(request.url!, 'http://proxy')
    if (url.pathname.startsWith('/apis/timeline.poise.dev')) return void response.writeHead(404).end('404 page not found\n')
    const abort = new AbortController()
    response.on('close', () => abort.abort())
    admin
      .transport({
        method: 'GET',
        path: url.pathname,
        query: url.searchParams,
        headers: { accept: 'application/json' },
        body: { is: 'none' },
        signal: abort.signal,
      })
      .then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' })
        if (body.is !== 'watch') return void response.end(body.is === 'object' ? JSON.stringify(body.object) : undefined)
        const watch = body.watch.start({ event: event => void response.write(event.json()), end: () => void response.end() })
        response.on('close', () => watch.stop())
      })
      .catch(() => response.destroy())
  })

async function pod(name: string): Promise<void> {
  await admin.client.create(Pod, {
    metadata: { namespace: 'default', name, labels: { app: name }, annotations: { 'simulate.poise.dev/web': 'start=300ms, listen=8080' } },
    spec: { terminationGracePeriodSeconds: 5, containers: [{ name: 'web', image: 'web:1', readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 } }] },
  } as never)
  for (;;) {
    if (isReady(await admin.client.get(Pod, { namespace: 'default', name }))) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

before(async () => {
  home = await createHome()
  const up = await home.run(['up', '--runtime', 'simulated', '--detach'])
  assert.equal(up.code, 0, up.stderr)
  admin = await connectToContext({ env: {}, kubeconfig: home.kubeconfig })
  proxy = withoutTimelines()
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  elsewhere = join(home.path, 'elsewhere')
  const server = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  await writeFile(
    elsewhere,
    stringify({
      clusters: [{ name: 'c', cluster: { server } }],
      users: [],
      contexts: [{ name: 'elsewhere', context: { cluster: 'c' } }],
      'current-context': 'elsewhere',
    }),
  )
  await pod('web-0')
})

after(async () => {
  proxy.closeAllConnections()
  proxy.close()
  admin.close()
  await home[Symbol.asyncDispose]()
})

const itemsOf = (stdout: string) => (JSON.parse(stdout) as { kind: string; items: PodTimeline[] }).items

test("kubectl's words for a Pod give its timeline, drawn for a pipe: no colour, and nothing on standard error", async () => {
  const ways = [['pod/web-0'], ['po', 'web-0'], ['-l', 'app=web-0'], ['pods/web-0', '--context', 'poise-poise'], ['pod/web-0', '--name', 'poise']]
  const answers = await Promise.all(ways.map(async words => ({ words, ...(await home.run(['timeline', ...words])) })))
  for (const { words, code, stdout, stderr } of answers) {
    assert.deepEqual([code, stderr], [0, ''], words.join(' '))
    assert.match(stdout, /^web-0 {2}on \S+ · \d+\.\d+\.\d+\.\d+ · Running$/m)
    assert.match(stdout, /^✓ Ready \d+(\.\d+)? m?s after it was created$/m)
    assert.doesNotMatch(stdout, /\u001b/)
  }
})

test('JSON is a list of PodTimelines with startAt, finishAt and reason; the other formats go by the name of the file', async () => {
  const { stdout } = await home.run(['timeline', 'pod/web-0', '-o', 'json'])
  const [timeline] = itemsOf(stdout)
  const pull = timeline!.spans.find(({ type }) => type === 'ImagePull')!
  assert.equal(pull.reason, 'Pulled')
  assert.ok(pull.startAt! < pull.finishAt!)
  const file = (name: string) => join(home.path, name)
  for (const [name, beginning] of [
    ['t.svg', '<svg xmlns='],
    ['t.yaml', 'apiVersion: timeline.poise.dev/v1alpha1'],
    ['t.html', '<!doctype html>'],
  ] as const) {
    const written = await home.run(['timeline', '--output-file', file(name)])
    assert.deepEqual([written.code, written.stdout], [0, ''], written.stderr)
    assert.ok((await readFile(file(name), 'utf8')).startsWith(beginning))
  }
})

test('of a cluster that records nothing the timeline is rebuilt, and that is said', async () => {
  const { code, stdout, stderr } = await home.run(['timeline', 'pod/web-0', '--kubeconfig', elsewhere, '-o', 'json'])
  assert.equal(code, 0, stderr)
  assert.match(stderr, /records no timelines: these are read off Pods, EndpointSlices and Events, exact to the second/)
  const [timeline] = itemsOf(stdout)
  assert.ok(timeline!.spans.every(({ origin }) => origin !== 'recorded'))
  const recorded = itemsOf((await home.run(['timeline', 'pod/web-0', '-o', 'json'])).stdout)[0]!
  for (const type of ['Scheduling', 'Container', 'Ready'] as const) {
    const starts = [timeline!, recorded].map(({ spans }) => Date.parse(spans.find(span => span.type === type)!.startAt!))
    assert.ok(Math.abs(starts[0]! - starts[1]!) <= 1_000, `${type}: ${starts.join(', ')}`)
  }
})

test('-f tells of each thing as it ends, and ends with the Pod, on both kinds of clusters', async () => {
  await pod('short')
  const followers = [home.start(['timeline', 'pod/short', '-f']), home.start(['timeline', 'pod/short', '-f', '--kubeconfig', elsewhere])]
  await Promise.all(followers.map(follower => follower.says('short  Ready  began')))
  await admin.client.delete(Pod, { namespace: 'default', name: 'short' })
  const [recorded, rebuilt] = await Promise.all(followers.map(({ ended }) => ended))
  assert.match(recorded!.stdout, /^\d\d:\d\d:\d\d\.\d{3} {2}short {2}run web {2}.*exit 0$/m)
  assert.match(recorded!.stdout, /short {2}TERM web {2}/)
  assert.match(rebuilt!.stdout, /^\d\d:\d\d:\d\d {2}short {2}deletion {2}.*as it arrived here$/m)
  assert.match(rebuilt!.stderr, /Changes are noted as they arrive here/)
  const gone = await home.run(['timeline', 'pod/short'])
  assert.match(gone.stdout, /^✓ Gone \S+ m?s after it was asked to go$/m)
})

test('what cannot be answered is said with what to do next', async () => {
  const dead = join(home.path, 'dead')
  await writeFile(
    dead,
    stringify({
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
      contexts: [{ name: 'dead', context: { cluster: 'c' } }],
      'current-context': 'dead',
    }),
  )
  const cases: readonly (readonly [string, RegExp])[] = [
    ['pod/web-1', /^1 error: there is no Pod "web-1" in namespace default, and none is remembered \| There is: web-0$/],
    ['deploy/web', /^1 error: there is no Deployment "web" in namespace default \| See what there is with: kubectl get deployments -n default$/],
    ['web-0', /^2 error: "web-0" is not a kind whose Pods are known \| .*poise timeline pod\/web-0$/],
    ['deploy', /^2 error: which Deployment\?/],
    ['--name other', /^1 error: no cluster "other" is running \| Start it with: poise up --name other$/],
    ['--name poise --context x', /^2 error: --name means a cluster of Poise/],
    ['--context nowhere', /^1 error: there is no context "nowhere" in .* \| Choose one with --context: poise-poise$/],
    ['-f -o svg', /^2 error: --follow goes with the outputs text and json/],
    ['-n kube-system -l no=such', /^0 No Pods in namespace kube-system\.$/],
    [
      `--kubeconfig ${dead}`,
      /^1 error: the cluster of context dead \(https:\/\/127\.0\.0\.1:1\) cannot be reached: dial tcp 127\.0\.0\.1:1: connect: connection refused \| See whether the cluster runs/,
    ],
  ]
  await Promise.all(
    cases.map(async ([words, wanted]) => {
      const { code, stderr } = await home.run(['timeline', ...words.split(' ')])
      assert.match(`${code} ${stderr.trim().replaceAll(/\s*\n\s*/g, ' | ')}`, wanted)
    }),
  )
})
