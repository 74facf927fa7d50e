/**
 * What every controller shares.
 *
 *   watch ─▶ key ─▶ queue ─▶ has the cache seen our own writes? ─▶ reconcile ─▶ settled | again after | failed: back-off
 *                     ▲                 │ not yet: when it has                       │
 *                     └─────────────────┴────────────────────────────────────────────┘
 *
 * Level-triggered: `reconcile` learns which object to look at, never what happened to it. Because one store numbers all
 * writes, a controller that waits until its caches have reached its own last writes for a key never counts anything twice.
 */
import { keyOf, keyText, parseKey, type KubernetesObject, type ObjectKey } from '../api/meta.ts'
import type { Kind } from '../api/kind.ts'
import type { BackoffRange } from '../base/backoff.ts'
import type { Millis } from '../base/clock.ts'
import type { Host } from '../base/host.ts'
import { createWorkQueue } from '../base/work_queue.ts'
import { ApiError } from '../api/status.ts'
import { cachesSynced, type Cache, type CacheChange } from './cache.ts'
import type { Client } from './client.ts'
import { createOwnWrites, type OwnWrites } from './own_writes.ts'

/** What is left to do for a key: nothing until something changes, or another look after a while. */
export type Outcome = { readonly again?: Millis }
export const settled: Outcome = {}

/** The earliest of several looks; none or 0 is no look at all. */
export function againAfter(waits: readonly (Millis | undefined)[]): Outcome {
  const ahead = waits.filter(ms => ms !== undefined && ms > 0) as Millis[]
  return ahead.length > 0 ? { again: Math.min(...ahead) } : settled
}

export interface ControllerOptions {
  readonly name: string
  readonly sources: readonly Source[]
  /** Looked at once at the start, whether there is anything or not. */
  readonly first?: readonly ObjectKey[]
  /** A throw is logged and tried again after a back-off. The client counts what is written, so that the next pass waits for it. */
  reconcile(key: ObjectKey, client: Client): Promise<Outcome>
  /** How many keys are worked on at once. */
  readonly workers?: number
  readonly retry?: BackoffRange
  /** After so many the key is given up until something changes. Default: never. */
  readonly retriesMax?: number
}

export interface Source {
  readonly kind: Kind<never>
  readonly cache: Cache<KubernetesObject>
  keysOf(change: CacheChange<KubernetesObject>): readonly ObjectKey[]
}

/** Changes of these objects bring their own key. */
export const watches = <T extends KubernetesObject>(
  kind: Kind<T>,
  cache: Cache<T>,
  keysOf: (change: CacheChange<T>) => readonly ObjectKey[] = ({ key }) => [key],
): Source => ({ kind, cache, keysOf }) as never

const RETRY: BackoffRange = { baseMs: 5, maxMs: 60_000 }
/** Keys with own writes to wait for. A key whose object is gone never comes round again; beyond this they are swept out. */
const OWN_WRITES_MAX = 1_000

export function startController(host: Host, client: Client, options: ControllerOptions): { stop(): Promise<void> } {
  const queue = createWorkQueue(host.clock, options.retry ?? RETRY, options.name)
  const log = host.log.child({ controller: options.name })
  const ownWrites = new Map<string, OwnWrites>()
  /** Keys whose turn came before the caches had seen what we wrote for them. */
  const early = new Set<string>()
  const lookAt = (key: string) => {
    // Its turn comes now, or it is early once more.
    early.delete(key)
    queue.add(key)
  }
  const lookAgain = () => {
    for (const key of Array.from(early)) if (hasSeenOwnWrites(key)) lookAt(key)
  }
  const listeners = options.sources.flatMap(({ cache, keysOf }) => [
    // One change that touches a key twice, as what was and as what is, is one look.
    cache.onChange(change => new Set(keysOf(change).map(keyText)).forEach(lookAt)),
    cache.onRevision(lookAgain),
  ])

  options.first?.map(keyText).forEach(lookAt)

  const hasSeenOwnWrites = (key: string): boolean => {
    const writes = ownWrites.get(key)
    if (!writes) return true
    if (writes.unknown.size > 0 || !writes.seenIn(options.sources)) return false
    ownWrites.delete(key)
    return true
  }

  /**
   * A write whose answer was lost may have taken effect: whatever it was, a list that is asked for now shows it. The
   * revision of the list itself is no use: a cache where nothing changes hears of it only with the next bookmark.
   */
  async function settleUnknown({ namespace }: ObjectKey, { unknown, wrote, removed }: OwnWrites): Promise<void> {
    for (const kind of Array.from(unknown)) {
      const source = options.sources.find(one => one.kind === kind)
      if (source) {
        // Read before the list is asked for: what comes meanwhile is not missing in it, it is newer.
        const known = source.cache.list(namespace)
        const { items } = await client.list(kind as unknown as Kind, { namespace })
        const there = new Set(items.map(({ metadata }) => metadata.uid))
        for (const { metadata } of items) wrote(kind, metadata.resourceVersion)
        for (const { metadata } of known) if (!there.has(metadata.uid)) removed(kind, keyOf({ metadata }), metadata.uid!)
      }
      unknown.delete(kind)
    }
  }

  async function work(key: string): Promise<void> {
    try {
      const pending = ownWrites.get(key)
      if (pending && pending.unknown.size > 0) await settleUnknown(parseKey(key), pending)
      if (!hasSeenOwnWrites(key)) return void early.add(key)
      const writes = createOwnWrites()
      const remembering = () => {
        ownWrites.set(key, writes)
        if (ownWrites.size > OWN_WRITES_MAX) [...ownWrites.keys()].forEach(hasSeenOwnWrites)
      }
      const { again } = await options.reconcile(parseKey(key), countingClient(client, writes, remembering))
      queue.succeeded(key)
      if (again !== undefined) queue.addAfter(key, again)
    } catch (error) {
      const isGivenUp = queue.failures(key) >= (options.retriesMax ?? Infinity)
      log.warn(`reconcile failed; ${isGivenUp ? 'given up until something changes' : 'trying again'}`, { key, error: String(error) })
      if (isGivenUp) queue.succeeded(key)
      else queue.retry(key)
    }
  }

  const tasks = Array.from({ length: options.workers ?? 4 }, (_, index) =>
    host.spawn(`${options.name} worker ${index}`, async signal => {
      if (
        !(await cachesSynced(
          options.sources.map(source => source.cache),
          signal,
        ))
      )
        return
      for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
        await work(key)
        queue.done(key)
      }
    }),
  )

  return {
    async stop() {
      listeners.forEach(listener => listener.stop())
      queue.close()
      await Promise.all(tasks.map(task => task.stop()))
    },
  }
}

/** The client, telling what became of each write. */
function countingClient(client: Client, writes: OwnWrites, remembering: () => void): Client {
  const counted = async <T extends KubernetesObject | undefined>(kind: Kind<never>, write: Promise<T>): Promise<T> => {
    try {
      const object = await write
      if (object) writes.wrote(kind, object.metadata.resourceVersion)
      return object
    } catch (error) {
      // The server's refusal has no effect; anything else may have had one.
      if (!(error instanceof ApiError)) writes.unknown.add(kind)
      throw error
    } finally {
      remembering()
    }
  }
  return {
    ...client,
    create: (kind, object, o) => counted(kind, client.create(kind, object, o)),
    update: (kind, object, o) => counted(kind, client.update(kind, object, o)),
    updateStatus: (kind, object, o) => counted(kind, client.updateStatus(kind, object, o)),
    patch: (kind, key, patch, o) => counted(kind, client.patch(kind, key, patch, o)),
    async delete(kind, key, o) {
      const object = await counted(kind, client.delete(kind, key, o))
      // What went at once has no revision to wait for.
      if (!object && o?.uid) writes.removed(kind, key, o.uid)
      return object
    },
  }
}
