import assert from 'node:assert/strict'
import { test } from 'node:test'
import { every, sleep, withTimeout } from '../base/clock.ts'
import { CheckFailed, Deadlock, NoProgress, TaskDied } from './errors.ts'
import { TripwireError } from './tripwire.ts'
import { createWorld } from './world.ts'

test('time passes only when the world runs, and exactly as far as asked', async () => {
  const world = createWorld({ seed: 1 })
  const { clock } = world.host('node-a')
  const began = clock.wall()
  await world.advance(90_000)
  assert.equal(world.now(), 90_000)
  assert.equal(clock.wall() - began, 90_000)
})

test('a story of sleeps and random draws has the same trace for the same seed and another one for another seed', async () => {
  const story = async (seed: number) => {
    const world = createWorld({ seed })
    for (const name of ['node-a', 'node-b']) {
      const host = world.host(name)
      for (let loop = 0; loop < 5; loop++) {
        host.spawn(`loop-${loop}`, async signal => {
          for (let i = 0; i < 20; i++) {
            await sleep(host.clock, 10 * host.random.below(3), signal)
            host.log.info('step', { loop, i })
          }
        })
      }
    }
    await world.untilQuiet()
    return world.trace.hash()
  }
  const [one, again, other] = [await story(7), await story(7), await story(8)]
  assert.equal(one, again)
  assert.notEqual(one, other)
})

test('events of one instant come in an order that the seed chooses', async () => {
  const orders = new Set<string>()
  for (let seed = 0; seed < 20; seed++) {
    const world = createWorld({ seed })
    let order = ''
    for (const letter of 'abc')
      world.schedule(5, () => {
        order += letter
      })
    await world.advance(5)
    orders.add(order)
  }
  assert.ok(orders.size > 2, [...orders].join())
})

test('a run that nobody will ever wake ends as a deadlock that names the parked task', async () => {
  const world = createWorld({ seed: 1 })
  world.host('node-a').spawn('waits for ever', () => new Promise(() => {}))
  await assert.rejects(
    world.until(() => false),
    (error: Error) => {
      assert.ok(error instanceof Deadlock)
      assert.match(error.message, /node-a waits for ever since 0\.000s/)
      return true
    },
  )
})

test('a run that waits in vain names the timers that are left', async () => {
  const world = createWorld({ seed: 1 })
  const host = world.host('node-a')
  host.clock.at(99_000, () => {}, 'far away')
  await assert.rejects(
    world.until(() => false, 10_000),
    (error: Error) => {
      assert.ok(error instanceof NoProgress)
      assert.match(error.message, /timer node-a far away at 99\.000s/)
      return true
    },
  )
})

test('a loop that forgets to let time pass is stopped', async () => {
  const world = createWorld({ seed: 1 })
  const { clock } = world.host('node-a')
  const again = () => void clock.at(clock.now(), again, 'spin')
  again()
  await assert.rejects(world.advance(1), NoProgress)
})

test('a task that dies ends the run with its name and its error', async () => {
  const world = createWorld({ seed: 1 })
  const host = world.host('node-a')
  host.spawn('kubelet', async signal => {
    await sleep(host.clock, 10, signal)
    throw new Error('broken')
  })
  await assert.rejects(world.advance(20), (error: Error) => error instanceof TaskDied && /kubelet died: Error: broken/.test(error.message))
})

test('a checker is asked after every event and its word ends the run', async () => {
  const world = createWorld({ seed: 1 })
  let count = 0
  world.addChecker('count', () => (count > 2 ? `count is ${count}` : undefined))
  for (let i = 1; i <= 5; i++)
    world.schedule(i, () => {
      count++
    })
  await assert.rejects(world.advance(10), (error: Error) => error instanceof CheckFailed && /0\.003s: count: count is 3/.test(error.message))
})

test('a crash delivers nothing more and runs no finally; the next life finds the disk as it was', async () => {
  const world = createWorld({ seed: 1 })
  const host = world.host('node-a')
  const seen: string[] = []
  host.spawn('loop', async signal => {
    try {
      await host.disk.writeFile('/state', 'first life')
      seen.push('written')
      await sleep(host.clock, 1_000, signal)
      seen.push('woken')
    } finally {
      seen.push('finally')
    }
  })
  await world.advance(500)
  host.crash()
  await world.advance(5_000)
  assert.deepEqual(seen, ['written'])
  const next = host.restart()
  assert.equal(world.host('node-a'), next)
  assert.equal(new TextDecoder().decode(await world.finish(next.disk.readFile('/state'))), 'first life')
})

test('a shutdown is no crash: the signal is aborted and finally runs', async () => {
  const world = createWorld({ seed: 1 })
  const host = world.host('node-a')
  let ended = false
  const task = host.spawn('loop', async signal => {
    try {
      await sleep(host.clock, 1e9, signal)
    } finally {
      ended = true
    }
  })
  await world.advance(10)
  await world.finish(task.stop())
  assert.ok(ended)
})

test('quiet means that only periodic timers are left', async () => {
  const world = createWorld({ seed: 1 })
  const host = world.host('node-a')
  host.spawn('lease', signal => every(host.clock, 10_000, signal, () => {}, 'lease'))
  host.spawn('work', signal => sleep(host.clock, 25_000, signal))
  await world.untilQuiet()
  assert.equal(world.now(), 25_000)
})

test('finish drives a promise and passes its error on', async () => {
  const world = createWorld({ seed: 1 })
  const { clock } = world.host('node-a')
  const late = withTimeout(clock, 3_000, () => new Promise(() => {}))
  await assert.rejects(world.finish(late), { name: 'TimeoutError' })
  assert.equal(world.now(), 3_000)
})

test('the clock on the wall can jump and drift without moving the monotonic one', async () => {
  const world = createWorld({ seed: 1 })
  const { clock, machine } = world.host('node-a')
  machine.setDrift(100)
  await world.advance(10_000)
  assert.equal(clock.wall() - Date.UTC(2026, 0, 1), 11_000)
  machine.setWall(-60_000)
  assert.equal(clock.wall() - Date.UTC(2026, 0, 1), -49_000)
  assert.equal(clock.now(), 10_000)
})

test("while a world runs, the machine's own time and chance are out of reach, and come back afterwards", async () => {
  const world = createWorld({ seed: 1 })
  const errors: unknown[] = []
  const uses = [
    () => Date.now(),
    () => new Date(),
    () => Math.random(),
    () => setTimeout(() => {}, 1),
    () => setInterval(() => {}, 1),
    () => setImmediate(() => {}),
    () => performance.now(),
    () => fetch('http://localhost'),
  ]
  world.schedule(1, () => {
    for (const use of uses) {
      try {
        void use()
      } catch (error) {
        errors.push(error)
      }
    }
    assert.equal(new Date(0).toISOString(), '1970-01-01T00:00:00.000Z')
    assert.ok(new Date(5) instanceof Date)
  })
  await world.advance(1)
  assert.equal(errors.length, uses.length)
  assert.ok(errors.every(error => error instanceof TripwireError))
  assert.ok(Date.now() > 0 && new Date().getTime() > 0 && Math.random() < 1 && performance.now() > 0)
})

test('an event has run to its end before the next one, whether it goes on in microtasks, in ticks or in both', async () => {
  const world = createWorld({ seed: 1 })
  const seen: string[] = []
  const inTicks = (left: number): void => {
    process.nextTick(() => (left === 0 ? seen.push('ticks') : void Promise.resolve().then(() => inTicks(left - 1))))
  }
  const inMicrotasks = async () => {
    for (let i = 0; i < 1_000; i++) await Promise.resolve()
    seen.push('microtasks')
  }
  for (let i = 1; i <= 300; i++) {
    world.schedule(i, () => {
      seen.push('event')
      void inMicrotasks()
      if (i % 7 === 0) inTicks(50)
    })
  }
  await world.advance(300)
  const story = seen
    .join(' ')
    .split('event ')
    .slice(1)
    .map(part => part.trim().split(' ').toSorted().join('+'))
  assert.deepEqual(
    story,
    Array.from({ length: 300 }, (_, i) => ((i + 1) % 7 === 0 ? 'microtasks+ticks' : 'microtasks')),
  )
})

test('chores come no more often than they may, and nothing else is late', async () => {
  const world = createWorld({ seed: 1, chores: { labels: /^every/, everyMs: 60_000 } })
  const { clock } = world.host('a')
  const fired: string[] = []
  clock.at(1_000, () => fired.push(`exact ${clock.now()}`), 'back-off')
  clock.at(1_000, () => fired.push(`chore ${clock.now()}`), 'every heartbeat')
  clock.at(90_000, () => fired.push(`late chore ${clock.now()}`), 'every report')
  await world.advance(100_000)
  assert.deepEqual(fired, ['exact 1000', 'chore 60000', 'late chore 90000'])
})
