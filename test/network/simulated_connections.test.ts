/** Connections that stay open in the simulated network, and what a client sees when the server goes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpReply } from '../../src/base/network.ts'
import { NetworkError } from '../../src/base/network.ts'
import type { SimulatedConnection } from '../../src/sim/connection.ts'
import type { SimulatedServer } from '../../src/sim/network.ts'
import { createWorld } from '../../src/sim/world.ts'

const REQUEST = { method: 'GET', path: '/', headers: [] }
const OK: HttpReply = { status: 200, headers: {}, body: 'ok' }

function begin(seed: number, server: Partial<SimulatedServer> = {}, answerMs = 10) {
  const world = createWorld({ seed })
  const host = world.host('client')
  const { clock } = host
  const { fabric } = host.machine
  fabric.addAddress('10.0.0.9')
  const http = () => new Promise<HttpReply>(resolve => clock.at(clock.now() + answerMs, () => resolve(OK), 'answer'))
  const listener = fabric.listen('10.0.0.9', 80, { http, ...server })!
  const network = fabric.attach({ clock, random: host.random })
  const ask = (connection: SimulatedConnection) =>
    connection.request(REQUEST, { timeoutMs: 1_000 }).then(
      ({ status }) => String(status),
      (error: Error) => (error instanceof NetworkError ? `${error.code} ${error.message}` : String(error)),
    )
  const run = <T>(promise: Promise<T>) => world.finish(promise)
  return { world, clock, listener, ask, run, open: () => run(network.open('10.0.0.9', 80, { timeoutMs: 1_000 })), network }
}

test('one connection carries request after request, also when nobody new is taken', async () => {
  const { ask, run, open, listener, network } = begin(1)
  const connection = await open()
  assert.equal(await run(ask(connection)), '200')
  listener.close()
  assert.equal(await run(ask(connection)), '200')
  await assert.rejects(run(network.open('10.0.0.9', 80, { timeoutMs: 100 })), /connection refused/)
})

test('a server that drains closes what is idle, and what is busy after its reply', async () => {
  const { ask, run, open, listener, world } = begin(2, {}, 50)
  const [idle, busy] = [await open(), await open()]
  const answer = ask(busy)
  await world.advance(20)
  listener.close()
  listener.drain()
  assert.equal(await run(answer), '200', 'what was begun is finished')
  await run(Promise.all([idle.closed, busy.closed]))
  assert.equal(await run(ask(idle)), 'Reset EOF')
  assert.equal(await run(ask(busy)), 'Reset EOF')
})

test('a process that ends in the middle of a request loses it', async () => {
  const { ask, run, open, listener, world } = begin(3, {}, 50)
  const connection = await open()
  const answer = ask(connection)
  await world.advance(20)
  listener.end()
  assert.equal(await run(answer), 'Reset EOF')
})

test('a request that crosses with the close of its connection is reset, and not answered', async () => {
  const { ask, run, open, listener } = begin(4)
  const connection = await open()
  listener.drain()
  // The client has not heard of it yet.
  assert.match(await run(ask(connection)), /^Reset /)
})

test('an idle connection is closed after the server’s own time, and each request begins it anew', async () => {
  const { ask, run, open, world, clock } = begin(5, { idleTimeoutMs: 5_000 })
  const connection = await open()
  await world.advance(4_000)
  assert.equal(await run(ask(connection)), '200')
  const answeredAt = clock.now()
  await run(connection.closed)
  const keptMs = clock.now() - answeredAt
  assert.ok(keptMs >= 4_995 && keptMs <= 5_005, `${keptMs}`)
})
