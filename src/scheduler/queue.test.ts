import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../base/testing/manual_clock.ts'
import type { Pod } from '../api/kinds/pod.ts'
import { createSchedulingQueue } from './queue.ts'

const pod = (uid: string, spec: object = {}, status: object = {}): Pod =>
  ({ metadata: { uid, name: uid, namespace: 'default' }, spec: { containers: [], ...spec }, status }) as unknown as Pod

function start() {
  const time = manualClock()
  const queue = createSchedulingQueue(time)
  const takes: string[] = []
  const failWith: { how: 'unschedulable' | 'failed' } = { how: 'unschedulable' }
  /** Takes whatever comes, and never finds a node. */
  const tryForever = async () => {
    for (let demand = await queue.take(); demand; demand = await queue.take()) {
      const uid = demand.pod.metadata.uid!
      takes.push(`${time.now()} ${uid}`)
      queue[failWith.how](uid)
    }
  }
  const soon = async () => {
    for (let i = 0; i < 5; i++) await Promise.resolve()
  }
  return { ...time, queue, takes, failWith, tryForever, soon }
}

test('the higher priority comes first, then who came first', async () => {
  const { queue } = start()
  for (const [uid, priority] of [
    ['a', 0],
    ['b', 10],
    ['c', 10],
    ['d', 0],
  ] as const)
    queue.add(pod(uid, { priority }))
  const order = []
  for (let i = 0; i < 4; i++) order.push((await queue.take())!.pod.metadata.uid)
  assert.deepEqual(order, ['b', 'c', 'a', 'd'])
})

test('a Pod that is woken again and again is tried after 1, 2, 4, 8 and then every 10 seconds', async () => {
  const { queue, takes, tryForever, advance, soon } = start()
  void tryForever()
  queue.add(pod('a'))
  for (let ms = 0; ms < 50_000; ms += 250) {
    await soon()
    queue.wake(() => true)
    advance(250)
  }
  const times = takes.map(line => Number(line.split(' ')[0]))
  assert.deepEqual(times, [0, 1_000, 3_000, 7_000, 15_000, 25_000, 35_000, 45_000])
})

test('a try that failed on the way waits for its back-off only', async () => {
  const { queue, takes, tryForever, failWith, advance, soon } = start()
  failWith.how = 'failed'
  void tryForever()
  queue.add(pod('a'))
  for (let ms = 0; ms < 16_000; ms += 250) {
    await soon()
    advance(250)
  }
  assert.deepEqual(takes, ['0 a', '1000 a', '3000 a', '7000 a', '15000 a'])
})

test('without any change a Pod is tried again after five minutes', async () => {
  const { queue, takes, tryForever, advance, soon } = start()
  void tryForever()
  queue.add(pod('a'))
  await soon()
  advance(299_999)
  await soon()
  assert.equal(takes.length, 1)
  advance(1)
  await soon()
  assert.deepEqual(takes, ['0 a', '300000 a'])
})

test('only Pods that would fit are tried again', async () => {
  const { queue, takes, tryForever, advance, soon } = start()
  void tryForever()
  queue.add(pod('a'))
  queue.add(pod('b'))
  await soon()
  advance(20_000)
  queue.wake(({ demand }) => demand.pod.metadata.uid === 'b')
  await soon()
  assert.deepEqual(takes, ['0 a', '0 b', '20000 b'])
})

test('its own status does not wake a waiting Pod; its spec or labels do', async () => {
  const { queue, takes, tryForever, advance, soon } = start()
  void tryForever()
  queue.add(pod('a'))
  await soon()
  advance(20_000)
  queue.add(pod('a', {}, { conditions: [{ type: 'PodScheduled' }] }))
  await soon()
  assert.equal(takes.length, 1)
  queue.add(pod('a', { tolerations: [{ operator: 'Exists' }] }))
  await soon()
  assert.deepEqual(takes, ['0 a', '20000 a'])
})

test('a Pod that was removed never comes, whatever state it was in', async () => {
  const { queue, advance, soon, timers } = start()
  queue.add(pod('active'))
  queue.add(pod('binding'))
  queue.remove('active')
  assert.equal((await queue.take())?.pod.metadata.uid, 'binding')
  queue.remove('binding')
  queue.failed('binding')
  queue.add(pod('waiting'))
  await queue.take()
  queue.unschedulable('waiting')
  queue.remove('waiting')
  assert.equal(timers(), 0)
  advance(400_000)
  let came = false
  void queue.take().then(() => {
    came = true
  })
  queue.wake(() => true)
  await soon()
  assert.equal(came, false)
})

test('a Pod that is made again under a new uid is a new one, and one that is updated while it is tried keeps the newest', async () => {
  const { queue, advance, soon } = start()
  queue.add(pod('a'))
  await queue.take()
  queue.add(pod('a', { priority: 5 }))
  queue.failed('a')
  advance(1_000)
  await soon()
  assert.equal((await queue.take())?.pod.spec.priority, 5)
})

test('a thousand waiting Pods are looked at once for each change, not queued again', async () => {
  const { queue, takes, tryForever, advance, soon, timers } = start()
  void tryForever()
  for (let i = 0; i < 1_000; i++) queue.add(pod(`p${i}`))
  for (let i = 0; i < 1_000; i++) await soon()
  assert.equal(takes.length, 1_000)
  advance(20_000)
  let looks = 0
  for (let change = 0; change < 10; change++) queue.wake(() => ++looks < 0)
  assert.equal(looks, 10_000)
  assert.equal(timers(), 1_000)
  assert.equal(takes.length, 1_000)
})

test('closed, it lets the taker go and holds no timers', async () => {
  const { queue, timers } = start()
  queue.add(pod('a'))
  await queue.take()
  queue.unschedulable('a')
  const waiting = queue.take()
  queue.close()
  assert.equal(await waiting, undefined)
  assert.equal(timers(), 0)
  queue.add(pod('b'))
  queue.failed('a')
  assert.equal(timers(), 0)
})
