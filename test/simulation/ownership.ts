/**
 * Random families of objects, random deletions, and a garbage collector behind a bad network: in the end exactly those
 * objects are left that should be.
 *
 *   users ─────────────────▶ API server ─▶ store ─▶ checkers
 *   collector ─ link, faults ────▲
 */
import assert from 'node:assert/strict'
import { ConfigMap } from '../../src/api/kinds/config_map.ts'
import { kinds } from '../../src/api/kinds/index.ts'
import { PriorityClass } from '../../src/api/kinds/priority_class.ts'
import { Secret } from '../../src/api/kinds/secret.ts'
import type { Kind } from '../../src/api/kind.ts'
import { apiVersionOf } from '../../src/api/kind.ts'
import { stampResourceVersion, type KubernetesObject, type OwnerReference } from '../../src/api/meta.ts'
import { createApiServer } from '../../src/apiserver/api_server.ts'
import type { Random } from '../../src/base/random.ts'
import type { Transport } from '../../src/base/transport.ts'
import { createClient } from '../../src/client/api_client.ts'
import { createCaches } from '../../src/client/caches.ts'
import type { Client } from '../../src/client/client.ts'
import { createEventRecorder } from '../../src/client/events.ts'
import { administrator, controllerManagerUser } from '../../src/cluster/identities.ts'
import { startGarbageCollector } from '../../src/controllers/garbage_collector/garbage_collector.ts'
import { checkStore } from '../../src/sim/checkers/checker.ts'
import { foregroundWaits } from '../../src/sim/checkers/ownership.ts'
import { createLink, type Link } from '../../src/sim/link.ts'
import { createWorld, type World } from '../../src/sim/world.ts'
import { createMemoryStore } from '../../src/store/memory_store.ts'

export interface OwnershipSite {
  readonly world: World
  readonly random: Random
  readonly client: Client
  readonly link: Link
  readonly handle: Transport
  /** What the collector has asked of the API server so far, but for watches. */
  requests(): number
  stop(): Promise<void>
}

export async function beginOwnership(seed: number): Promise<OwnershipSite> {
  const world = createWorld({ seed: `ownership/${seed}` })
  const server = world.host('server')
  const store = createMemoryStore({ stamp: stampResourceVersion })
  checkStore(world, store, [foregroundWaits()])
  const api = createApiServer({ kinds, store, clock: server.clock, random: server.random, log: server.log })
  await world.finish(api.bootstrap())
  const host = world.host('controllers')
  let requests = 0
  const counted: Transport = request => {
    if (request.query.get('watch') !== 'true') requests++
    return api.handle(request)
  }
  const link = createLink({ caller: host, handle: counted })
  const own = createClient(link.transport, { user: controllerManagerUser })
  const caches = createCaches(host, own)
  const collector = startGarbageCollector(host, own, { kinds, cacheOf: caches.of, events: createEventRecorder(host, own, { component: 'garbage-collector' }) })
  await world.finish(caches.synced())
  return {
    world,
    link,
    handle: api.handle,
    random: world.random.fork('family'),
    client: createClient(api.handle, { user: administrator }),
    requests: () => requests,
    async stop() {
      await world.finish(collector.stop())
      caches.stop()
      api.close()
    },
  }
}

export const FAULTS = { loseRequest: [1, 12], loseReply: [1, 12], cutWatch: [1, 40], slow: { ratio: [1, 10], ms: 400 } } as const

export interface Member {
  readonly kind: Kind
  readonly object: KubernetesObject
  /** What it refers to: members, or undefined for an owner that never was. */
  readonly owners: (Member | undefined)[]
}

const KINDS = [ConfigMap, ConfigMap, Secret, PriorityClass] as unknown as readonly Kind[]

/** Members made one after the other, each with up to three owners among those before it; circles are closed afterwards. */
export async function createFamily({ world, random, client }: OwnershipSite, size: number): Promise<Member[]> {
  const members: Member[] = []
  for (let index = 0; index < size; index++) {
    const kind = KINDS[random.below(KINDS.length)]!
    const candidates = members.filter(member => kind.namespaced || !member.kind.namespaced)
    const owners = [...new Set(Array.from({ length: random.below(4) }, () => candidates[random.below(Math.max(1, candidates.length))]))].filter(
      member => member !== undefined,
    )
    const isBogus = random.below(12) === 0
    const references = [...owners.map(member => referenceTo(member, random)), ...(isBogus ? [bogus(kind, random)] : [])]
    const metadata = { name: `m${index}`, ...(kind.namespaced && { namespace: 'default' }), ownerReferences: references }
    const draft = kind.kind === 'PriorityClass' ? { metadata, value: 1 } : { metadata }
    const object = await world.finish(client.create(kind, draft as never))
    members.push({ kind, object, owners: [...owners, ...(isBogus ? [undefined] : [])] })
  }
  for (let circles = random.below(3); circles > 0; circles--) await closeCircle({ world, random, client }, members)
  return members
}

/** One of the first gets one of the last as an owner. */
async function closeCircle({ world, random, client }: Pick<OwnershipSite, 'world' | 'random' | 'client'>, members: readonly Member[]): Promise<void> {
  const young = members[members.length - 1 - random.below(5)]!
  const old = members[random.below(5)]!
  if ((!old.kind.namespaced && young.kind.namespaced) || old.owners.includes(young) || old === young) return
  const current = await world.finish(client.get(old.kind, keyOfMember(old)).catch(() => undefined))
  if (!current || current.metadata.deletionTimestamp) return
  const ownerReferences = [...(current.metadata.ownerReferences ?? []), referenceTo(young, random)]
  await world.finish(client.patch(old.kind, keyOfMember(old), { type: 'merge', body: { metadata: { ownerReferences } } }).catch(() => undefined))
  old.owners.push(young)
}

const referenceTo = ({ kind, object: { metadata } }: Member, random: Random): OwnerReference => ({
  apiVersion: apiVersionOf(kind),
  kind: kind.kind,
  name: metadata.name!,
  uid: metadata.uid!,
  ...(random.below(3) > 0 && { blockOwnerDeletion: true }),
})

/** Of a kind that may own it, or nothing could be concluded. */
const bogus = (dependent: Kind, random: Random): OwnerReference => ({
  ...(dependent.namespaced ? { apiVersion: 'v1', kind: 'ConfigMap' } : { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass' }),
  name: `never-${random.below(99)}`,
  uid: `never-${random.below(99)}`,
})

export const keyOfMember = ({ kind, object: { metadata } }: Member) => ({ namespace: kind.namespaced ? 'default' : '', name: metadata.name! })

/** Whoever was deleted, and whoever has lost every owner it had: nothing else goes. */
export function closure(members: readonly Member[], deleted: ReadonlySet<Member>): Set<Member> {
  const gone = new Set(deleted)
  for (let grown = true; grown;) {
    grown = false
    for (const member of members) {
      if (gone.has(member) || member.owners.length === 0 || !member.owners.every(owner => owner === undefined || gone.has(owner))) continue
      gone.add(member)
      grown = true
    }
  }
  return gone
}

export async function assertLeft({ world, client }: OwnershipSite, members: readonly Member[], gone: ReadonlySet<Member>, note: string): Promise<void> {
  const left = await world.finish(Promise.all([ConfigMap, Secret, PriorityClass].map(kind => client.list(kind as unknown as Kind))))
  const objects = left.flatMap(({ items }) => items).filter(({ metadata }) => metadata.name!.startsWith('m'))
  const uids = new Set(objects.map(({ metadata }) => metadata.uid))
  assert.deepEqual(
    objects.map(({ metadata }) => metadata.name!).toSorted(),
    members
      .filter(member => !gone.has(member))
      .map(({ object }) => object.metadata.name!)
      .toSorted(),
    note,
  )
  for (const { metadata } of objects) {
    assert.equal(metadata.deletionTimestamp, undefined, `${note}: ${metadata.name} is not on its way out`)
    for (const owner of metadata.ownerReferences ?? []) assert.ok(uids.has(owner.uid), `${note}: ${metadata.name} refers to ${owner.name}, which is not there`)
  }
}
