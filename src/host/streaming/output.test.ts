import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { WebSocket } from 'ws'
import { encodeText, type ByteSource } from '../../base/bytes.ts'
import { silentLog } from '../../base/log.ts'
import type { Request, ResponseBody } from '../../base/transport.ts'
import { ensureCertificates, type Certificates } from '../certificates.ts'
import { serve } from '../http/server.ts'

let directory: string
let pki: Certificates

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'poise-output-'))
  pki = await ensureCertificates(join(directory, 'pki'), { sans: [] })
})
after(() => rm(directory, { recursive: true, force: true }))

test('logs over a WebSocket are bytes, or text in base64, behind an empty message', async t => {
  const url = await start(t, () => ({ is: 'stream', stream: once('line \u00e9\n') }))
  for (const [protocols, decode] of [
    [['binary.k8s.io'], (message: Buffer) => message],
    [[], (message: Buffer) => message],
    [['base64.binary.k8s.io'], (message: Buffer) => Buffer.from(message.toString(), 'base64')],
  ] as const) {
    const socket = open(`${url}/log`, [...protocols])
    const messages = await received(socket)
    assert.equal(socket.protocol, protocols[0] ?? '')
    assert.equal(messages[0]!.length, 0)
    assert.equal(Buffer.concat(messages.map(decode)).toString(), 'line \u00e9\n')
  }
  await assert.rejects(received(open(`${url}/log`, ['channel.k8s.io'])), /403/)
  const withToken = open(`${url}/log`, ['base64url.bearer.authorization.k8s.io.c2VjcmV0', 'binary.k8s.io'])
  await received(withToken)
  assert.equal(withToken.protocol, 'binary.k8s.io', 'never the token')
})

test('a watch over a WebSocket sends each event as a message of text, and stops when the client leaves', async t => {
  let stopped = () => {}
  const over = new Promise<void>(resolve => {
    stopped = resolve
  })
  const event = (name: string) => ({ type: 'ADDED' as const, object: {}, json: () => encodeText(`{"type":"ADDED","object":{"name":"${name}"}}\n`) })
  const url = await start(t, () => ({
    is: 'watch',
    watch: {
      start(sink) {
        for (const name of ['a', 'b', 'c']) sink.event(event(name))
        return { stop: stopped }
      },
    },
  }))
  const socket = open(`${url}/pods?watch=true`, [])
  const names: string[] = []
  socket.on('message', (data: Buffer, isBinary) => {
    assert.equal(isBinary, false)
    names.push((JSON.parse(data.toString()) as { object: { name: string } }).object.name)
    if (names.length === 3) socket.close()
  })
  await over
  assert.deepEqual(names, ['a', 'b', 'c'])
})

test('a watch over a WebSocket that has come to its end closes in order', async t => {
  const url = await start(t, () => ({
    is: 'watch',
    watch: {
      start(sink) {
        sink.end()
        return { stop() {} }
      },
    },
  }))
  const socket = open(`${url}/pods?watch=true`, ['base64url.bearer.authorization.k8s.io.c2VjcmV0', 'mine'])
  const code = await new Promise((resolve, reject) => socket.once('close', resolve).once('error', reject))
  assert.deepEqual([code, socket.protocol], [1000, 'mine'])
})

test('following logs over a WebSocket stops when the client leaves', async t => {
  let left = () => {}
  const gone = new Promise<void>(resolve => {
    left = resolve
  })
  const url = await start(t, ({ signal }) => ({
    is: 'stream',
    stream: (async function* () {
      yield encodeText('line\n')
      await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
      left()
    })(),
  }))
  const socket = open(`${url}/log`, ['binary.k8s.io'])
  socket.on('message', (data: Buffer) => data.length > 0 && socket.close())
  await gone
})

async function start(t: TestContext, answer: (request: Request) => ResponseBody): Promise<string> {
  const server = await serve({
    tls: { ...pki.server, clientCa: pki.ca.certificate },
    log: silentLog,
    handle: async request => ({ status: 200, headers: {}, body: answer(request) }),
  })
  t.after(() => server.close(100))
  return `wss://127.0.0.1:${server.port}`
}

const open = (url: string, protocols: string[]) => new WebSocket(url, protocols, { rejectUnauthorized: false })

function received(socket: WebSocket): Promise<Buffer[]> {
  const messages: Buffer[] = []
  return new Promise((resolve, reject) => {
    socket.on('message', (data: Buffer) => messages.push(Buffer.from(data)))
    socket.on('close', () => resolve(messages))
    socket.on('error', reject)
  })
}

async function* once(text: string): ByteSource {
  yield encodeText(text)
}
