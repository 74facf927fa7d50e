import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createHeap } from './heap.ts'

test('an empty heap has nothing to give', () => {
  const heap = createHeap<number>((a, b) => a < b)
  assert.deepEqual([heap.size, heap.peek(), heap.pop(), heap.size], [0, undefined, undefined, 0])
})

test('whatever is pushed and popped in between, the smallest comes out', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof({ weight: 3, arbitrary: fc.integer({ min: -20, max: 20 }) }, fc.constant('pop' as const))), steps => {
      const heap = createHeap<number>((a, b) => a < b)
      let model: number[] = []
      for (const step of steps) {
        if (step === 'pop') {
          assert.equal(heap.pop(), model[0])
          model = model.slice(1)
        } else {
          heap.push(step)
          model = [...model, step].sort((a, b) => a - b)
        }
        assert.equal(heap.size, model.length)
        assert.equal(heap.peek(), model[0])
      }
      assert.deepEqual(
        Array.from(model, () => heap.pop()),
        model,
      )
    }),
  )
})

test('order is what `before` says it is', () => {
  const heap = createHeap<{ at: number; name: string }>((a, b) => a.at > b.at)
  for (const [at, name] of [
    [1, 'a'],
    [3, 'c'],
    [2, 'b'],
  ] as const)
    heap.push({ at, name })
  assert.deepEqual([heap.pop()?.name, heap.pop()?.name, heap.pop()?.name], ['c', 'b', 'a'])
})
