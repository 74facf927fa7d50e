import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore } from '../../store/memory_store.ts'
import { createWorld } from '../world.ts'
import { checkStore } from './checker.ts'
import { podCheckers } from './pods.ts'
import { revisionsGrow } from './revisions.ts'

/** Stores the versions of Pods one after the other, each at its own virtual millisecond. */
async function story(versions: readonly (readonly [name: string, uid: string, status: object])[]): Promise<void> {
  const world = createWorld({ seed: 1 })
  const store = createMemoryStore({ stamp: (value, revision) => Object.assign(value, { revision }) })
  checkStore(world, store, [revisionsGrow(), ...podCheckers()])
  for (const [i, [name, uid, status]] of versions.entries()) {
    world.schedule(i + 1, () => void store.commit([{ key: `/pods/default/${name}`, value: { metadata: { name, uid }, spec: {}, status } }]))
  }
  await world.advance(versions.length + 1)
}

const restarts = (restartCount: number) => ({ phase: 'Running', containerStatuses: [{ name: 'main', restartCount, state: { running: {} } }] })

test('an ordinary life offends nobody', () =>
  story([
    ['web', '1', { phase: 'Pending' }],
    ['web', '1', { ...restarts(0), podIP: '10.244.0.2' }],
    ['web', '1', { ...restarts(1), podIP: '10.244.0.2' }],
    ['web', '1', { phase: 'Failed', podIP: '10.244.0.2' }],
    ['other', '2', { ...restarts(0), podIP: '10.244.0.2' }],
    ['web', '3', restarts(0)],
  ]))

test('a terminal Pod that runs again is found', async () => {
  await assert.rejects(
    story([
      ['web', '1', { phase: 'Succeeded' }],
      ['web', '1', { phase: 'Running' }],
    ]),
    /0\.002s: a terminal Pod never runs again: \/pods\/default\/web went from Succeeded to Running/,
  )
  await assert.rejects(
    story([
      ['web', '1', { phase: 'Failed' }],
      ['web', '1', { ...restarts(0), phase: 'Failed' }],
    ]),
    /is Failed and its container main runs/,
  )
})

test('a restart count that falls is found', () =>
  assert.rejects(
    story([
      ['web', '1', restarts(2)],
      ['web', '1', restarts(1)],
    ]),
    /main went from 2 restarts to 1/,
  ))

test('two live Pods of one address are found', () =>
  assert.rejects(
    story([
      ['a', '1', { phase: 'Running', podIP: '10.244.0.2' }],
      ['b', '2', { phase: 'Running', podIP: '10.244.0.2' }],
    ]),
    /\/pods\/default\/b has the address 10\.244\.0\.2 of \/pods\/default\/a/,
  ))
