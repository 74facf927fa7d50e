/** What becomes of a Pod whose binding fails, with an API server that fails as it is told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Node } from '../../src/api/kinds/node.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { keyOf, keyText, type KubernetesObject } from '../../src/api/meta.ts'
import { failure, internalError } from '../../src/api/status.ts'
import { sleep } from '../../src/base/clock.ts'
import type { Cache, CacheChange } from '../../src/client/cache.ts'
import type { CacheOf } from '../../src/client/caches.ts'
import type { Client } from '../../src/client/client.ts'
import { startScheduler } from '../../src/scheduler/scheduler.ts'
import { createWorld } from '../../src/sim/world.ts'

const BINDING_MS = 50

function start(answer: (pod: string) => Error | undefined) {
  const world = createWorld({ seed: 1 })
  const host = world.host('one')
  const pods = fakeCache<Pod>()
  const nodes = fakeCache<Node>()
  const others = new Map<unknown, unknown>()
  const cacheOf = (kind: unknown) => {
    if (kind === Pod) return pods
    if (kind === Node) return nodes
    if (!others.has(kind)) others.set(kind, fakeCache())
    return others.get(kind)
  }
  const bindings: string[] = []
  const events: string[] = []
  const client = {
    async createSubresource(_kind: unknown, { name }: { name: string }, _subresource: string, { target }: { target: { name: string } }) {
      bindings.push(`${world.now()} ${name} ${target.name}`)
      await sleep(host.clock, BINDING_MS)
      const error = answer(name)
      if (error) throw error
      const pod = pods.get({ namespace: 'default', name })!
      pods.put({ ...pod, spec: { ...pod.spec, nodeName: target.name } })
    },
    patch: async () => ({}),
  } as unknown as Client
  const note = (about: KubernetesObject, reason: string) => void events.push(`${world.now()} ${about.metadata.name} ${reason}`)
  const scheduler = startScheduler(host, { client, cacheOf: cacheOf as CacheOf, events: () => ({ normal: note, warning: note }) })
  nodes.put({ metadata: { name: 'node-0' }, spec: {}, status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110' } } } as unknown as Node)
  return { world, pods, nodes, bindings, events, scheduler }
}

const pod = (name: string, cpu = '3'): Pod =>
  ({
    metadata: { name, namespace: 'default', uid: `uid-${name}` },
    status: {},
    spec: { schedulerName: 'default-scheduler', containers: [{ name: 'main', image: 'nginx:1', resources: { requests: { cpu } } }] },
  }) as unknown as Pod

test('a binding that fails is tried again after its back-off, and the room was free meanwhile', async () => {
  let failures = 0
  const { world, pods, bindings, events } = start(name => (name === 'web' && failures++ < 2 ? internalError('disk is full') : undefined))
  pods.put(pod('web'))
  await world.advance(10_000)
  assert.deepEqual(bindings, ['0 web node-0', '1050 web node-0', '3100 web node-0'])
  assert.deepEqual(events, ['3150 web Scheduled'])
})

test('a Pod that was deleted while it was being bound is forgotten, and its room goes to the next', async () => {
  const { world, pods, bindings, events } = start(name => (name === 'web' ? failure(404, 'NotFound', 'pods "web" not found') : undefined))
  pods.put(pod('web'))
  pods.put(pod('next'))
  await world.advance(10)
  assert.deepEqual(events, ['0 next FailedScheduling'])
  pods.remove({ namespace: 'default', name: 'web' })
  await world.advance(20_000)
  assert.deepEqual(bindings, ['0 web node-0', '1000 next node-0'])
  assert.deepEqual(events.slice(1), ['1050 next Scheduled'])
})

test('a conflict about a Pod that still waits is no end: it is tried again', async () => {
  let conflicts = 0
  const { world, pods, events } = start(() => (conflicts++ === 0 ? failure(409, 'Conflict', 'the object has been modified') : undefined))
  pods.put(pod('web'))
  await world.advance(5_000)
  assert.deepEqual(events, ['1100 web Scheduled'])
})

test('a Pod that somebody else has bound meanwhile is left to them, and counted where it is', async () => {
  const { world, pods, bindings } = start(() => failure(409, 'Conflict', 'pod web is already assigned to node "other"'))
  pods.put(pod('web'))
  await world.advance(10)
  pods.put({ ...pod('web'), spec: { ...pod('web').spec, nodeName: 'other' } })
  await world.advance(10)
  pods.put(pod('next'))
  await world.advance(20)
  assert.deepEqual(bindings, ['0 web node-0', '20 next node-0'])
})

test('two Pods that fit one at a time are not both sent to the same place while the first is being bound', async () => {
  const { world, pods, bindings } = start(() => undefined)
  pods.put(pod('web'))
  await world.advance(1)
  pods.put(pod('next'))
  await world.advance(60_000)
  assert.deepEqual(bindings, ['0 web node-0'])
})

test('a stopped scheduler starts no binding', async () => {
  const { world, pods, bindings, scheduler } = start(() => undefined)
  await world.advance(1)
  await world.finish(scheduler.stop())
  pods.put(pod('web'))
  await world.advance(20_000)
  assert.deepEqual(bindings, [])
})

function fakeCache<T extends KubernetesObject>() {
  const objects = new Map<string, T>()
  const listeners = new Set<(change: CacheChange<T>) => void>()
  const set = (text: string, key: { namespace: string; name: string }, object: T | undefined) => {
    const previous = objects.get(text)
    if (object) objects.set(text, object)
    else objects.delete(text)
    for (const listener of listeners) listener({ key, object, previous })
  }
  const cache: Cache<T> = {
    get: key => objects.get(keyText(key)),
    list: () => [...objects.values()],
    revision: 0,
    synced: Promise.resolve(),
    onChange(listener) {
      listeners.add(listener)
      return { stop: () => listeners.delete(listener) }
    },
    onRevision: () => ({ stop() {} }),
    stop() {},
  }
  return {
    ...cache,
    put: (object: T) => set(keyText(keyOf(object)), keyOf(object), object),
    remove: (key: { namespace: string; name: string }) => set(keyText(key), key, undefined),
  }
}
