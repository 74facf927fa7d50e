/**
 * A real `poise up` is killed with SIGKILL again and again while clients write to it over HTTPS. After each restart
 * everything that was acknowledged is there, and what was under way happened completely or not at all.
 */
import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { join } from 'node:path'
import { ConfigMap } from '../../src/api/kinds/config_map.ts'
import { ApiError, isReason } from '../../src/api/status.ts'
import { seededRandom, type Random } from '../../src/base/random.ts'
import { connectFromKubeconfig } from '../../src/cli/connection.ts'
import type { Client } from '../../src/client/client.ts'
import { createHome, type Home, type Running } from '../cli/poise.ts'

const IN_FLIGHT = 32
const KEYS_EACH = 8
/** One round in so many kills the server while it is still starting. */
const KILLED_AT_START = 6

/** `draw` names the value; undefined means that there is no such object. */
interface Known {
  readonly draw: number | undefined
  readonly revision: number
}

interface Evidence {
  readonly acknowledged: Map<string, Known>
  readonly underWay: Map<string, number | undefined>
  writes: number
  unknown: number
  newest: number
}

export interface CrashReport {
  readonly kills: number
  readonly writes: number
  /** Writes whose answer the crash has cut off. */
  readonly unknown: number
  readonly expired: number
  readonly continued: number
}

export async function killServerRepeatedly({ kills, seed, patienceMs }: { kills: number; seed: string; patienceMs: number }): Promise<CrashReport> {
  await using home = await createHome()
  const random = seededRandom(seed)
  const evidence: Evidence = { acknowledged: new Map(), underWay: new Map(), writes: 0, unknown: 0, newest: 0 }
  const watches = { expired: 0, continued: 0 }
  const deadline = performance.now() + patienceMs
  let done = 0
  for (; done < kills && performance.now() < deadline; done++) {
    const server = startServer(home)
    if (random.below(KILLED_AT_START) === 0) {
      await pause(random.below(800))
    } else {
      const { client, close } = await connect(home, server)
      try {
        if (done > 0) watches[await watchFrom(client, evidence.newest, String(done))]++
        await examine(client, evidence)
        const load = write(client, evidence, random.fork(String(done)))
        await Promise.race([pause(20 + random.below(250)), load])
        server.process.kill('SIGKILL')
        await load
      } finally {
        close()
      }
    }
    server.process.kill('SIGKILL')
    await server.ended
  }
  const { client, close } = await connect(home, startServer(home))
  await examine(client, evidence)
  close()
  return { kills: done, writes: evidence.writes, unknown: evidence.unknown, ...watches }
}

const startServer = (home: Home): Running =>
  home.start(['up', '--runtime', 'simulated', '--store', join(home.path, 'store'), '--wait', '0s', '--log-level', 'error'])

async function connect(home: Home, server: Running): Promise<{ client: Client; close(): void }> {
  for (;;) {
    const record = await home.record()
    if (record?.pid === server.process.pid) return connectFromKubeconfig(join(home.path, 'state', 'clusters', 'poise', 'kubeconfig'))
    assert.equal(server.process.exitCode, null, `the server did not come up again: ${server.said.stderr}`)
    await pause(5)
  }
}

/** Every worker has keys of its own and one request under way: what a key may hold is known exactly. Ends with the server. */
async function write(client: Client, evidence: Evidence, random: Random): Promise<void> {
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async (_, worker) => {
      const stream = random.fork(String(worker))
      for (;;) {
        const name = `load-${worker}-${stream.below(KEYS_EACH)}`
        try {
          await writeOne(client, name, evidence, stream)
        } catch (error) {
          if (error instanceof ApiError) throw error
          evidence.unknown++
          return
        }
      }
    }),
  )
}

async function writeOne(client: Client, name: string, evidence: Evidence, random: Random): Promise<void> {
  const isThere = evidence.acknowledged.get(name)?.draw !== undefined
  const key = { namespace: 'default', name }
  const step = isThere ? (['update', 'patch', 'delete', 'update'] as const)[random.below(4)]! : 'create'
  const draw = step === 'delete' ? undefined : random.below(2 ** 31)
  evidence.underWay.set(name, draw)
  let revision = 0
  if (draw === undefined) {
    await client.delete(ConfigMap, key)
  } else {
    const data = dataOf(draw)
    const answer =
      step === 'create'
        ? await client.create(ConfigMap, { metadata: key, data })
        : step === 'update'
          ? await client.update(ConfigMap, { metadata: key, data })
          : await client.patch(ConfigMap, key, { type: 'merge', body: { data } })
    revision = Number(answer.metadata.resourceVersion)
  }
  evidence.underWay.delete(name)
  evidence.acknowledged.set(name, { draw, revision })
  evidence.newest = Math.max(evidence.newest, revision)
  evidence.writes++
}

/** All of it follows from the draw: a mixture of two writes would be recognized. */
const dataOf = (draw: number): Record<string, string> => ({
  draw: String(draw),
  fill: String(draw)
    .padEnd(8, '.')
    .repeat(1 + (draw % 200)),
})

async function examine(client: Client, evidence: Evidence): Promise<void> {
  const { items, metadata } = await client.list(ConfigMap, { namespace: 'default', labelSelector: '' })
  assert.ok(Number(metadata.resourceVersion) >= evidence.newest, `revision ${metadata.resourceVersion}, but ${evidence.newest} was acknowledged`)
  const found = new Map(items.map(item => [item.metadata.name ?? '', item] as const).filter(([name]) => name.startsWith('load-')))
  for (const name of new Set([...evidence.acknowledged.keys(), ...evidence.underWay.keys(), ...found.keys()])) {
    const item = found.get(name)
    const draw = item?.data?.['draw'] === undefined ? undefined : Number(item.data['draw'])
    const known = evidence.acknowledged.get(name)
    const allowed = [known?.draw, ...(evidence.underWay.has(name) ? [evidence.underWay.get(name)] : [])]
    assert.ok(allowed.includes(draw), `${name} holds ${draw}, and not one of ${allowed.join(' ')}`)
    if (item && draw !== undefined) assert.deepEqual(item.data, dataOf(draw), `${name} is half of a write`)
    if (item && draw === known?.draw) assert.equal(Number(item.metadata.resourceVersion), known?.revision)
    // From now on this is what must be there.
    evidence.acknowledged.set(name, { draw, revision: Number(item?.metadata.resourceVersion ?? 0) })
  }
  evidence.underWay.clear()
  evidence.newest = Number(metadata.resourceVersion)
}

/** A watch from before the crash is told that its revision has expired, or it misses nothing. */
async function watchFrom(client: Client, revision: number, round: string): Promise<'expired' | 'continued'> {
  const marker = { namespace: 'default', name: 'marker' }
  const seen: { name: string; revision: number }[] = []
  let finish: (outcome: 'expired' | 'continued') => void = () => undefined
  let fail: (error: Error) => void = () => undefined
  const outcome = new Promise<'expired' | 'continued'>((resolve, reject) => {
    finish = resolve
    fail = reject
  })
  const watch = client.watch(
    ConfigMap,
    { namespace: 'default', resourceVersion: String(revision) },
    {
      event({ type, object }) {
        if (type === 'ERROR' || type === 'BOOKMARK') return
        const { name, resourceVersion } = (object as ConfigMap).metadata
        seen.push({ name: name ?? '', revision: Number(resourceVersion) })
        if (name === marker.name && (object as ConfigMap).data?.['round'] === round) finish('continued')
      },
      ended(error) {
        if (isReason(error, 'Expired')) finish('expired')
        else fail(error ?? new Error('the watch ended without a word'))
      },
    },
  )
  try {
    const data = { round }
    await client.update(ConfigMap, { metadata: marker, data }).catch((error: unknown) => {
      if (!isReason(error, 'NotFound')) throw error
      return client.create(ConfigMap, { metadata: marker, data })
    })
    const result = await Promise.race([
      outcome,
      pause(10_000).then(() => Promise.reject(new Error(`a watch from ${revision} neither ended nor showed the marker`))),
    ])
    if (result === 'continued') {
      assert.deepEqual(
        seen.map(event => event.revision),
        seen.map(event => event.revision).toSorted((a, b) => a - b),
      )
      assert.ok(
        seen.every(event => event.revision > revision),
        'nothing old comes again',
      )
      const { items } = await client.list(ConfigMap, { namespace: 'default' })
      const missed = items.filter(
        ({ metadata }) => Number(metadata.resourceVersion) > revision && !seen.some(event => event.revision === Number(metadata.resourceVersion)),
      )
      assert.deepEqual(
        missed.map(({ metadata }) => metadata.name),
        [],
        'no change is missed',
      )
    }
    return result
  } finally {
    watch.stop()
  }
}
