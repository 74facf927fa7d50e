/** What goes wrong below the API: paths, headers, connections. The server answers cleanly or hangs up, and lives. */
import assert from 'node:assert/strict'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { ConfigMap } from '../../src/api/kinds/config_map.ts'
import { serveForAbuse, type Served } from './served.ts'

let served: Served
before(async () => {
  served = await serveForAbuse()
})
after(async () => {
  assert.ok(served.isAlive(), 'the server has survived')
  await served[Symbol.asyncDispose]()
})

/** After each rudeness somebody polite is served at once. */
async function servesOthers(): Promise<void> {
  const begun = performance.now()
  await served.client.list(ConfigMap, { namespace: 'default' })
  assert.ok(performance.now() - begun < 3_000, 'others do not wait')
}

const PATHS: Record<string, readonly number[]> = {
  '/api/v1/namespaces/../..': [301, 400, 404],
  '/api/v1/namespaces/default/configmaps/..%2f..%2fsecrets': [400, 404],
  '/api/v1/namespaces/%2e%2e/%2e%2e/etc/passwd': [400, 404],
  '/api/v1/namespaces/default/configmaps/%2e%2e': [400, 404],
  '/api/v1/namespaces/default%2fconfigmaps': [400, 404],
  '/api/v1/namespaces/default/configmaps/a%00b': [400, 404],
  '/api/v1/namespaces/default/configmaps/%zz': [400, 404],
  '/api/v1/namespaces/default/configmaps/%ff%fe': [400, 404],
  '//api/v1//namespaces': [301, 400, 404],
  '/api/v1/namespaces/default/pods/x/log/../../secrets': [301, 400, 404],
  '/../../../etc/passwd': [301, 400, 404],
  '/api/v1/namespaces/default/__proto__': [404],
  '/api/v1/namespaces/default/constructor/x': [404],
  '/apis/__proto__/v1/pods': [404],
  '/api/v1/nothing': [404],
  '/api/v99/pods': [404],
  '/openapi/v3/../../x': [301, 400, 404],
  [`/api/v1/namespaces/${'a'.repeat(40_000)}`]: [400, 404, 414, 431],
  [`/api/v1/pods?${'a=b&'.repeat(10_000)}`]: [200, 400, 414, 431],
  [`/api/v1/pods?labelSelector=${'a,'.repeat(15_000)}a`]: [200, 400, 414, 431],
}

for (const [path, expected] of Object.entries(PATHS)) {
  test(`the path ${path.length > 80 ? `${path.slice(0, 60)}… (${path.length} characters)` : path} is answered with ${expected.join(' or ')}`, async () => {
    const answer = await served.ask({ path })
    assert.ok(expected.includes(answer.status), `${answer.status} ${answer.text.slice(0, 300)}`)
    assert.doesNotMatch(answer.text, /root:|node:internal|\bat \S+ \(/)
    await servesOthers()
  })
}

test('methods that the API does not have are refused with a Status', async () => {
  for (const method of ['TRACE', 'PROPFIND', 'OPTIONS', 'POST', 'PUT']) {
    const answer = await served.ask({ method, path: '/api/v1/namespaces/default/configmaps/x' })
    assert.ok([400, 405, 501].includes(answer.status), `${method}: ${answer.status} ${answer.text}`)
    assert.equal(answer.json?.kind, 'Status', `${method}: ${answer.text}`)
  }
  assert.match(await served.say('NOTAMETHOD / HTTP/1.1\r\nHost: x\r\n\r\n'), /^HTTP\/1\.1 (400|405|501)/)
})

test('headers that cannot be are refused', async () => {
  const path = '/api/v1/namespaces/default/configmaps'
  assert.match(await served.say(`GET ${path} HTTP/1.1\r\nno colon\r\n\r\n`), /^HTTP\/1\.1 400/)
  // A client that still sends when it is hung up on may never see the answer.
  assert.match(await served.say(`GET ${path} HTTP/1.1\r\nHost: x\r\nA: ${'x'.repeat(100_000)}\r\n\r\n`), /^(HTTP\/1\.1 431|$)/)
  assert.match(await served.say(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef`), /^HTTP\/1\.1 400/)
  assert.match(await served.say(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`), /^HTTP\/1\.1 400/)
  assert.match(await served.say(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n`), /^HTTP\/1\.1 400/)
  assert.equal((await served.ask({ path, headers: { Accept: 'image/png' } })).status, 406)
  assert.ok([200, 401].includes((await served.ask({ path, headers: { Authorization: 'Bearer \u00ff\u00fe' } })).status))
  const token = await served.ask({ path, headers: { Authorization: 'Bearer a.b.c' } })
  assert.ok([200, 401].includes(token.status), token.text)
  await servesOthers()
})

test('garbage before TLS, and a handshake that stops in the middle, are hung up on', async () => {
  const { hostname, port } = new URL(served.connection.server)
  const sockets = await Promise.all(
    ['GET / HTTP/1.1\r\n\r\n', '\u0016\u0003\u0001', 'x'.repeat(100_000)].map(
      bytes =>
        new Promise<{ closed: Promise<void>; destroy(): void }>(resolve => {
          const socket = connect(Number(port), hostname, () => {
            socket.write(Buffer.from(bytes, 'latin1'))
            resolve({ closed: new Promise(done => socket.once('close', () => done())), destroy: () => socket.destroy() })
          })
          socket.on('error', () => undefined).resume()
        }),
    ),
  )
  await Promise.all([sockets[0]!.closed, sockets[2]!.closed])
  await servesOthers()
  sockets.forEach(socket => socket.destroy())
})

test('connections that are half closed, or cut in the middle of a body, do no harm', async () => {
  const head =
    'POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"half"}'
  for (const end of ['end', 'destroy'] as const) {
    const socket = await served.open()
    socket.on('error', () => undefined).resume()
    socket.write(head)
    await new Promise(resolve => setTimeout(resolve, 50))
    socket[end]()
  }
  await servesOthers()
  const { items } = await served.client.list(ConfigMap, { namespace: 'default' })
  assert.ok(!items.some(({ metadata }) => metadata.name === 'half'), 'half a request makes nothing')
})

test('two hundred clients that send a byte now and then do not keep others from being served', async () => {
  const sockets = await Promise.all(Array.from({ length: 200 }, () => served.open()))
  for (const socket of sockets)
    socket
      .on('error', () => undefined)
      .resume()
      .write('GET /api/v1/pods HTTP/1.1\r\nHost: x\r\nX-Slow: ')
  for (let byte = 0; byte < 5; byte++) {
    for (const socket of sockets) if (socket.writable) socket.write('a')
    await servesOthers()
  }
  sockets.forEach(socket => socket.destroy())
})

test('streams of HTTP/2 that are reset as soon as they are opened cost little', async () => {
  const before = await served.residentMiB()
  const { server, ca, certificate, key } = served.connection
  for (let connection = 0; connection < 3; connection++) {
    const session = connectHttp2(server, { ca, cert: certificate, key })
    session.on('error', () => undefined)
    await new Promise(resolve => session.once('connect', resolve))
    for (let i = 0; i < 1_000 && !session.closed && !session.destroyed; i++) {
      const stream = session.request({ ':path': '/api/v1/pods', ':method': 'GET' })
      stream.on('error', () => undefined)
      stream.close(8)
    }
    await servesOthers()
    session.destroy()
  }
  assert.ok((await served.residentMiB()) - before < 200)
})

test('watches whose clients vanish are forgotten', async () => {
  const sockets = await Promise.all(Array.from({ length: 100 }, () => served.open()))
  for (const socket of sockets)
    socket
      .on('error', () => undefined)
      .resume()
      .write('GET /api/v1/configmaps?watch=1 HTTP/1.1\r\nHost: x\r\n\r\n')
  await new Promise(resolve => setTimeout(resolve, 300))
  sockets.forEach(socket => socket.destroy())
  await servesOthers()
})
