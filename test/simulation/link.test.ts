import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request, Transport, WatchSink } from '../../src/base/transport.ts'
import { createLink } from '../../src/sim/link.ts'
import { createWorld } from '../../src/sim/world.ts'
import { transportContract } from '../contracts/transport.ts'

transportContract('over a simulated link', async (t, handle) => {
  const world = createWorld({ seed: 3 })
  const driving = world.drive()
  t.after(() => driving.stop())
  return createLink({ caller: world.host('node-a'), handle }).transport
})

const get = (path: string): Request => ({
  method: 'GET',
  path,
  query: new URLSearchParams(),
  headers: {},
  body: { is: 'none' },
  signal: new AbortController().signal,
})
const ok = { status: 200, headers: {}, body: { is: 'none' } } as const

test('a lost reply is an error for the caller although the request took effect', async () => {
  const world = createWorld({ seed: 1 })
  let served = 0
  const link = createLink({ caller: world.host('node-a'), handle: async () => (served++, ok) })
  link.setFaults({ loseReply: [1, 1] })
  await assert.rejects(world.finish(link.transport(get('/'))), { name: 'ConnectionError' })
  assert.equal(served, 1)
  link.setFaults({ loseRequest: [1, 1] })
  await assert.rejects(world.finish(link.transport(get('/'))), { name: 'ConnectionError' })
  assert.equal(served, 1)
})

test('a caller that crashes hears nothing more, and the server is freed of its watch', async () => {
  const world = createWorld({ seed: 1 })
  const host = world.host('node-a')
  let sink: WatchSink | undefined
  let stopped = false
  const handle: Transport = async () => ({
    status: 200,
    headers: {},
    body: {
      is: 'watch',
      watch: {
        start: (given: WatchSink) => (
          (sink = given),
          {
            stop: () => {
              stopped = true
            },
          }
        ),
      },
    },
  })
  const { transport } = createLink({ caller: host, handle })
  const response = await world.finish(transport(get('/')))
  const seen: unknown[] = []
  assert.ok(response.body.is === 'watch')
  response.body.watch.start({ event: event => seen.push(event.object), end() {} })
  sink!.event({ type: 'ADDED', object: 1, json: () => new Uint8Array() })
  await world.advance(10)
  sink!.event({ type: 'ADDED', object: 2, json: () => new Uint8Array() })
  host.crash()
  await world.advance(10)
  sink!.event({ type: 'ADDED', object: 3, json: () => new Uint8Array() })
  assert.deepEqual([seen, stopped], [[1], true])
})

test('a cut link is noticed by its silence and works again when it is mended', async () => {
  const world = createWorld({ seed: 1 })
  const link = createLink({ caller: world.host('node-a'), handle: async () => ok })
  link.cut()
  await assert.rejects(world.finish(link.transport(get('/'))), { message: /i\/o timeout/ })
  assert.ok(world.now() >= 15_000)
  link.mend()
  assert.equal((await world.finish(link.transport(get('/')))).status, 200)
})

test('a watch that a cut has silenced ends when the link is mended, and never speaks past what it lost', async () => {
  const world = createWorld({ seed: 1 })
  let sink: WatchSink | undefined
  const handle: Transport = async () => ({
    status: 200,
    headers: {},
    body: { is: 'watch', watch: { start: (given: WatchSink) => ((sink = given), { stop() {} }) } },
  })
  const link = createLink({ caller: world.host('node-a'), handle })
  const response = await world.finish(link.transport(get('/')))
  const seen: unknown[] = []
  assert.ok(response.body.is === 'watch')
  response.body.watch.start({ event: event => seen.push(event.object), end: () => seen.push('end') })
  link.cut()
  sink!.event({ type: 'ADDED', object: 1, json: () => new Uint8Array() })
  await world.advance(1_000)
  link.mend()
  sink!.event({ type: 'ADDED', object: 2, json: () => new Uint8Array() })
  await world.advance(1_000)
  assert.deepEqual(seen, ['end'])
})
