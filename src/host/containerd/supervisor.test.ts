import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '../../base/log.ts'
import { manualClock } from '../../base/testing/manual_clock.ts'
import { supervise } from './supervisor.ts'

const microtasks = () => new Promise(resolve => setImmediate(resolve))

function start(fails: (attempt: number) => boolean) {
  const clock = manualClock()
  const alive = new Set([1])
  const starts: number[] = []
  const supervised = supervise({
    pid: 1,
    clock,
    log: silentLog,
    isAlive: async pid => alive.has(pid),
    async start() {
      starts.push(clock.now())
      if (fails(starts.length)) throw new Error('it does not start')
      alive.add(starts.length + 1)
      return starts.length + 1
    },
  })
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 250) {
      await microtasks()
      clock.advance(250)
    }
    await microtasks()
  }
  return { alive, starts, supervised, pass }
}

test('a containerd that has ended is started again at once', async () => {
  const { alive, starts, supervised, pass } = start(() => false)
  await pass(60_000)
  assert.deepEqual(starts, [])
  alive.clear()
  await pass(500)
  assert.deepEqual([starts.length, supervised.pid], [1, 2])
  await supervised.close()
})

test('one that does not start is tried again after one second, two, four, up to thirty', async () => {
  const { alive, starts, supervised, pass } = start(attempt => attempt < 9)
  alive.clear()
  await pass(200_000)
  const gaps = starts.map((at, i) => Math.round((at - (starts[i - 1] ?? at)) / 1000))
  assert.deepEqual(gaps, [0, 1, 2, 4, 8, 16, 30, 30, 30])
  assert.equal(supervised.pid, 10)
  await supervised.close()
})

test('ten quiet seconds forget the back-off', async () => {
  const { alive, starts, supervised, pass } = start(() => false)
  for (let i = 0; i < 3; i++) {
    alive.clear()
    await pass(15_000)
  }
  assert.equal(starts.length, 3)
  alive.clear()
  await pass(500)
  assert.equal(starts.length, 4)
  alive.clear()
  await pass(500)
  assert.equal(starts.length, 4, 'it died within a second: not at once')
  await pass(1_000)
  assert.equal(starts.length, 5)
  await supervised.close()
})

test('once closed it starts nothing', async () => {
  const { alive, starts, supervised, pass } = start(() => false)
  await supervised.close()
  alive.clear()
  await pass(60_000)
  assert.deepEqual(starts, [])
})
