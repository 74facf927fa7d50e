import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubernetesObject } from '../../api/meta.ts'
import type { Clock } from '../../base/clock.ts'
import { createFailures } from './failures.ts'

const owner = (generation: number) => ({ metadata: { uid: 'u', generation } }) as KubernetesObject

test('the first failure is replaced at once, then each one waits twice as long as the one before, up to a limit', () => {
  let now = 0
  const failures = createFailures({ now: () => now } as Clock, { baseMs: 1_000, maxMs: 900_000 })
  const waits: number[] = []
  for (let n = 0; n < 13; n++) {
    waits.push(failures.waitMs(owner(1), 'node-0'))
    now += waits.at(-1)!
    assert.equal(failures.waitMs(owner(1), 'node-0'), 0)
    failures.replaced(owner(1), 'node-0')
  }
  assert.deepEqual(
    waits,
    [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900].map(seconds => seconds * 1_000),
  )
  assert.equal(failures.waitMs(owner(1), 'node-1'), 0, 'another node')
  assert.equal(failures.waitMs(owner(2), 'node-0'), 0, 'another generation')
  now += 1_800_001
  assert.equal(failures.waitMs(owner(1), 'node-0'), 0)
  failures.replaced(owner(1), 'node-0')
  assert.equal(failures.waitMs(owner(1), 'node-0'), 1_000, 'after a long time without any it begins anew')
})
