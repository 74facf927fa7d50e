/**
 * What the API server does over TLS, from another process: creates, gets, lists, watches.
 *
 *   npm run bench -- api [durable|memory] [rounds]
 *
 * 1.5 KB Pods, 32 requests in flight on four connections. Needs h2load (Debian: nghttp2-client).
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { h2load, requireH2load, type Load, type LoadResult } from './h2load.ts'
import { median, printMachine, printTable, spread, whole } from './report.ts'
import { residentMb } from './read_process.ts'

const only = process.argv.find(word => word === 'durable' || word === 'memory')
const rounds = Number(process.argv.find(word => /^\d+$/.test(word)) ?? 3)
const CREATES = 6_000
const GETS = 15_000
const LISTS = 40
const LISTED_PODS = 2_000
const WATCHERS = 50
const WATCH_SECONDS = 6
const CONNECTIONS = 4
const PER_CONNECTION = 8
const PODS = '/api/v1/namespaces/default/pods'
const rates = (results: readonly LoadResult[]): string => spread(results.map(({ perSecond }) => perSecond))

requireH2load()
printMachine()
for (const kind of only ? [only] : ['durable', 'memory']) await measure(kind)

async function measure(kind: string): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'poise-bench-'))
  const server = await startServer(kind === 'memory' ? 'memory' : join(root, 'store'))
  try {
    const { url, token } = server
    const load: Loader = (path, rest) => h2load({ url: url + path, token, connections: CONNECTIONS, perConnection: PER_CONNECTION, ...rest })
    const idleMb = residentMb(server.process.pid!)

    // Exactly as many Pods as the list is to have, which also warms the server up.
    await load(PODS, { requests: LISTED_PODS, body: podOf1500Bytes('listed-') })
    await load(PODS, { requests: 4, connections: 1, perConnection: 1 })
    const lists: number[] = []
    for (let round = 0; round < rounds; round++) lists.push((await load(PODS, { requests: LISTS, connections: 1, perConnection: 1 })).p50Ms)

    const name = (await onePod(server)).items[0]!.metadata.name
    await load(`${PODS}/${name}`, { requests: 3_000 })
    await load(PODS, { requests: 3_000, body: podOf1500Bytes('warm-') })
    const gets: LoadResult[] = []
    const creates: LoadResult[] = []
    const watched: number[] = []
    for (let round = 0; round < rounds; round++) {
      gets.push(await load(`${PODS}/${name}`, { requests: GETS }))
      creates.push(await load(PODS, { requests: CREATES, body: podOf1500Bytes('made-') }))
      watched.push(await watchEvents(server, load))
    }

    printTable(
      `${kind} store, ${rounds} rounds: median (least to most)`,
      ['what', 'result', 'p50 ms', 'p99 ms'],
      [
        [
          'Pod creates/s, 32 in flight',
          rates(creates),
          median(creates.map(({ p50Ms }) => p50Ms)).toFixed(1),
          median(creates.map(({ p99Ms }) => p99Ms)).toFixed(1),
        ],
        ['gets/s, 32 in flight', rates(gets), median(gets.map(({ p50Ms }) => p50Ms)).toFixed(1), median(gets.map(({ p99Ms }) => p99Ms)).toFixed(1)],
        [`watch events/s to ${WATCHERS} watchers`, spread(watched), '', ''],
        [`list of ${LISTED_PODS.toLocaleString('en')} Pods, one at a time`, '', spread(lists, 1), ''],
        ['resident before load, after it', `${whole(idleMb)} MB, ${whole(residentMb(server.process.pid!))} MB`, '', ''],
      ],
    )
  } finally {
    await server.stop()
    rmSync(root, { recursive: true })
  }
}

type Loader = (path: string, rest: Partial<Load> & { requests: number }) => Promise<LoadResult>

/** Watches from now for some seconds, while Pods are made as fast as that goes; what arrived, by the bytes of one event. */
async function watchEvents(server: Server, load: Loader): Promise<number> {
  const one = await oneEventBytes(load)
  const from = (await onePod(server)).metadata.resourceVersion
  const watching = load(`${PODS}?watch=1&resourceVersion=${from}&timeoutSeconds=${WATCH_SECONDS}`, {
    requests: WATCHERS,
    connections: WATCHERS,
    perConnection: 1,
  })
  await new Promise(resolve => setTimeout(resolve, 500))
  const start = performance.now()
  let over = false
  void watching.finally(() => (over = true)).catch(() => undefined)
  let made = 0
  while (!over && performance.now() < start + (WATCH_SECONDS - 1.5) * 1_000) {
    await load(PODS, { requests: 1_000, body: podOf1500Bytes('seen-') })
    made += 1_000
  }
  const seconds = (performance.now() - start) / 1_000
  const { bodyBytes } = await watching
  const events = bodyBytes / one
  if (Math.abs(events - made * WATCHERS) > made * WATCHERS * 0.02)
    console.log(`  (${Math.round(events)} events arrived by their bytes, ${made * WATCHERS} were expected)`)
  return Math.min(events, made * WATCHERS) / seconds
}

async function oneEventBytes(load: Loader): Promise<number> {
  const answer = await load(PODS, { requests: 1, connections: 1, perConnection: 1, body: podOf1500Bytes('seen-') })
  return answer.bodyBytes + '{"type":"ADDED","object":}\n'.length
}

interface Server {
  readonly process: ChildProcess
  readonly url: string
  readonly token: string
  stop(): Promise<void>
}

async function startServer(place: string): Promise<Server> {
  const child = spawn(process.execPath, [...(process.env['BENCH_NODE_OPTIONS']?.split(' ') ?? []), join(import.meta.dirname, 'serve_api.js'), place], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const line = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout!).once('line', resolve)
    child.once('exit', code => reject(new Error(`the server ended with ${code}`)))
  })
  const { url, token } = JSON.parse(line) as { url: string; token: string }
  return {
    process: child,
    url,
    token,
    stop: () =>
      new Promise(resolve => {
        child.once('exit', () => resolve())
        child.stdin!.end()
      }),
  }
}

/** A list of one: tells the newest revision, and the name of a Pod. */
async function onePod({ url, token }: Server): Promise<{ metadata: { resourceVersion: string }; items: { metadata: { name: string } }[] }> {
  const session = connect(url, { rejectUnauthorized: false })
  const stream = session.request({ ':path': `${PODS}?limit=1`, authorization: `Bearer ${token}` })
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  session.close()
  return JSON.parse(text) as Awaited<ReturnType<typeof onePod>>
}

/** About what `kubectl` sends for an ordinary Pod with one container that has everything. */
function podOf1500Bytes(generateName: string): string {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName, labels: { app: 'web', tier: 'front', 'app.kubernetes.io/part-of': 'shop' }, annotations: { 'example.com/note': '' } },
    spec: {
      containers: [
        {
          name: 'web',
          image: 'registry.example/team/web:1.2.3',
          imagePullPolicy: 'IfNotPresent',
          command: ['/bin/web', '--listen', ':8080'],
          ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
          env: [
            { name: 'LOG_LEVEL', value: 'info' },
            { name: 'PORT', value: '8080' },
            { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          ],
          resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
          readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 5 },
          livenessProbe: { httpGet: { path: '/alive', port: 'http' }, initialDelaySeconds: 10 },
          lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } },
          volumeMounts: [{ name: 'cache', mountPath: '/cache' }],
        },
      ],
      volumes: [{ name: 'cache', emptyDir: {} }],
      terminationGracePeriodSeconds: 30,
    },
  }
  const missing = 1_500 - JSON.stringify(pod).length
  pod.metadata.annotations['example.com/note'] = 'x'.repeat(Math.max(0, missing))
  return JSON.stringify(pod)
}
