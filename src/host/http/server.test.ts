import assert from 'node:assert/strict'
import { connect as connectHttp2 } from 'node:http2'
import { request as requestHttps, type RequestOptions } from 'node:https'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { tooManyRequests, type Status } from '../../api/status.ts'
import { encodeText } from '../../base/bytes.ts'
import { silentLog } from '../../base/log.ts'
import type { Response, Transport, WatchSink } from '../../base/transport.ts'
import { ensureCertificates, type Certificates } from '../certificates.ts'
import { serve, type ServeOptions } from './server.ts'

let directory: string
let pki: Certificates
let stranger: Certificates

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'poise-server-'))
  pki = await ensureCertificates(join(directory, 'pki'), { sans: [] })
  stranger = await ensureCertificates(join(directory, 'stranger'), { sans: [] })
})
after(() => rm(directory, { recursive: true, force: true }))

const whoami: Transport = async ({ user, path, body, headers }) =>
  answer({ user, path, bytes: body.is === 'bytes' ? body.bytes.length : 0, token: headers['authorization'] })

test('a client certificate of our CA says who asks; without one nobody does; one of another CA is refused', async t => {
  const { port } = await start(t, whoami)
  const admin = await ask(port, { cert: pki.admin.certificate, key: pki.admin.key })
  assert.deepEqual((admin.object as { user: unknown }).user, { name: 'kubernetes-admin', groups: ['system:masters'] })
  assert.equal((await ask(port)).object['user'], undefined)
  const other = { cert: stranger.admin.certificate, key: stranger.admin.key }
  const refused = await ask(port, other)
  assert.deepEqual([refused.status, refused.object['reason']], [401, 'Unauthorized'])
  const withToken = await ask(port, { ...other, headers: { authorization: 'Bearer x' } })
  assert.deepEqual([withToken.status, withToken.object['user'], withToken.object['token']], [200, undefined, 'Bearer x'])
})

test('a body over the limit is answered with 413, with and without an announced length, and the connection goes on', async t => {
  const { port } = await start(t, whoami, { limits: { bodyBytesMax: 1000 } })
  const announced = await ask(port, { method: 'POST' }, Buffer.alloc(5_000_000))
  assert.deepEqual([announced.status, announced.object['reason']], [413, 'RequestEntityTooLarge'])
  const chunked = await ask(port, { method: 'POST', headers: { 'transfer-encoding': 'chunked' } }, Buffer.alloc(5_000_000))
  assert.equal(chunked.status, 413)
  const session = connectHttp2(`https://127.0.0.1:${port}`, { ca: pki.ca.certificate })
  t.after(() => session.destroy())
  const post = (bytes: Buffer) =>
    new Promise<number>((resolve, reject) => {
      const stream = session.request({ ':method': 'POST', ':path': '/' })
      stream.on('response', headers => resolve(Number(headers[':status'])))
      stream.on('error', reject)
      stream.resume()
      stream.end(bytes)
    })
  assert.equal(await post(Buffer.alloc(5_000_000)), 413)
  assert.equal(await post(Buffer.alloc(1000)), 200)
})

test('a Status that a handler throws is the answer, and anything else is an internal error that is logged', async t => {
  const logged: string[] = []
  const log = { ...silentLog, error: (message: string) => void logged.push(message) }
  const { port } = await start(
    t,
    async ({ path }) => {
      if (path === '/busy') throw tooManyRequests('try later', 7)
      throw new TypeError('a bug')
    },
    { log },
  )
  const busy = await ask(port, { path: '/busy' })
  assert.deepEqual([busy.status, busy.headers['retry-after'], busy.object['message']], [429, '7', 'try later'])
  const bug = await ask(port, { path: '/bug' })
  assert.deepEqual([bug.status, bug.object['reason'], bug.object['message']], [500, 'InternalError', 'Internal error occurred: a bug'])
  assert.equal(logged.length, 1)
})

test('a header that cannot be sent becomes an internal error, and HEAD gets the length without the body', async t => {
  const { port } = await start(t, async ({ path }) => (path === '/bad' ? { ...answer({}), headers: { 'x-bad': 'a\nb' } } : answer({ a: 1 })))
  assert.equal((await ask(port, { path: '/bad' })).status, 500)
  const head = await ask(port, { method: 'HEAD' })
  assert.deepEqual([head.status, head.headers['content-length'], head.text], [200, '7', ''])
})

test('what is not HTTP, ends halfway or breaks off does no harm', async t => {
  const { port } = await start(t, whoami)
  for (const rubbish of [
    '\0\0\0\0',
    'GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n',
    'GET  /\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf',
    `GET / HTTP/1.1\r\nX: ${'x'.repeat(200_000)}\r\n\r\n`,
    'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
  ]) {
    const socket = await tls(port)
    socket.end(rubbish)
    socket.resume()
    await closed(socket)
  }
  assert.equal((await ask(port, { path: '/../../etc/passwd' })).object['path'], '/../../etc/passwd')
  assert.equal((await ask(port, { path: 'http://other/api?x' })).object['path'], '/api')
})

test('a client that sends only half of its headers is cut off', async t => {
  const { port } = await start(t, whoami, { limits: { headersTimeoutMs: 100, bodyTimeoutMs: 100 } })
  const socket = await tls(port)
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ')
  socket.resume()
  await closed(socket)
})

test('a body that does not come is answered with a timeout', async t => {
  const { port } = await start(t, whoami, { limits: { bodyTimeoutMs: 50 } })
  const session = connectHttp2(`https://127.0.0.1:${port}`, { ca: pki.ca.certificate })
  t.after(() => session.destroy())
  const stream = session.request({ ':method': 'POST', ':path': '/' })
  stream.on('error', () => {})
  const status = await new Promise(resolve => stream.on('response', headers => resolve(headers[':status'])))
  assert.equal(status, 504)
})

test('a watcher that does not read is cut off when too much waits for it; what it got at its start does not count', async t => {
  const warned: string[] = []
  const log = { ...silentLog, warn: (message: string) => void warned.push(message) }
  const line = encodeText(`${'x'.repeat(9_999)}\n`)
  const event = { type: 'ADDED' as const, object: {}, json: () => line }
  let sink: WatchSink | undefined
  let stopped: () => void
  const stop = new Promise<void>(resolve => {
    stopped = resolve
  })
  const { port } = await start(
    t,
    async () => ({
      status: 200,
      headers: {},
      body: {
        is: 'watch',
        watch: {
          start(given) {
            for (let i = 0; i < 500; i++) given.event(event)
            sink = given
            return { stop: () => stopped() }
          },
        },
      },
    }),
    { log, limits: { watchBacklogBytesMax: 1_000_000 } },
  )
  const session = connectHttp2(`https://127.0.0.1:${port}`, { ca: pki.ca.certificate })
  t.after(() => session.destroy())
  const stream = session.request({ ':path': '/' })
  stream.on('error', () => {})
  await new Promise(resolve => stream.once('response', resolve))
  assert.deepEqual(warned, [])
  while (warned.length === 0) {
    for (let i = 0; i < 10; i++) sink!.event(event)
    await new Promise(resolve => setImmediate(resolve))
  }
  await stop
})

test('closing ends watches, lets a request finish, and cuts off what has no end', async t => {
  let release = () => {}
  const held = new Promise<void>(resolve => {
    release = resolve
  })
  const asked: string[] = []
  const server = await start(t, async ({ path }) => {
    asked.push(path)
    if (path === '/slow') await held
    if (path === '/never') await new Promise(() => {})
    return path === '/watch' ? { status: 200, headers: {}, body: { is: 'watch', watch: { start: () => ({ stop() {} }) } } } : answer({ path })
  })
  const watch = ask(server.port, { path: '/watch' })
  const slow = ask(server.port, { path: '/slow' })
  const never = assert.rejects(ask(server.port, { path: '/never' }))
  while (asked.length < 3) await new Promise(resolve => setTimeout(resolve, 5))
  const done = server.close(300)
  assert.equal((await watch).status, 200)
  release()
  assert.equal((await slow).object['path'], '/slow')
  await never
  await done
  await assert.rejects(ask(server.port), { code: 'ECONNREFUSED' })
})

const answer = (object: object): Response => ({ status: 200, headers: {}, body: { is: 'object', object, json: () => encodeText(JSON.stringify(object)) } })

async function start(t: TestContext, handle: Transport, options: Partial<ServeOptions> = {}) {
  const server = await serve({ handle, tls: { ...pki.server, clientCa: pki.ca.certificate }, log: silentLog, ...options })
  t.after(() => server.close(100))
  return server
}

interface Answer {
  status: number
  headers: Record<string, unknown>
  text: string
  object: Record<string, unknown> & Partial<Status>
}

function ask(port: number, options: RequestOptions = {}, body?: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = requestHttps({ host: '127.0.0.1', port, ca: pki.ca.certificate, agent: false, ...options }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, object: text ? (JSON.parse(text) as Answer['object']) : {} })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

async function tls(port: number): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', port, ca: pki.ca.certificate, ALPNProtocols: ['http/1.1'] })
  socket.on('error', () => {})
  await new Promise(resolve => socket.once('secureConnect', resolve))
  return socket
}

const closed = (socket: TLSSocket): Promise<void> => new Promise(resolve => (socket.destroyed ? resolve() : socket.once('close', () => resolve())))
