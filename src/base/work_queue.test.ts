import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from './testing/manual_clock.ts'
import { createWorkQueue } from './work_queue.ts'

const RANGE = { baseMs: 10, maxMs: 100 }

test('a key is handed out once, however often it is added, and in order', async () => {
  const queue = createWorkQueue(manualClock(), RANGE)
  for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key)
  assert.equal(queue.length, 3)
  assert.deepEqual([await queue.take(), await queue.take(), await queue.take()], ['a', 'b', 'c'])
})

test('a key that is being worked on comes round again, to one worker at a time', async () => {
  const queue = createWorkQueue(manualClock(), RANGE)
  queue.add('a')
  assert.equal(await queue.take(), 'a')
  const second = queue.take()
  queue.add('a')
  queue.add('a')
  assert.equal(await soon(second), 'waits')
  queue.done('a')
  assert.equal(await second, 'a')
  queue.done('a')
  assert.equal(queue.length, 0)
})

test('of two wishes for later the earlier one counts', async () => {
  const clock = manualClock()
  const queue = createWorkQueue(clock, RANGE)
  queue.addAfter('a', 50)
  queue.addAfter('a', 20)
  queue.addAfter('a', 90)
  clock.advance(19)
  assert.equal(queue.length, 0)
  clock.advance(1)
  assert.equal(await queue.take(), 'a')
  queue.done('a')
  clock.advance(200)
  assert.equal(queue.length, 0)
})

test('failures back off twice as long each time, up to the cap, until one success', () => {
  const clock = manualClock()
  const queue = createWorkQueue(clock, RANGE)
  const waits: number[] = []
  const waitFor = () => {
    queue.retry('a')
    for (let ms = 1; ; ms++) {
      clock.advance(1)
      if (queue.length === 1) {
        waits.push(ms)
        void queue.take()
        queue.done('a')
        return
      }
    }
  }
  for (let i = 0; i < 6; i++) waitFor()
  queue.succeeded('a')
  waitFor()
  assert.deepEqual(waits, [10, 20, 40, 80, 100, 100, 10])
})

test('workers that wait are served in turn', async () => {
  const queue = createWorkQueue(manualClock(), RANGE)
  const [first, second] = [queue.take(), queue.take()]
  queue.add('a')
  queue.add('b')
  assert.deepEqual([await first, await second], ['a', 'b'])
})

test('closing lets every worker go and takes nothing more', async () => {
  const clock = manualClock()
  const queue = createWorkQueue(clock, RANGE)
  queue.addAfter('later', 10)
  const waiting = queue.take()
  queue.close()
  assert.equal(await waiting, undefined)
  assert.equal(clock.timers(), 0)
  queue.add('a')
  queue.addAfter('b', 1)
  clock.advance(10)
  assert.equal(await queue.take(), undefined)
  assert.equal(queue.length, 0)
})

const soon = (promise: Promise<unknown>): Promise<unknown> =>
  Promise.race([
    promise,
    Promise.resolve()
      .then(() => Promise.resolve())
      .then(() => 'waits'),
  ])
