import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boundsOf } from './bounds.ts'
import { deployment } from './testing/drafts.ts'

test('boundsOf rounds what may be added up, what may be missing down, and lets nothing get stuck', () => {
  const cases: [replicas: number, surge: number | string, unavailable: number | string, maxSurge: number, maxUnavailable: number][] = [
    [10, '25%', '25%', 3, 2],
    [4, '25%', '25%', 1, 1],
    [3, '25%', '25%', 1, 0],
    [1, '25%', '25%', 1, 0],
    [0, '25%', '25%', 0, 0],
    [10, 3, 2, 3, 2],
    [10, 0, '5%', 0, 1],
    [10, '0%', 4, 0, 4],
    [2, 0, 5, 0, 2],
    [0, 2, 5, 2, 0],
    [3, '250%', '100%', 8, 3],
    [100, '1%', '1%', 1, 1],
  ]
  for (const [replicas, surge, unavailable, maxSurge, maxUnavailable] of cases)
    assert.deepEqual(
      boundsOf(deployment({ replicas, maxSurge: surge, maxUnavailable: unavailable }).spec),
      { maxSurge, maxUnavailable },
      `${replicas} ${surge} ${unavailable}`,
    )
})

test('boundsOf allows nothing where Pods are recreated', () => {
  assert.deepEqual(boundsOf({ ...deployment({ replicas: 10 }).spec, strategy: { type: 'Recreate' } }), { maxSurge: 0, maxUnavailable: 0 })
})
