import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLocalPorts } from './local_ports.ts'

test('a load begins where the one before has ended, and after the last port comes the first', () => {
  const ports = createLocalPorts(65_533)
  for (const port of [65_533, 65_535, 65_534]) ports.used(port)
  assert.equal(ports.next, 32_768)
  ports.used(32_768)
  assert.equal(ports.next, 32_769)
})

test('of loads side by side the one that is furthest counts', () => {
  const ports = createLocalPorts(40_000)
  for (const port of [40_900, 40_100]) ports.used(port)
  assert.equal(ports.next, 40_901)
})
