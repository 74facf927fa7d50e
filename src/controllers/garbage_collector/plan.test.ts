import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { KubernetesObject, OwnerReference } from '../../api/meta.ts'
import type { OwnerState } from './owners.ts'
import { ownersInCircle, planFate } from './plan.ts'

const object = (finalizers?: string[]): KubernetesObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', uid: 'a', finalizers } })
const reference = (uid: string): OwnerReference => ({ apiVersion: 'v1', kind: 'ConfigMap', name: uid, uid, blockOwnerDeletion: true })
const owners = (...states: OwnerState[]) => states.map((state, index) => ({ reference: reference(`o${index}`), state }))

describe('the fate of an object', () => {
  test('it stays for as long as nothing is known against its owners', () => {
    for (const states of [[], ['there'], ['unseen'], ['unknowable'], ['absent', 'unknowable'], ['there', 'unseen']] as OwnerState[][])
      assert.deepEqual(planFate(object(), owners(...states), false), { is: 'stays' }, states.join())
  })

  test('with one owner left it loses its references to the others', () => {
    assert.deepEqual(planFate(object(), owners('there', 'absent', 'waiting', 'elsewhere'), true), { is: 'loses owners', uids: ['o1', 'o2', 'o3'] })
    assert.deepEqual(planFate(object(), owners('absent', 'unseen'), false), { is: 'loses owners', uids: ['o0'] })
  })

  test('with none left it goes: in the foreground if one waits and something depends on it, and otherwise as its finalizers say', () => {
    for (const [states, hasDependents, finalizers, how] of [
      [['absent'], false, undefined, 'Background'],
      [['elsewhere'], true, undefined, 'Background'],
      [['waiting'], false, undefined, 'Background'],
      [['absent', 'waiting'], true, undefined, 'Foreground'],
      [['waiting'], true, ['orphan'], 'Foreground'],
      [['absent'], true, ['orphan'], 'Orphan'],
      [['absent'], true, ['foregroundDeletion'], 'Foreground'],
      [['absent'], false, ['example.com/hold'], 'Background'],
    ] as const)
      assert.deepEqual(planFate(object(finalizers && [...finalizers]), owners(...states), hasDependents), { is: 'goes', how }, states.join())
  })
})

describe('circles', () => {
  const circles = (links: Record<string, string[]>, waiting: readonly string[], from: string) => {
    const objects = new Map(
      Object.entries(links).map(([uid, up]) => [uid, { ...object(), metadata: { name: uid, uid, ownerReferences: up.map(reference) } } as KubernetesObject]),
    )
    return ownersInCircle(objects.get(from)!, ({ uid }) => (waiting.includes(uid) ? objects.get(uid) : undefined))
  }

  test('an owner that waits, however far round, for the object that waits for it is in a circle with it', () => {
    assert.deepEqual(circles({ a: ['c'], b: ['a'], c: ['b'] }, ['a', 'b', 'c'], 'c'), ['b'])
    assert.deepEqual(circles({ a: ['a'] }, ['a'], 'a'), ['a'])
    assert.deepEqual(circles({ a: ['b', 'd'], b: ['a'], d: [] }, ['a', 'b', 'd'], 'a'), ['b'])
  })

  test('a chain is no circle, nor is a ring in which somebody does not wait', () => {
    assert.deepEqual(circles({ a: ['b'], b: ['c'], c: [] }, ['a', 'b', 'c'], 'a'), [])
    assert.deepEqual(circles({ a: ['c'], b: ['a'], c: ['b'] }, ['a', 'c'], 'c'), [])
    // The ring above it is not its own.
    assert.deepEqual(circles({ a: ['b'], b: ['c'], c: ['b'] }, ['a', 'b', 'c'], 'a'), [])
  })
})
