import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeUsage, podUsage, withReading, type NodeReading, type Reading } from './readings.ts'

const SECOND_NS = 1e9
const reading = (atSeconds: number, cpuSeconds: number, more: Partial<Reading> = {}): Reading => ({
  at: atSeconds * 1000,
  cpuNanoSeconds: cpuSeconds * SECOND_NS,
  memoryBytes: 1024,
  startedAt: 'first',
  ...more,
})
const answer = (node: Reading | undefined, web: Record<string, Reading> = {}): NodeReading => ({
  node,
  pods: new Map([['default/web', new Map(Object.entries(web))]]),
})
const after = (...answers: NodeReading[]) => answers.reduce<ReturnType<typeof withReading> | undefined>(withReading, undefined)!
const podAfter = (...answers: NodeReading[]) => podUsage(after(...answers).pods.get('default/web')!)

test('one reading says nothing of CPU, so there is no usage', () => {
  assert.equal(nodeUsage(after(answer(reading(0, 5)))), undefined)
  assert.equal(podAfter(answer(undefined, { main: reading(0, 5) })), undefined)
})

test('two readings give the average over the time between them, and the memory of the newer', () => {
  assert.deepEqual(nodeUsage(after(answer(reading(0, 5)), answer(reading(15, 8, { memoryBytes: 2048 })))), {
    at: 15_000,
    windowMs: 15_000,
    usage: { cpuNanoCores: 0.2 * SECOND_NS, memoryBytes: 2048 },
  })
})

test('of three readings the last two count', () => {
  assert.equal(nodeUsage(after(answer(reading(0, 0)), answer(reading(15, 15)), answer(reading(30, 15))))?.usage.cpuNanoCores, 0)
})

test('the same reading twice is one reading', () => {
  assert.equal(nodeUsage(after(answer(reading(0, 5)), answer(reading(0, 5)))), undefined)
  assert.equal(nodeUsage(after(answer(reading(0, 0)), answer(reading(15, 3)), answer(reading(15, 3))))?.usage.cpuNanoCores, 0.2 * SECOND_NS)
})

test('a container that has begun again counts from its new beginning', () => {
  assert.equal(podAfter(answer(undefined, { main: reading(0, 1) }), answer(undefined, { main: reading(15, 2, { startedAt: 'second' }) })), undefined)
  assert.equal(podAfter(answer(undefined, { main: reading(0, 9) }), answer(undefined, { main: reading(15, 2) })), undefined)
})

test('a container whose beginning is known only later has not begun anew', () => {
  const [first, second] = [reading(0, 1, { startedAt: undefined }), reading(15, 2)]
  assert.ok(podAfter(answer(undefined, { main: first }), answer(undefined, { main: second })))
})

test('a Pod has figures for all its containers or none, and the oldest of their times', () => {
  const before = answer(undefined, { main: reading(0, 0) })
  assert.equal(podAfter(before, answer(undefined, { main: reading(15, 3), late: reading(15, 1) })), undefined)
  const both = podAfter(answer(undefined, { main: reading(0, 0), side: reading(1, 0) }), answer(undefined, { main: reading(15, 3), side: reading(14, 0) }))
  assert.deepEqual([both?.at, both?.windowMs, both?.containers.map(({ name }) => name)], [14_000, 13_000, ['main', 'side']])
})

test('what a reading does not mention is forgotten', () => {
  assert.equal(after(answer(undefined, { main: reading(0, 0) }), { node: undefined, pods: new Map() }).pods.size, 0)
  assert.equal(nodeUsage(after(answer(reading(0, 0)), answer(undefined), answer(reading(30, 1)))), undefined)
})
