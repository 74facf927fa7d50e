import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigMap } from '../../api/kinds/config_map.ts'
import type { Kind } from '../../api/kind.ts'
import { keyText, type ObjectMeta, type OwnerReference } from '../../api/meta.ts'
import { createDependents } from './dependents.ts'

const namespace = 'default'
const kind = ConfigMap as unknown as Kind
const reference = (uid: string, blockOwnerDeletion = true): OwnerReference => ({ apiVersion: 'v1', kind: 'ConfigMap', name: uid, uid, blockOwnerDeletion })
const object = (name: string, more: Partial<ObjectMeta> = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, uid: name, ...more } })
const waits = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['foregroundDeletion'] }

function begin() {
  const dependents = createDependents(({ name }) => ({ namespace: 'configmaps', name: `${namespace}/${name}` }))
  const known = new Map<string, ReturnType<typeof object>>()
  return {
    dependents,
    /** Whom it concerns that this is how the object is now. */
    see(name: string, more: Partial<ObjectMeta> | 'gone' = {}): string[] {
      const previous = known.get(name)
      const now = more === 'gone' ? undefined : object(name, more)
      if (now) known.set(name, now)
      else known.delete(name)
      return dependents.observe(kind, { key: { namespace, name }, object: now, previous }).map(item => keyText(item).replace('configmaps/default/', ''))
    },
  }
}

test('a new object with owners is looked at; one without concerns nobody', () => {
  const { see } = begin()
  assert.deepEqual(see('owner'), [])
  assert.deepEqual(see('child', { ownerReferences: [reference('owner')] }), ['child'])
  assert.deepEqual(see('child', { ownerReferences: [reference('owner')], labels: { a: 'b' } }), [], 'nothing about owners has changed')
})

test('an owner that goes, or begins to wait, concerns what depends on it, and nothing else does', () => {
  const { see, dependents } = begin()
  see('owner')
  for (const name of ['a', 'b']) see(name, { ownerReferences: [reference('owner')] })
  see('c', { ownerReferences: [reference('other')] })
  assert.deepEqual(see('owner', { labels: { a: 'b' } }), [])
  assert.deepEqual(see('owner', waits), ['owner', 'a', 'b'])
  assert.deepEqual(see('owner', { ...waits, labels: { a: 'b' } }), [], 'told once')
  assert.equal(dependents.blockerCount('owner'), 2)
  assert.deepEqual(see('owner', 'gone'), ['a', 'b'])
})

test('an owner hears of the last that blocks it, not of the ones before: n goodbyes are not n² looks', () => {
  const { see, dependents } = begin()
  see('owner')
  const names = Array.from({ length: 1000 }, (_, index) => `child-${index}`)
  for (const name of names) see(name, { ownerReferences: [reference('owner')] })
  see('free', { ownerReferences: [reference('owner', false)] })
  see('owner', waits)
  const told = names.map(name => see(name, 'gone').length)
  assert.deepEqual(
    told,
    names.map((_, index) => (index === names.length - 1 ? 1 : 0)),
  )
  assert.equal(dependents.blockerCount('owner'), 0)
  assert.equal(dependents.of('owner').length, 1)
  assert.deepEqual(see('free', 'gone'), [], 'nobody waits for it')
})

test('who stops blocking, or changes owners, sets the old owner free', () => {
  const { see, dependents } = begin()
  see('child', { ownerReferences: [reference('one')] })
  assert.deepEqual(see('child', { ownerReferences: [reference('one', false)] }), ['child', 'one'])
  assert.equal(dependents.of('one').length, 1)
  assert.deepEqual(see('child', { ownerReferences: [reference('two')] }), ['child'])
  assert.deepEqual(dependents.of('one'), [])
  assert.deepEqual(see('child', {}), ['two'])
  assert.equal(dependents.blockerCount('two'), 0)
})

test('an owner that orphans is looked at by itself', () => {
  const { see } = begin()
  see('owner')
  see('child', { ownerReferences: [reference('owner')] })
  assert.deepEqual(see('owner', { ...waits, finalizers: ['orphan'] }), ['owner'])
})
