/**
 * What the store itself can do, without any server around it.
 *
 *   node dist/bench/store.js            all of it, about half a minute
 *   node dist/bench/store.js open DIR   one opening, in a process of its own, so that its memory can be seen
 */
import { execFileSync } from 'node:child_process'
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDurableStore } from '../src/host/store_lmdb.ts'
import { createMemoryStore } from '../src/store/memory_store.ts'
import type { Store } from '../src/store/store.ts'

const OBJECT_BYTES = 1_500
const OBJECTS = 100_000
const DURATION_MS = 2_000
const stamp = (value: object, revision: number) => Object.assign((value as { metadata: object }).metadata, { resourceVersion: String(revision) }) && value

if (process.argv[2] === 'open') await reportOpening(process.argv[3]!)
else await runAll()

async function runAll(): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'poise-bench-'))
  try {
    const floor = fsyncsPerSecond(join(root, 'floor'))
    print('commits of one new 1.5 KB object', ['store', 'in flight', 'commits/s', 'p50 ms', 'p99 ms', `beside ${floor} fdatasync/s of 1.5 KB`])
    for (const inFlight of [1, 32, 64, 512]) {
      for (const kind of ['durable', 'memory'] as const) {
        const store = await open(kind, join(root, `commits${inFlight}`))
        const { perSecond, p50, p99 } = await commits(store, inFlight)
        row([kind, inFlight, Math.round(perSecond), p50.toFixed(2), p99.toFixed(2), `${(perSecond / floor).toFixed(1)} x`])
        await store.close()
      }
    }

    print('one commit stream to watchers in this process', ['store', 'watchers', 'events/s'])
    for (const kind of ['durable', 'memory'] as const) {
      const store = await open(kind, join(root, 'watch'))
      row([kind, 50, Math.round(await fanOut(store, 50))])
      await store.close()
    }
    const store = await open('memory', '')
    row(['memory, all but 50 of 5,000 on other keys', 5_000, Math.round(await fanOut(store, 50, 4_950))])

    print(`${OBJECTS} objects of 1.5 KB`, ['what', 'result'])
    const directory = join(root, 'big')
    const filled = await fill(directory)
    row(['writing them, 1,000 in flight', `${(filled / 1_000).toFixed(1)} s`])
    console.log(execFileSync(process.execPath, [import.meta.filename, 'open', directory], { encoding: 'utf8' }).trimEnd())
  } finally {
    rmSync(root, { recursive: true })
  }
}

async function commits(store: Store, inFlight: number): Promise<{ perSecond: number; p50: number; p99: number }> {
  const start = performance.now()
  const latencies: number[] = []
  let next = 0
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      for (let now = start; now < start + DURATION_MS;) {
        await store.commit([{ key: keyOf(next), value: pod(next++), expect: 0 }])
        const done = performance.now()
        latencies.push(done - now)
        now = done
      }
    }),
  )
  const perSecond = (latencies.length / (performance.now() - start)) * 1_000
  latencies.sort((a, b) => a - b)
  const quantile = (share: number) => latencies[Math.floor(latencies.length * share)]!
  return { perSecond, p50: quantile(0.5), p99: quantile(0.99) }
}

async function fanOut(store: Store, watchers: number, bystanders = 0): Promise<number> {
  let events = 0
  for (let n = 0; n < watchers; n++) store.watch('/pods/', 0, () => events++)
  for (let n = 0; n < bystanders; n++) store.watch(`/other/${n}/`, 0, () => events++)
  const start = performance.now()
  await commits(store, 64)
  return (events / (performance.now() - start)) * 1_000
}

async function fill(directory: string): Promise<number> {
  const store = await open('durable', directory)
  const start = performance.now()
  for (let n = 0; n < OBJECTS; n += 1_000) {
    await Promise.all(Array.from({ length: 1_000 }, (_, i) => store.commit([{ key: keyOf(n + i), value: pod(n + i) }])))
  }
  const tookMs = performance.now() - start
  await store.close()
  return tookMs
}

async function reportOpening(directory: string): Promise<void> {
  const residentMb = () => `${Math.round(process.memoryUsage().rss / 1e6)} MB resident`
  row(['process before', residentMb()])
  const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const start = performance.now()
    const result = await work()
    row([what, `${Math.round(performance.now() - start)} ms, then ${residentMb()}`])
    return result
  }
  const store = await timed('opening', () => open('durable', directory))
  await timed('first page of 500', () => store.list('/pods/', { limit: 500 }))
  const { items } = await timed('listing all', () => store.list('/pods/'))
  await timed('looking at every value', async () => items.forEach(({ value }) => value))
  await store.close()
}

/** The floor of anything durable: appending the same bytes to a file, one sync each. */
function fsyncsPerSecond(path: string): number {
  const bytes = Buffer.alloc(OBJECT_BYTES)
  const file = openSync(path, 'w')
  const start = performance.now()
  let count = 0
  for (; performance.now() < start + 1_000; count++) {
    writeSync(file, bytes)
    fdatasyncSync(file)
  }
  closeSync(file)
  return Math.round((count / (performance.now() - start)) * 1_000)
}

async function open(kind: 'durable' | 'memory', directory: string): Promise<Store> {
  return kind === 'durable' ? openDurableStore(directory, { stamp }) : createMemoryStore({ stamp })
}

function keyOf(n: number): string {
  return `/pods/namespace-${n % 100}/pod-${n}`
}

/** About what an ordinary Pod takes once its defaults are filled in. */
function pod(n: number): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `pod-${n}`,
      namespace: `namespace-${n % 100}`,
      uid: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
      labels: { app: 'web', tier: 'front' },
    },
    spec: {
      containers: Array.from({ length: 3 }, (_, i) => ({
        name: `container-${i}`,
        image: 'registry.example/team/web:1.2.3',
        imagePullPolicy: 'IfNotPresent',
        env: [
          { name: 'LOG_LEVEL', value: 'info' },
          { name: 'PORT', value: '8080' },
        ],
        resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
      })),
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      schedulerName: 'default-scheduler',
    },
    status: {
      phase: 'Pending',
      conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map(type => ({
        type,
        status: 'False',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      })),
    },
  }
}

function print(title: string, columns: string[]): void {
  console.log(`\n${title}`)
  row(columns)
}

function row(cells: readonly (string | number)[]): void {
  console.log(`  ${cells.map((cell, i) => (i === 0 ? String(cell).padEnd(44) : String(cell).padStart(12))).join('')}`)
}
