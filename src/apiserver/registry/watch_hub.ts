/**
 * One subscription to the store per kind, and any number of watchers behind it.
 *
 *   store ─ change ─▶ hub ─▶ watchers of everything
 *                        ├─▶ watchers of that namespace
 *                        ├─▶ watchers of that one object          (kubectl wait, rollout status)
 *                        └─▶ watchers of that index value         (each kubelet: its own Pods)
 *
 * With one kubelet per Node watching all Pods, asking every watcher about every change would cost
 * nodes × changes; a change goes only where it can matter.
 */
import type { Kind } from '../../api/kind.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import type { Log } from '../../base/log.ts'
import type { Change, Revision, Store, Stored } from '../../store/store.ts'

export interface WatchScope {
  readonly namespace: string
  /** Only this object. */
  readonly name?: string
  /** Only objects whose indexed field has this value. */
  readonly indexed?: string
}

export interface WatchHubs {
  /** Changes after `from`, past ones within this call. Throws Compacted. `ended`: the store has closed. */
  watch(kind: Kind, scope: WatchScope, from: Revision, changed: (change: Change) => void, ended: () => void): { stop(): void }
  /** How many watchers there are, by kind. */
  counts(): ReadonlyMap<Kind, number>
}

/** The field by which the changes of a kind are sorted out, where many watchers ask for one value each. */
const INDEXED_FIELDS: Readonly<Record<string, string>> = { '/pods/': 'spec.nodeName' }

export const indexedField = (kind: Kind): string | undefined => INDEXED_FIELDS[kind.storage.prefix]

interface Watcher {
  readonly changed: (change: Change) => void
  readonly ended: () => void
  /** What it had seen when it joined; the hub may be about to hand that out still. */
  readonly seen: Revision
}

interface Hub {
  readonly buckets: Map<string, Set<Watcher>>
  watchers: number
  stop(): void
}

export function createWatchHubs(store: Store, log: Log): WatchHubs {
  const hubs = new Map<string, Hub>()
  const counts = new Map<Kind, number>()

  return {
    watch(kind, scope, from, changed, ended) {
      const watcher: Watcher = { changed, ended, seen: Math.max(from, store.revision) }
      replayPast(kind, scope, from, watcher)
      const hub = hubFor(kind)
      const bucket = bucketOf(scope)
      let members = hub.buckets.get(bucket)
      if (!members) hub.buckets.set(bucket, (members = new Set()))
      members.add(watcher)
      hub.watchers++
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
      return {
        stop() {
          if (!members.delete(watcher)) return
          counts.set(kind, counts.get(kind)! - 1)
          if (members.size === 0 && hub.buckets.get(bucket) === members) hub.buckets.delete(bucket)
          if (--hub.watchers === 0) {
            hub.stop()
            if (hubs.get(kind.storage.prefix) === hub) hubs.delete(kind.storage.prefix)
          }
        },
      }
    },
    counts: () => counts,
  }

  /** The store hands out the past within the call, so between it and joining the hub nothing can slip through. */
  function replayPast(kind: Kind, scope: WatchScope, from: Revision, watcher: Watcher): void {
    if (from >= store.revision) return
    const bucket = bucketOf(scope)
    store
      .watch(kind.storage.prefix, from, change => {
        if (concerns(kind, change).includes(bucket)) watcher.changed(change)
      })
      .stop()
  }

  function hubFor(kind: Kind): Hub {
    const prefix = kind.storage.prefix
    const known = hubs.get(prefix)
    if (known) return known
    const buckets = new Map<string, Set<Watcher>>()
    const subscription = store.watch(
      prefix,
      store.revision,
      change => dispatch(kind, buckets, change, log),
      () => {
        hubs.delete(prefix)
        for (const members of buckets.values()) for (const watcher of members) watcher.ended()
      },
    )
    const hub: Hub = { buckets, watchers: 0, stop: () => subscription.stop() }
    hubs.set(prefix, hub)
    return hub
  }
}

function dispatch(kind: Kind, buckets: ReadonlyMap<string, ReadonlySet<Watcher>>, change: Change, log: Log): void {
  for (const bucket of concerns(kind, change)) {
    const members = buckets.get(bucket)
    if (!members) continue
    for (const watcher of members) {
      if (change.revision <= watcher.seen) continue
      try {
        watcher.changed(change)
      } catch (error) {
        // One broken watcher may not cost the others the change.
        log.error('a watcher failed and is ended', { kind: kind.plural, error })
        watcher.ended()
      }
    }
  }
}

const bucketOf = ({ namespace, name, indexed }: WatchScope): string =>
  name !== undefined ? `name ${namespace}/${name}` : indexed !== undefined ? `index ${indexed}` : namespace ? `namespace ${namespace}` : 'all'

/** The buckets a change belongs into. A watcher sits in one, so nobody is told twice. */
function concerns(kind: Kind, change: Change): string[] {
  const { name = '', namespace = '' } = metadataOf(change.stored ?? change.removed ?? change.previous!)
  const buckets = ['all', `namespace ${namespace}`, `name ${namespace}/${name}`]
  if (namespace) buckets.push(`name /${name}`)
  const field = indexedField(kind)
  const read = field === undefined ? undefined : kind.fieldSelectors[field]
  if (!read) return buckets
  const now = change.stored && `index ${read(change.stored.value as KubernetesObject)}`
  const before = change.previous && `index ${read(change.previous.value as KubernetesObject)}`
  if (now !== undefined) buckets.push(now)
  if (before !== undefined && before !== now) buckets.push(before)
  return buckets
}

const metadataOf = (stored: Stored) => (stored.value as KubernetesObject).metadata
