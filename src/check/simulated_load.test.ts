/** The simulated load tells what it has met in the words of the real one: see host/load/load.test.ts. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sleep } from '../base/clock.ts'
import { REMEMBERED_MS } from '../base/load_clients.ts'
import { NetworkError } from '../base/network.ts'
import type { Target } from '../network/proxy/service_ports.ts'
import type { SimulatedListener, SimulatedServer } from '../sim/network.ts'
import { createWorld, type World } from '../sim/world.ts'
import type { ClientKind, LoadRequest } from './observation.ts'
import { startSimulatedLoad } from './simulated_load.ts'

const PORT = 8080
const ADDRESS = '10.244.0.2'
const OTHER = '10.244.0.3'

const answering = (status: number): SimulatedServer => ({ http: async () => ({ status, headers: {}, body: '' }) })
/** The process ends with the request under way, and its kernel closes the connection. */
const closing: SimulatedServer = { http: () => Promise.reject(new NetworkError('Reset', 'EOF')) }
const silent: SimulatedServer = { http: () => new Promise(() => {}) }

interface Course {
  /** None: the port is closed. */
  readonly server?: SimulatedServer
  /** Undefined: nobody has this address. */
  readonly address?: string
  readonly clients?: readonly ClientKind[]
  readonly isName?: boolean
  readonly resolve?: () => readonly Target[]
  readonly ratePerSecond?: number
  during?(world: World, listener: SimulatedListener | undefined): Promise<void>
}

async function load({ server, address = ADDRESS, clients = ['new'], isName, resolve, ratePerSecond = 10, during }: Course): Promise<readonly LoadRequest[]> {
  const world = createWorld({ seed: 1 })
  for (const each of [ADDRESS, OTHER]) world.fabric.addAddress(each)
  const listener = server && world.fabric.listen(ADDRESS, PORT, server)
  const { clock, random } = world.host('client')
  const run = async () => {
    const running = startSimulatedLoad(
      {
        clock,
        network: world.fabric.attach({ clock, random }),
        service: isName ? undefined : { address, port: PORT },
        resolve: resolve ?? (() => []),
      },
      {
        target: { namespace: 'default', service: 'web', port: PORT, type: 'ClusterIP' },
        entrance: { service: 'web', through: 'ClusterIP', url: `http://${address}:${PORT}`, node: undefined },
        path: '/',
        ratePerSecond,
        clients,
        timeoutMs: 2_000,
      },
    )
    await (during ? during(world, listener) : sleep(clock, 495))
    return running.stop()
  }
  return world.finish(run())
}

const lost = (symptom: string, during: string) => ({ is: 'failed', symptom, during })

const TOLD: readonly [what: string, course: Course, outcome: object][] = [
  ['is answered', { server: answering(200) }, { is: 'answered', status: 200 }],
  ['is answered with an error', { server: answering(503) }, { is: 'answered', status: 503 }],
  ['ends without an answer', { server: closing }, lost('closed', 'request')],
  ['is never answered', { server: silent }, lost('timeout', 'request')],
  ['is refused', {}, lost('refused', 'connect')],
  ['goes to an address that nobody has', { address: '10.244.0.99' }, lost('timeout', 'connect')],
  ['goes to a name that DNS does not know', { isName: true }, lost('name', 'connect')],
]

describe('the simulated load', () => {
  for (const [what, course, outcome] of TOLD)
    it(`tells of a request that ${what}`, async () => {
      const requests = await load(course)
      assert.equal(requests.length, 5)
      for (const request of requests) assert.deepEqual(request.outcome, outcome)
    })

  it('tells whom a connection was sent to that nobody took', async () => {
    for (const { target } of await load({})) assert.deepEqual(target, { address: ADDRESS, port: PORT })
  })

  it('tells how long a kept connection was idle, and opens another one when the server has gone', async () => {
    const requests = await load({
      server: answering(200),
      clients: ['keep-alive'],
      ratePerSecond: 100,
      during: async (world, listener) => {
        await sleep(world.host('client').clock, 505)
        listener!.end()
        await sleep(world.host('client').clock, 100)
      },
    })
    const kept = requests.filter(({ idleMs }) => idleMs !== undefined)
    assert.ok(kept.length > 40)
    assert.ok(
      kept.every(({ idleMs }) => idleMs! > 40 && idleMs! < 70),
      'six of them take turns',
    )
    for (const { outcome, idleMs } of requests.slice(-5)) assert.deepEqual([outcome, idleMs], [lost('refused', 'connect'), undefined])
  })

  it('lets direct clients go to remembered addresses by turns, until they ask again', async () => {
    let asked = 0
    const requests = await load({
      server: answering(200),
      clients: ['direct'],
      ratePerSecond: 2,
      resolve: () => (asked++ === 0 ? [ADDRESS, OTHER] : [ADDRESS]).map(address => ({ address, port: PORT })),
      during: world => sleep(world.host('client').clock, REMEMBERED_MS + 5_000),
    })
    const before = requests.filter(({ sentMs }) => sentMs < REMEMBERED_MS)
    assert.deepEqual(new Set(before.map(({ target }) => target!.address)), new Set([ADDRESS, OTHER]))
    assert.deepEqual(new Set(requests.slice(before.length).map(({ target }) => target!.address)), new Set([ADDRESS]))
    assert.equal(asked, 2)
  })

  it('lets clients take turns, at the planned instants, however late the answers are', async () => {
    const requests = await load({ server: silent, clients: ['new', 'keep-alive'], ratePerSecond: 40 })
    requests.forEach(({ plannedMs, sentMs, client }, index) => {
      assert.equal(plannedMs, requests[0]!.plannedMs + index * 25)
      assert.equal(sentMs, plannedMs)
      assert.equal(client, index % 2 === 0 ? 'new' : 'keep-alive')
    })
    assert.equal(requests.length, 20)
  })
})
