import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCollected } from '../../api/ownership.ts'
import { kinds } from '../../api/kinds/index.ts'
import type { KubernetesObject, OwnerReference } from '../../api/meta.ts'
import { notFound } from '../../api/status.ts'
import type { Client } from '../../client/client.ts'
import { createOwners } from './owners.ts'

const dependent = { metadata: { name: 'dependent', namespace: 'default', uid: 'd' } } as KubernetesObject
const reference = (kind: string): OwnerReference => ({ apiVersion: 'v1', kind, name: 'owner', uid: 'o' })

/** Empty caches, before an API that has the owner, or has not. */
function stateOf(kind: string, isThere: boolean): Promise<string> {
  const empty = (() => ({ get: () => undefined, list: () => [] })) as never
  const get = async (at: never) => {
    if (isThere) return { metadata: { name: 'owner', namespace: 'default', uid: 'o' } }
    throw notFound(at, 'owner')
  }
  return createOwners(kinds, kinds.filter(isCollected), empty).stateOf({ get } as unknown as Client, reference(kind), dependent)
}

test('an owner that the API has and the cache has not is looked at again', async () => {
  assert.equal(await stateOf('ConfigMap', true), 'unseen')
  assert.equal(await stateOf('ConfigMap', false), 'absent')
})

test('an owner of a kind that nobody follows is there or not, and not asked for again and again', async () => {
  assert.equal(await stateOf('Event', true), 'there')
  assert.equal(await stateOf('Event', false), 'absent')
})
