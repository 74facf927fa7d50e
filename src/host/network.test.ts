import assert from 'node:assert/strict'
import { createServer, type Server as HttpServer } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { HttpRequest, NetworkError } from '../base/network.ts'
import { createNetwork } from './network.ts'

const network = createNetwork()

test('a TCP probe of an open port succeeds, of a closed one is refused in the words of Go', async t => {
  const port = await listen(t, createTcpServer())
  await network.connect('127.0.0.1', port, { timeoutMs: 1000 })
  const closed = await closedPort()
  await assert.rejects(network.connect('127.0.0.1', closed, { timeoutMs: 1000 }), {
    name: 'NetworkError',
    code: 'Refused',
    message: `dial tcp 127.0.0.1:${closed}: connect: connection refused`,
  })
})

test('an aborted TCP probe rejects with the reason of its signal', async () => {
  const abort = new AbortController()
  const probe = network.connect('192.0.2.1', 80, { timeoutMs: 10_000, signal: abort.signal })
  abort.abort(new Error('enough'))
  await assert.rejects(probe, { message: 'enough' })
})

test('headers are sent in order, repeated as given, with nothing added but Host and Connection', async t => {
  let seen: string[] = []
  const port = await listen(
    t,
    createServer((request, response) => {
      seen = request.rawHeaders
      response.end('fine')
    }),
  )
  const reply = await network.http(
    get(port, {
      headers: [
        ['X-A', '1'],
        ['User-Agent', 'kube-probe/1.34'],
        ['X-A', '2'],
      ],
    }),
  )
  assert.equal(reply.body, 'fine')
  assert.deepEqual(seen, ['Host', `127.0.0.1:${port}`, 'X-A', '1', 'User-Agent', 'kube-probe/1.34', 'X-A', '2', 'Connection', 'close'])
})

test('a Host header that is given replaces the usual one, and redirects are not followed', async t => {
  const port = await listen(
    t,
    createServer((request, response) => response.writeHead(302, { location: `http://${request.headers.host}/next` }).end()),
  )
  const reply = await network.http(get(port, { headers: [['Host', 'web.example']] }))
  assert.equal(reply.status, 302)
  assert.equal(reply.headers['location'], 'http://web.example/next')
})

test('a body is read up to the limit and the rest is dropped', async t => {
  const port = await listen(
    t,
    createServer((_, response) => {
      response.write('x'.repeat(20_000))
      // Never ended: the reply must not wait for more than it wants.
    }),
  )
  const reply = await network.http(get(port, { bodyBytesMax: 10_240 }))
  assert.equal(reply.body.length, 10_240)
})

test('requests fail in the words of Go: refused, no answer in time, hung up, plain HTTP behind https', async t => {
  const closed = await closedPort()
  await failsWith(get(closed), 'Refused', `Get "http://127.0.0.1:${closed}/": dial tcp 127.0.0.1:${closed}: connect: connection refused`)
  const silent = await listen(
    t,
    createServer(() => {}),
  )
  await failsWith(
    get(silent, { timeoutMs: 50 }),
    'Timeout',
    `Get "http://127.0.0.1:${silent}/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
  )
  const rude = await listen(
    t,
    createServer(request => request.socket.end()),
  )
  await failsWith(get(rude), 'Reset', `Get "http://127.0.0.1:${rude}/": EOF`)
  await failsWith({ ...get(rude), scheme: 'https' }, 'Tls', `Get "https://127.0.0.1:${rude}/": http: server gave HTTP response to HTTPS client`)
  const half = await listen(
    t,
    createServer((_, response) => response.write('a')),
  )
  await failsWith(
    get(half, { timeoutMs: 50 }),
    'Timeout',
    `Get "http://127.0.0.1:${half}/": context deadline exceeded (Client.Timeout or context cancellation while reading body)`,
  )
})

test('a gRPC health check tells the status of the service, and what is wrong when there is none', async t => {
  const server = createHttp2Server()
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      const service = Buffer.concat(chunks).subarray(7).toString()
      assert.equal(headers[':path'], '/grpc.health.v1.Health/Check')
      const grpcStatus = service === 'unknown' ? '5' : service === 'missing' ? '12' : '0'
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': grpcStatus, 'grpc-message': 'so%20be it' }))
      stream.end(grpcStatus === '0' ? Buffer.from([0, 0, 0, 0, 2, 8, service === 'ill' ? 2 : 1]) : undefined)
    })
  })
  const port = await listen(t, server)
  const ask = (service: string) => network.grpcHealth('127.0.0.1', port, service, { timeoutMs: 1000 })
  assert.equal(await ask(''), 'SERVING')
  assert.equal(await ask('ill'), 'NOT_SERVING')
  assert.equal(await ask('unknown'), 'SERVICE_UNKNOWN')
  await assert.rejects(ask('missing'), {
    code: 'Unimplemented',
    message: 'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): so be it',
  })
  const closed = await closedPort()
  await assert.rejects(
    network.grpcHealth('127.0.0.1', closed, '', { timeoutMs: 1000 }),
    (error: NetworkError) =>
      error.message.startsWith(`timeout: failed to connect service "127.0.0.1:${closed}" within 1s: `) && error.message.includes('connection refused'),
  )
})

const get = (port: number, change: Partial<HttpRequest> = {}): HttpRequest => ({
  scheme: 'http',
  host: '127.0.0.1',
  port,
  path: '/',
  method: 'GET',
  headers: [],
  bodyBytesMax: 10_240,
  timeoutMs: 2000,
  ...change,
})

const failsWith = (request: HttpRequest, code: NetworkError['code'], message: string) =>
  assert.rejects(network.http(request), { name: 'NetworkError', code, message })

async function listen(t: TestContext, server: Server | HttpServer): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    if ('closeAllConnections' in server) server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

async function closedPort(): Promise<number> {
  const server = createTcpServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}
