import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTaintQueue } from './taint_queue.ts'

test('taint queue: the first goes at once, the next one ten seconds later, in the order they came', () => {
  const queue = createTaintQueue(0.1)
  for (const name of ['b', 'a', 'b']) queue.add(name)
  assert.deepEqual([queue.take(1000), queue.take(1000), queue.dueAt], ['b', undefined, 11_000])
  assert.deepEqual([queue.take(10_999), queue.take(11_000), queue.dueAt], [undefined, 'a', Infinity])
})

test('taint queue: who is ready again waits no more', () => {
  const queue = createTaintQueue(0.1)
  queue.add('a')
  queue.remove('a')
  assert.equal(queue.take(0), undefined)
  assert.equal(queue.dueAt, Infinity)
})

test('taint queue: at no rate nobody goes, and afterwards nobody makes up for it', () => {
  const queue = createTaintQueue(0.1)
  queue.setRate(0, 0)
  queue.add('a')
  assert.deepEqual([queue.take(1e9), queue.dueAt], [undefined, Infinity])
  queue.setRate(0.1, 1e9)
  assert.equal(queue.dueAt, 1e9 + 10_000)
})

test('taint queue: a turn that was free stays free at another rate; one that was not counts anew', () => {
  const queue = createTaintQueue(0.1)
  queue.setRate(0.01, 5000)
  queue.add('a')
  queue.add('b')
  assert.equal(queue.take(5000), 'a')
  assert.equal(queue.dueAt, 105_000)
  queue.setRate(0.1, 20_000)
  assert.equal(queue.dueAt, 30_000)
})
