import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node } from '../api/kinds/node.ts'
import { describePressures } from './pressure.ts'

const node = (...holding: string[]): Node =>
  ({
    metadata: { name: 'poise' },
    status: {
      conditions: ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'].map(type => ({ type, status: holding.includes(type) ? 'True' : 'False' })),
    },
  }) as unknown as Node

test('a node that is short of nothing needs no words', () => {
  assert.deepEqual(describePressures([node('Ready')], '/state', 1), [])
})

test('a full disk: how much is left, what the node does, and what to do', () => {
  const [pressure] = describePressures([node('Ready', 'DiskPressure')], '/state', 0.4 * 2 ** 30)
  assert.deepEqual([pressure?.node, pressure?.condition], ['poise', 'DiskPressure'])
  assert.match(pressure!.advice, /^Node poise is short of disk: 0\.4 GiB are left where \/state is\. It takes no Pods, .* Next: make room there\./)
})

test('each condition has its own advice', () => {
  assert.deepEqual(
    describePressures([node('MemoryPressure', 'DiskPressure', 'PIDPressure')], '/', 0).map(({ advice }) => /short of (\w+)/.exec(advice)?.[1]),
    ['memory', 'disk', 'processes'],
  )
})
