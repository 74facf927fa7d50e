/** The load client against small servers of this process, whose manners the path names. No container and no root is needed. */
import assert from 'node:assert/strict'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import type { EndpointSlice } from '../../api/kinds/endpoint_slice.ts'
import type { Service } from '../../api/kinds/service.ts'
import type { LoadRequest } from '../../base/load_request.ts'
import { silentLog } from '../../base/log.ts'
import { respondDns } from '../../network/dns/message.ts'
import type { DnsView } from '../../network/dns/records.ts'
import { serveDns, type DnsServer } from '../dns_server.ts'
import { startLoad } from './load.ts'
import { createLocalPorts } from './local_ports.ts'
import type { LoadOrders } from './messages.ts'

const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
const HALF = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'
const ENOUGH = 20

/** What the server does with each request, by path. */
const MANNERS: Readonly<Record<string, (socket: Socket) => void>> = {
  '/fails': socket => socket.write(ANSWER.replace('200 OK', '503 Busy')),
  '/reset': socket => socket.resetAndDestroy(),
  '/close': socket => socket.end(),
  '/half-reset': socket => socket.write(HALF, () => setTimeout(() => socket.resetAndDestroy(), 50)),
  '/half-close': socket => socket.end(HALF),
  '/head-close': socket => socket.end('HTTP/1.1 200 OK\r\ncontent-le'),
  '/silent': () => {},
  '/half-silent': socket => socket.write(HALF),
  '/nonsense': socket => socket.end('SSH-2.0-OpenSSH_9.2\r\n'),
}

const lost = (symptom: string, during: string) => ({ is: 'failed', symptom, during })

/** And what is told of it. */
const TOLD: readonly [path: string, outcome: object][] = [
  ['/fails', { is: 'answered', status: 503 }],
  ['/reset', lost('reset', 'request')],
  ['/close', lost('closed', 'request')],
  ['/half-reset', lost('reset', 'response')],
  ['/half-close', lost('closed', 'response')],
  ['/head-close', lost('closed', 'response')],
  ['/silent', lost('timeout', 'request')],
  ['/half-silent', lost('timeout', 'response')],
  ['/nonsense', lost('other', 'response')],
]

describe('the load client', { concurrency: 3 }, () => {
  let server: Server
  let dns: DnsServer
  before(async () => {
    server = await listen((path, socket) => (MANNERS[path] ?? (() => socket.write(ANSWER)))(socket))
    dns = await serveDns('127.0.0.1', 0, (query, transport) => respondDns(PODS, 'cluster.local', query, transport), silentLog)
  })
  after(async () => {
    server.close()
    await dns.close()
  })

  for (const [path, outcome] of TOLD)
    it(`tells how a request went that is answered with ${path}`, async () => {
      const requests = await run({ path, timeoutMs: path.endsWith('silent') ? 2_000 : 30_000, ...at(server) }, 3)
      for (const request of requests) assert.deepEqual(request.outcome, outcome)
    })

  it('goes on in the next load with ports that the one before has not used', async () => {
    const used: (number | undefined)[] = []
    const other = await listen((_, socket) => {
      used.push(socket.remotePort)
      socket.end(ANSWER)
    })
    // Those are looked for below; other programs of the machine may have any port for a while.
    for (const port of [65_500, 32_768]) while (!(await isFree(port))) await new Promise(resolve => setTimeout(resolve, 100))
    const ports = createLocalPorts(65_500)
    for (let loads = 0; loads < 2; loads++) await run(at(other), ENOUGH, ports)
    other.close()
    assert.ok(used.length >= 2 * ENOUGH)
    assert.equal(new Set(used).size, used.length)
    assert.equal(used[0], 65_500)
    assert.ok(used.includes(32_768))
  })

  it('finds its way past ports that another load to the same place has taken', async () => {
    const { port } = at(server).entrance
    const first = 40_000
    const taken = Array.from({ length: 300 }, (_, index) => connect({ host: '127.0.0.1', port, localPort: first + index }))
    try {
      // Some of them may be anybody's.
      await Promise.all(taken.map(socket => new Promise(resolve => socket.once('connect', resolve).once('error', resolve))))
      const requests = await run(at(server), 3, createLocalPorts(first))
      for (const { outcome } of requests) assert.deepEqual(outcome, { is: 'answered', status: 200 })
    } finally {
      for (const socket of taken) socket.destroy()
    }
  })

  it('tells that a connection is refused, and which client it was', async () => {
    const gone = await listen(() => {})
    const orders = at(gone)
    await new Promise(resolve => gone.close(resolve))
    const requests = await run({ ...orders, clients: ['new', 'keep-alive'] }, 4)
    assert.deepEqual(new Set(requests.map(({ client }) => client)), new Set(['new', 'keep-alive']))
    for (const { outcome } of requests) assert.deepEqual(outcome, lost('refused', 'connect'))
  })

  it('tells that DNS has no answer', async () => {
    const requests = await run({ entrance: { host: 'nobody.default.svc.cluster.local', port: 80 }, nameServer: `127.0.0.1:${dns.port}` }, 3)
    for (const { outcome } of requests) assert.deepEqual(outcome, lost('name', 'connect'))
  })

  it('knows the names that this machine knows, where no name server is given', async () => {
    const { port } = server.address() as AddressInfo
    for (const { outcome } of await run({ entrance: { host: 'localhost', port } }, 3)) assert.deepEqual(outcome, { is: 'answered', status: 200 })
  })

  it('lets direct clients go to the addresses behind a name by turns, and tells which', async () => {
    const { port } = at(server).entrance
    const requests = await run(
      { clients: ['direct'], direct: { host: 'web.default.svc.cluster.local', port }, nameServer: `127.0.0.1:${dns.port}`, ...at(server) },
      6,
    )
    for (const { id, outcome, target } of requests) {
      assert.deepEqual(outcome, { is: 'answered', status: 200 })
      assert.deepEqual(target, { address: ADDRESSES[id % 2], port })
    }
  })

  it('keeps its plan, however long the server takes: it answers nobody until many have asked', async () => {
    for (const client of ['new', 'keep-alive'] as const) {
      const waiting: Socket[] = []
      let most = 0
      const stalled = await listen((_, socket) => {
        waiting.push(socket)
        most = Math.max(most, waiting.length)
        // A client that waits for answers would never get so far.
        if (most >= ENOUGH) for (const one of waiting.splice(0)) one.write(ANSWER)
      })
      try {
        const requests = await run({ clients: [client], ...at(stalled) }, ENOUGH)
        for (const [index, { id, plannedMs, sentMs, endedMs, outcome }] of requests.entries()) {
          assert.equal(id, index)
          assert.deepEqual(outcome, { is: 'answered', status: 200 })
          const planned = requests[0]!.plannedMs + (id * 1_000) / RATE
          assert.ok(Math.abs(plannedMs - planned) < 0.01, `${id} was planned at ${plannedMs}, not ${planned}`)
          assert.ok(plannedMs <= sentMs && sentMs <= endedMs, `${plannedMs}, ${sentMs}, ${endedMs}`)
        }
      } finally {
        stalled.close()
      }
    }
  })

  it('keeps connections, tells how long each was idle, and sends no request twice', async () => {
    const asked = new Map<Socket, number>()
    const heard: string[] = []
    // Each connection is cut at its third request.
    const cutting = await listen((path, socket) => {
      heard.push(path)
      const count = (asked.get(socket) ?? 0) + 1
      asked.set(socket, count)
      if (count < 3) socket.write(ANSWER)
      else socket.resetAndDestroy()
    })
    try {
      const requests = await run({ clients: ['keep-alive'], ...at(cutting) }, 30)
      assert.equal(heard.length, requests.length)
      const connections = new Set(requests.map(({ connection }) => connection))
      assert.equal(connections.size, asked.size)
      for (const number of connections) {
        const of = requests.filter(({ connection }) => connection === number)
        for (const [index, { sentMs, idleMs, outcome }] of of.entries()) {
          assert.deepEqual(outcome, index < 2 ? { is: 'answered', status: 200 } : lost('reset', 'request'))
          if (index === 0) assert.equal(idleMs, undefined)
          else assert.ok(Math.abs(idleMs! - (sentMs - of[index - 1]!.endedMs)) < 0.01, `idle for ${idleMs} ms`)
        }
      }
    } finally {
      cutting.close()
    }
  })

  it('opens a connection for each request of a new client', async () => {
    const requests = await run({ clients: ['new'], ...at(server) }, 5)
    assert.equal(new Set(requests.map(({ connection }) => connection)).size, requests.length)
  })

  it('says what is wrong when it cannot run', async () => {
    await assert.rejects(
      startLoad({ ...ORDERS, clients: [] }, { inNetwork: ['false'], decidedAt: undefined, clock: performance, ports: createLocalPorts() }),
      /the load client has ended/,
    )
  })
})

const ADDRESSES = ['127.0.0.1', '127.0.0.2']
const WEB = { metadata: { name: 'web', namespace: 'default' }, spec: { clusterIP: 'None', ports: [] } } as unknown as Service
const SLICE = { metadata: {}, addressType: 'IPv4', endpoints: ADDRESSES.map(address => ({ addresses: [address] })), ports: [] } as unknown as EndpointSlice
const PODS: DnsView = {
  service: (_, name) => (name === 'web' ? WEB : undefined),
  serviceByClusterIP: () => undefined,
  namespaceExists: () => true,
  endpointSlices: () => [SLICE],
  endpointSlicesOf: () => [],
}

const RATE = 100
const ORDERS: Omit<LoadOrders, 'firstPort'> = {
  clients: ['new'],
  ratePerSecond: RATE,
  path: '/',
  host: 'web',
  timeoutMs: 30_000,
  entrance: { host: '127.0.0.1', port: 1 },
}

const at = (server: Server) => ({ entrance: { host: '127.0.0.1', port: (server.address() as AddressInfo).port } })

/** Nobody has it: the kernel remembers a connection that has ended for a minute. */
async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const free = await new Promise<boolean>(resolve => server.once('error', () => resolve(false)).listen(port, '0.0.0.0', () => resolve(true)))
  if (free) await new Promise(resolve => server.close(resolve))
  return free
}

/** Sends until so many have ended. */
async function run(orders: Partial<LoadOrders>, enough: number, ports = createLocalPorts()): Promise<readonly LoadRequest[]> {
  const beganMs = performance.now()
  const load = await startLoad({ ...ORDERS, ...orders }, { inNetwork: [], decidedAt: undefined, clock: performance, ports })
  const ended = () => load.counts().answered + load.counts().failed
  while (ended() < enough) await new Promise(resolve => setTimeout(resolve, 20))
  const requests = await load.stop()
  assert.ok(requests.length >= enough)
  assert.deepEqual(load.blindSpots(), [])
  for (const { plannedMs, endedMs } of requests) assert.ok(beganMs < plannedMs && plannedMs < endedMs && endedMs < performance.now())
  return requests
}

/** Tells each whole request's path. Clients send no bodies. */
async function listen(heard: (path: string, socket: Socket) => void): Promise<Server> {
  const server = createServer(socket => {
    let rest = ''
    socket.on('error', () => {})
    socket.on('data', chunk => {
      rest += chunk.toString()
      for (let end = rest.indexOf('\r\n\r\n'); end >= 0; end = rest.indexOf('\r\n\r\n')) {
        const path = rest.split(' ', 2)[1]!
        rest = rest.slice(end + 4)
        heard(path, socket)
      }
    })
  })
  await new Promise<void>(resolve => server.listen(0, '0.0.0.0', resolve))
  return server
}
