import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from './clock.ts'
import { createInbox } from './inbox.ts'

test('the first letter is there at once', async () => {
  const { clock } = createAlarm()
  assert.equal(await createInbox(clock, 'first').next(100), 'first')
})

test('of many letters a busy reader sees only the newest', async () => {
  const { clock } = createAlarm()
  const inbox = createInbox(clock, 0)
  await inbox.next(100)
  for (const n of [1, 2, 3]) inbox.put(n)
  assert.equal(await inbox.next(100), 3)
})

test('a waiting reader is woken by a letter, and its alarm is taken back', async () => {
  const { clock, alarms } = createAlarm()
  const inbox = createInbox(clock, 'old')
  await inbox.next(100)
  const read = inbox.next(250)
  assert.deepEqual(
    alarms.map(({ deadline }) => deadline),
    [250],
  )
  inbox.put('new')
  assert.equal(await read, 'new')
  assert.deepEqual(alarms, [])
})

test('a poke wakes the reader with the letter it knows, also one that comes while it is busy', async () => {
  const { clock } = createAlarm()
  const inbox = createInbox(clock, 'letter')
  await inbox.next(100)
  const read = inbox.next(100)
  inbox.poke()
  assert.equal(await read, 'letter')
  inbox.poke()
  assert.equal(await inbox.next(100), 'letter')
})

test('the deadline wakes the reader with the letter it knows; afterwards it waits again', async () => {
  const { clock, alarms } = createAlarm()
  const inbox = createInbox(clock, 'letter')
  await inbox.next(100)
  const read = inbox.next(100)
  alarms[0]!.fire()
  assert.equal(await read, 'letter')
  let woken = false
  const again = inbox.next(200).then(value => {
    woken = true
    return value
  })
  await settled()
  assert.equal(woken, false)
  inbox.put('next')
  assert.equal(await again, 'next')
})

test('a letter at the very moment of the deadline is not lost and not read twice', async () => {
  const { clock, alarms } = createAlarm()
  const inbox = createInbox(clock, 'old')
  await inbox.next(100)
  const read = inbox.next(100)
  alarms[0]!.fire()
  inbox.put('new')
  assert.equal(await read, 'new')
  let woken = false
  void inbox.next(200).then(() => {
    woken = true
  })
  await settled()
  assert.equal(woken, false)
})

/** A clock of which only the alarms matter: the test sets them off. */
function createAlarm() {
  const alarms: { deadline: number; fire: () => void }[] = []
  const clock: Clock = {
    wall: () => 0,
    now: () => 0,
    at(deadline, fire) {
      const alarm = { deadline, fire }
      alarms.push(alarm)
      return { cancel: () => void alarms.splice(alarms.indexOf(alarm) >>> 0, 1) }
    },
  }
  return { clock, alarms }
}

const settled = () => new Promise(resolve => setImmediate(resolve))
