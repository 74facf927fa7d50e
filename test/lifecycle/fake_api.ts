/**
 * A small API for tests of the kubelet alone: keeps objects, tells watchers, and decides deletions and generations with the
 * server's own rules. The real server is used where the tests are about the whole cluster.
 */
import { decodeObject } from '../../src/api/decode.ts'
import { deepEqual } from '../../src/api/deep.ts'
import { applyDefaults } from '../../src/api/defaults.ts'
import { deepFreeze } from '../../src/base/freeze.ts'
import { apiVersionOf, type Kind } from '../../src/api/kind.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { keyText, timestamp, type KubernetesObject, type ObjectKey } from '../../src/api/meta.ts'
import { alreadyExists, conflict, failure, notFound } from '../../src/api/status.ts'
import { applyStrategicMergePatch } from '../../src/api/strategic_merge_patch.ts'
import { checkPreconditions, planDelete } from '../../src/apiserver/registry/delete.ts'
import type { Clock } from '../../src/base/clock.ts'
import type { Client } from '../../src/client/client.ts'

export interface FakeApi {
  readonly client: Client
  create(kind: Kind<never>, object: object): KubernetesObject
  get<T extends KubernetesObject>(kind: Kind<T>, name: string, namespace?: string): T | undefined
  /** How often an object was asked for by its name: `configmaps/settings`. */
  readonly reads: ReadonlyMap<string, number>
  /** When tokens were asked for, in wall time; whether they are refused. */
  readonly tokens: { readonly asked: readonly number[]; refuses: boolean }
  /** What is watched now: `configmaps metadata.name=settings`. */
  readonly watched: readonly string[]
  /** Every write that reached the server, in order. */
  readonly writes: { verb: string; kind: string; name: string; object: KubernetesObject | undefined }[]
}

export function createFakeApi(clock: Clock): FakeApi {
  const objects = new Map<string, Map<string, KubernetesObject>>()
  const watchers = new Set<{ kind: Kind<never>; options: Selection; event(event: never): void }>()
  const writes: FakeApi['writes'] = []
  const reads = new Map<string, number>()
  const tokens = { asked: [] as number[], refuses: false }
  let revision = 0
  const uids = new Map<string, number>()
  const nextUid = (kind: string) => {
    uids.set(kind, (uids.get(kind) ?? 0) + 1)
    return `${kind}-${uids.get(kind)}`
  }
  const all = (kind: Kind<never>) => {
    const found = objects.get(kind.plural) ?? new Map<string, KubernetesObject>()
    objects.set(kind.plural, found)
    return found
  }
  const need = (kind: Kind<never>, key: ObjectKey) => {
    const object = all(kind).get(keyText(key))
    if (!object) throw notFound(kind, key.name)
    return object
  }
  const tell = (kind: Kind<never>, type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubernetesObject) => {
    for (const watcher of watchers) {
      if (watcher.kind.plural === kind.plural && isSelected(object, watcher.options)) watcher.event({ type, object, json: () => new Uint8Array() } as never)
    }
  }
  const put = (kind: Kind<never>, draft: KubernetesObject, verb: string): KubernetesObject => {
    const { object } = decodeObject(kind.schema, draft)
    applyDefaults(kind.schema, object)
    object.metadata.resourceVersion = String(++revision)
    const key = keyText({ namespace: object.metadata.namespace ?? '', name: object.metadata.name })
    const isNew = !all(kind).has(key)
    deepFreeze(object)
    all(kind).set(key, object)
    writes.push({ verb, kind: kind.kind, name: object.metadata.name, object })
    tell(kind, isNew ? 'ADDED' : 'MODIFIED', object)
    return object
  }
  const create = (kind: Kind<never>, object: any): KubernetesObject => {
    const key = { namespace: object.metadata.namespace ?? '', name: object.metadata.name }
    if (all(kind).has(keyText(key))) throw alreadyExists(kind, key.name)
    const metadata = { uid: nextUid(kind.singular), generation: 1, creationTimestamp: timestamp(clock.wall()), ...object.metadata }
    return put(kind, { apiVersion: apiVersionOf(kind), kind: kind.kind, ...object, metadata } as never, 'create')
  }
  const client: Partial<Client> = {
    async get(kind, key) {
      const name = `${kind.plural}/${key.name}`
      reads.set(name, (reads.get(name) ?? 0) + 1)
      return need(kind, key) as never
    },
    list: async (kind, options) => ({
      metadata: { resourceVersion: String(revision) },
      items: [...all(kind).values()].filter(object => isSelected(object, options ?? {})) as never,
    }),
    create: async (kind, object) => create(kind, object) as never,
    async update(kind, object) {
      const old = need(kind, { namespace: object.metadata.namespace ?? '', name: object.metadata.name ?? '' })
      const isOther = 'spec' in object && !deepEqual((old as { spec?: unknown }).spec, object.spec)
      const generation = (old.metadata.generation ?? 0) + (isOther ? 1 : 0)
      return put(kind, { ...old, ...object, metadata: { ...old.metadata, ...object.metadata, generation } } as never, 'update') as never
    },
    async patch(kind, key, patch, options) {
      const old = need(kind, key)
      const uid = (patch.body as { metadata?: { uid?: string } }).metadata?.uid
      if (uid && uid !== old.metadata.uid) throw conflict(kind, key.name, 'the UID does not match')
      return put(kind, applyStrategicMergePatch(kind.schema, old, patch.body) as never, `patch ${options?.subresource ?? ''}`.trim()) as never
    },
    async delete(kind, key, options = {}) {
      const old = need(kind, key)
      checkPreconditions(kind as never, old, { uid: options.uid, resourceVersion: options.resourceVersion } as never)
      const { gracePeriodSeconds: graceSeconds, uid, resourceVersion } = options
      const plan = planDelete(kind as never, old, { graceSeconds, uid, resourceVersion, propagation: undefined, dryRun: false }, clock.wall())
      if (plan.is === 'nothing') return old as never
      if (plan.is === 'mark') return put(kind, plan.marked, 'delete') as never
      all(kind).delete(keyText(key))
      revision++
      writes.push({ verb: 'remove', kind: kind.kind, name: key.name, object: undefined })
      tell(kind, 'DELETED', { ...old, metadata: { ...old.metadata, resourceVersion: String(revision) } })
      return undefined
    },
    async createSubresource(_kind, key, subresource, body) {
      if (subresource !== 'token') throw notFound(Pod, key.name)
      tokens.asked.push(clock.wall())
      if (tokens.refuses) throw failure(500, 'InternalError', 'no tokens today')
      const { spec } = body as { spec: { expirationSeconds: number } }
      const token = tokens.asked.length === 1 ? `token-of-${key.name}` : `token-of-${key.name}-${tokens.asked.length}`
      return { spec, status: { token, expirationTimestamp: timestamp(clock.wall() + spec.expirationSeconds * 1000) } } as never
    },
    watch(kind, options, sink) {
      const watcher = { kind: kind as never, options, event: sink.event as never }
      watchers.add(watcher)
      return { stop: () => watchers.delete(watcher) }
    },
  }
  return {
    client: client as Client,
    create,
    get: (kind, name, namespace = kind.namespaced ? 'default' : '') => all(kind as never).get(keyText({ namespace, name })) as never,
    reads,
    tokens,
    get watched() {
      return [...watchers].map(({ kind, options }) => `${kind.plural} ${options.fieldSelector ?? ''}`.trim())
    },
    writes,
  }
}

interface Selection {
  readonly namespace?: string
  readonly fieldSelector?: string
}

/** By namespace and by name; other selectors select everything. */
function isSelected({ metadata }: KubernetesObject, { namespace, fieldSelector }: Selection): boolean {
  const name = /^metadata\.name=(.*)$/.exec(fieldSelector ?? '')?.[1]
  return (!namespace || metadata.namespace === namespace) && (name === undefined || metadata.name === name)
}
