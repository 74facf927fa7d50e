import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { boundsOf } from './bounds.ts'
import { isBeingScaled, planScaling } from './plan_scaling.ts'
import { findRevisions } from './revisions.ts'
import { deployment, replicaSet, type AboutDeployment, type AboutReplicaSet } from './testing/drafts.ts'

/** Sizes after the plan, by name. The newest has image nginx:2. */
function scaled(about: AboutDeployment, sets: AboutReplicaSet[]): Record<string, number> {
  const replicaSets = sets.map(replicaSet)
  const resizes = planScaling(findRevisions(deployment({ image: 'nginx:2', ...about }), replicaSets))
  return Object.fromEntries(replicaSets.map(set => [set.metadata.name, resizes.find(resize => resize.replicaSet === set)?.replicas ?? set.spec.replicas]))
}
const newest = (more: AboutReplicaSet): AboutReplicaSet => ({ name: 'new', image: 'nginx:2', age: 1, ...more })
const old = (name: string, age: number, more: AboutReplicaSet): AboutReplicaSet => ({ name, image: `nginx:${name}`, age, ...more })

test('planScaling: one ReplicaSet with Pods gets them all, whichever it is', () => {
  assert.deepEqual(scaled({ replicas: 7 }, [newest({ size: 3, desired: 3 })]), { new: 7 })
  assert.deepEqual(scaled({ replicas: 7 }, [newest({ size: 0 }), old('a', 9, { size: 3, desired: 3 })]), { new: 0, a: 7 })
  assert.deepEqual(scaled({ replicas: 0 }, [newest({ size: 3, desired: 3 })]), { new: 0 })
})

test('planScaling: where nobody has Pods the newest gets them, or the youngest of the older ones', () => {
  assert.deepEqual(scaled({ replicas: 2 }, [newest({ size: 0 }), old('a', 9, { size: 0 })]), { new: 2, a: 0 })
  assert.deepEqual(scaled({ replicas: 2 }, [old('a', 9, { size: 0 }), old('b', 5, { size: 0 })]), { a: 0, b: 2 })
})

test('planScaling: when the newest has arrived the older ones get none', () => {
  assert.deepEqual(scaled({ replicas: 3 }, [newest({ size: 3, desired: 3 }), old('a', 9, { size: 1, desired: 3 })]), { new: 3, a: 0 })
})

test('planScaling: in the middle of a rolling update each gets its share of what is added or taken', () => {
  const rolling = { maxSurge: 3, maxUnavailable: 2 }
  const cases: [rule: string, replicas: number, sets: AboutReplicaSet[], expected: Record<string, number>][] = [
    // The example of Kubernetes' documentation: 10 replicas, surge 3, a broken image, scaled to 15.
    ['from 10 to 15', 15, [newest({ size: 5, available: 0, desired: 10, max: 13 }), old('a', 9, { size: 8, desired: 10, max: 13 })], { new: 7, a: 11 }],
    ['from 10 to 5', 5, [newest({ size: 5, available: 0, desired: 10, max: 13 }), old('a', 9, { size: 8, desired: 10, max: 13 })], { new: 3, a: 5 }],
    ['to none', 0, [newest({ size: 5, available: 0, desired: 10, max: 13 }), old('a', 9, { size: 8, desired: 10, max: 13 })], { new: 0, a: 0 }],
    [
      'what rounding leaves goes to the largest',
      11,
      [newest({ size: 3, available: 0, desired: 10, max: 13 }), old('a', 9, { size: 7, desired: 10, max: 13 }), old('b', 5, { size: 3, desired: 10, max: 13 })],
      { new: 3, a: 8, b: 3 },
    ],
    [
      'of equal ones the newer grows',
      11,
      [newest({ size: 5, available: 0, desired: 10, max: 13 }), old('a', 9, { size: 5, desired: 10, max: 13 }), old('b', 5, { size: 3, desired: 10, max: 13 })],
      { new: 6, a: 5, b: 3 },
    ],
    [
      'and the older shrinks',
      9,
      [newest({ size: 5, available: 0, desired: 10, max: 13 }), old('a', 9, { size: 5, desired: 10, max: 13 }), old('b', 5, { size: 3, desired: 10, max: 13 })],
      { new: 5, a: 4, b: 3 },
    ],
  ]
  for (const [rule, replicas, sets, expected] of cases) assert.deepEqual(scaled({ ...rolling, replicas }, sets), expected, rule)
})

test('planScaling: sizes without notes are shares of what there is now', () => {
  const sets = [newest({ size: 4, available: 0 }), old('a', 9, { size: 4 })]
  assert.deepEqual(scaled({ replicas: 16, maxSurge: 0, maxUnavailable: 4, status: { replicas: 8 } }, sets), { new: 8, a: 8 })
})

test('planScaling: all shares together are what the bounds allow, and none is below 0', () => {
  const settings = fc.record({
    replicas: fc.integer({ min: 0, max: 60 }),
    maxSurge: fc.integer({ min: 1, max: 10 }),
    sizes: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 2, maxLength: 6 }),
  })
  fc.assert(
    fc.property(settings, ({ replicas, maxSurge, sizes }) => {
      // A rolling update uses all of its surge, until the newest has all it shall have.
      const max = sizes.reduce((total, size) => total + size, 0)
      const noted = { available: 0, desired: max - maxSurge, max }
      const sets = sizes.map((size, index) => replicaSet(index === 0 ? newest({ size, ...noted }) : old(`o${index}`, index, { size, ...noted })))
      const about = deployment({ image: 'nginx:2', replicas, maxSurge })
      const planned = planScaling(findRevisions(about, sets))
      assert.equal(planned.length, sizes.length)
      assert.ok(planned.every(resize => resize.replicas >= 0))
      const total = planned.reduce((sum, resize) => sum + resize.replicas, 0)
      assert.equal(total, replicas > 0 ? replicas + boundsOf(about.spec).maxSurge : 0)
    }),
    // Each shrinks to 1 and one to 0, which is one too many: the largest cannot give two.
    { examples: [[{ replicas: 1, maxSurge: 2, sizes: [5, 5, 5, 5, 1, 5] }]] },
  )
})

test('isBeingScaled: as soon as a ReplicaSet with Pods was sized for another number', () => {
  const isScaled = (replicas: number, sets: AboutReplicaSet[]) => isBeingScaled(findRevisions(deployment({ image: 'nginx:2', replicas }), sets.map(replicaSet)))
  assert.equal(isScaled(4, [newest({ size: 3, desired: 3 })]), true)
  assert.equal(isScaled(3, [newest({ size: 1, desired: 3 }), old('a', 9, { size: 2, desired: 3 })]), false)
  assert.equal(isScaled(3, [newest({ size: 3, desired: 3 }), old('a', 9, { size: 0, desired: 9 })]), false, 'what one without Pods was once does not count')
  assert.equal(isScaled(3, [newest({ size: 2 })]), false, 'nor what was never noted')
})
