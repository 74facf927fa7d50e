import assert from 'node:assert/strict'
import { test } from 'node:test'
import { every, sleep, TimeoutError, withTimeout, type Clock } from './clock.ts'

test('sleep ends when its time has come, not before', async () => {
  const clock = createManualClock()
  const log: string[] = []
  void sleep(clock, 100).then(() => log.push('awake'))
  await clock.advance(99)
  assert.deepEqual(log, [])
  await clock.advance(1)
  assert.deepEqual(log, ['awake'])
})

test('sleep rejects with the reason when it is aborted, and leaves no timer behind', async () => {
  const clock = createManualClock()
  const abort = new AbortController()
  const asleep = sleep(clock, 100, abort.signal)
  abort.abort(new Error('shutting down'))
  await assert.rejects(asleep, /shutting down/)
  assert.equal(clock.timers(), 0)
  await assert.rejects(sleep(clock, 100, abort.signal), /shutting down/)
  await assert.rejects(sleep(clock, 100, AbortSignal.abort('no error')), /aborted: no error/)
  assert.equal(clock.timers(), 0)
})

test('an abort after the sleep is over has no effect', async () => {
  const clock = createManualClock()
  const abort = new AbortController()
  const asleep = sleep(clock, 10, abort.signal)
  await clock.advance(10)
  abort.abort()
  await asleep
})

test('work that is done in time gives its result, and the timer is gone', async () => {
  const clock = createManualClock()
  assert.equal(await withTimeout(clock, 100, async () => 'result'), 'result')
  await assert.rejects(
    withTimeout(clock, 100, async () => {
      throw new Error('its own')
    }),
    /its own/,
  )
  assert.equal(clock.timers(), 0)
})

test('work that takes too long is told to stop, and the caller hears of a timeout', async () => {
  const clock = createManualClock()
  const told: unknown[] = []
  const work = withTimeout(
    clock,
    100,
    signal =>
      new Promise(() => {
        signal.addEventListener('abort', () => told.push(signal.reason))
      }),
    undefined,
    'probe',
  )
  const outcome = assert.rejects(work, (error: Error) => error instanceof TimeoutError && error.message === 'probe: no answer within 100 ms')
  await clock.advance(99)
  assert.equal(told.length, 0)
  await clock.advance(1)
  await outcome
  assert.ok(told[0] instanceof TimeoutError)
})

test('work is stopped by the outer signal with its reason, and not begun when that is aborted already', async () => {
  const clock = createManualClock()
  const abort = new AbortController()
  const work = withTimeout(clock, 100, signal => sleep(clock, 1_000, signal), abort.signal)
  abort.abort(new Error('node is going down'))
  await assert.rejects(work, /node is going down/)
  await assert.rejects(
    withTimeout(clock, 100, () => assert.fail('begun'), abort.signal),
    /node is going down/,
  )
  assert.equal(clock.timers(), 0)
})

test('every ticks once a period, first after one, until it is stopped', async () => {
  const clock = createManualClock()
  const abort = new AbortController()
  const ticks: number[] = []
  const loop = every(clock, 10, abort.signal, () => void ticks.push(clock.now()))
  for (let i = 0; i < 35; i++) await clock.advance(1)
  assert.deepEqual(ticks, [10, 20, 30])
  abort.abort()
  await loop
  assert.equal(clock.timers(), 0)
  await clock.advance(100)
  assert.equal(ticks.length, 3)
})

test('a slow tick does not make later ones come closer together', async () => {
  const clock = createManualClock()
  const abort = new AbortController()
  const ticks: number[] = []
  const loop = every(clock, 10, abort.signal, async () => {
    ticks.push(clock.now())
    if (ticks.length === 1) await sleep(clock, 25)
  })
  for (let i = 0; i < 60; i++) await clock.advance(1)
  assert.deepEqual(ticks, [10, 45, 55])
  abort.abort()
  await loop
})

test('a tick that throws ends the loop with its error', async () => {
  const clock = createManualClock()
  const loop = assert.rejects(
    every(clock, 10, new AbortController().signal, () => {
      throw new Error('tick')
    }),
    /tick/,
  )
  await clock.advance(10)
  await loop
})

/** Time stands still until the test moves it. */
function createManualClock(): Clock & { advance(ms: number): Promise<void>; timers(): number } {
  let now = 0
  const timers = new Set<{ deadline: number; fire: () => void }>()
  const settled = () => new Promise(resolve => setImmediate(resolve))
  return {
    wall: () => now,
    now: () => now,
    at(deadline, fire) {
      const timer = { deadline, fire }
      timers.add(timer)
      return { cancel: () => void timers.delete(timer) }
    },
    timers: () => timers.size,
    async advance(ms) {
      now += ms
      await settled()
      for (const timer of [...timers].filter(({ deadline }) => deadline <= now)) {
        timers.delete(timer)
        timer.fire()
      }
      await settled()
    },
  }
}
