import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { WebSocket } from 'ws'
import { notFound } from '../../api/status.ts'
import { decodeText, encodeText, type ByteSink, type ByteSource } from '../../base/bytes.ts'
import { silentLog } from '../../base/log.ts'
import type { RemoteCommandOptions, RemoteCommandResult, RemoteCommandStreams, Session } from '../../base/transport.ts'
import { ensureCertificates, type Certificates } from '../certificates.ts'
import { serve } from '../http/server.ts'
import { openPortForward, openRemoteCommand } from './client.ts'

let directory: string
let pki: Certificates

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'poise-streaming-'))
  pki = await ensureCertificates(join(directory, 'pki'), { sans: [] })
})
after(() => rm(directory, { recursive: true, force: true }))

const ALL: RemoteCommandOptions = { stdin: true, stdout: true, stderr: true, tty: false }

test('over SPDY a command gets its input to the end, gives both outputs, and its exit code', async t => {
  const url = await start(
    t,
    command(ALL, async ({ stdin, stdout, stderr }) => {
      let size = 0
      for await (const bytes of stdin!) size += bytes.length
      await stderr!.write(encodeText('done'))
      await stdout!.write(encodeText(String(size)))
      return { is: 'exited', exitCode: 7 }
    }),
  )
  const stdout = collect()
  const stderr = collect()
  const result = await openRemoteCommand(`${url}/exec`, ALL, { stdin: chunks(40, 100_000), stdout, stderr, resize: undefined, signal: never })
  assert.deepEqual([result, stdout.text(), stderr.text()], [{ is: 'exited', exitCode: 7 }, '4000000', 'done'])
})

test('a large output arrives whole although its reader is slow', async t => {
  const url = await start(
    t,
    command({ ...ALL, stdin: false }, async ({ stdout }) => {
      for await (const bytes of chunks(100, 50_000)) await stdout!.write(bytes)
      return { is: 'exited', exitCode: 0 }
    }),
  )
  let size = 0
  const slow: ByteSink = {
    async write(bytes) {
      size += bytes.length
      await new Promise(resolve => setImmediate(resolve))
    },
    async end() {},
  }
  const options = { ...ALL, stdin: false }
  assert.deepEqual(await openRemoteCommand(`${url}/exec`, options, { stdin: undefined, stdout: slow, stderr: collect(), resize: undefined, signal: never }), {
    is: 'exited',
    exitCode: 0,
  })
  assert.equal(size, 5_000_000)
})

test('a terminal passes its sizes on, and a command that fails says why', async t => {
  const tty = { ...ALL, tty: true }
  const url = await start(
    t,
    command(tty, async ({ resize, stderr }) => {
      assert.equal(stderr, undefined)
      for await (const size of resize!) if (size.width === 100) return { is: 'failed', message: `size ${size.width}x${size.height}` }
      return { is: 'exited', exitCode: 0 }
    }),
  )
  async function* sizes() {
    yield { width: 80, height: 24 }
    yield { width: 100, height: 50 }
    await new Promise(() => {})
  }
  const result = await openRemoteCommand(`${url}/exec`, tty, { stdin: waiting(), stdout: collect(), stderr: undefined, resize: sizes(), signal: never })
  assert.deepEqual(result, { is: 'failed', message: 'size 100x50' })
})

test('a refusal is answered before the upgrade, with its Status', async t => {
  const url = await start(t, 'missing')
  await assert.rejects(
    openRemoteCommand(`${url}/exec`, ALL, { stdin: undefined, stdout: undefined, stderr: undefined, resize: undefined, signal: never }),
    /404.*pods \\"web\\" not found/,
  )
  const session = command(ALL, async () => ({ is: 'exited', exitCode: 0 }))
  const plain = await start(t, session)
  await assert.rejects(openPortForward(`${plain}/exec`, 80, { incoming: waiting(), outgoing: collect() }), /403.*unable to negotiate protocol/)
})

test("when the client leaves, the command's signal is aborted and its input ends", async t => {
  let left = () => {}
  const gone = new Promise<void>(resolve => {
    left = resolve
  })
  let began = () => {}
  const begun = new Promise<void>(resolve => {
    began = resolve
  })
  const url = await start(
    t,
    command(ALL, async ({ stdin, signal }) => {
      began()
      for await (const bytes of stdin!) void bytes
      if (!signal.aborted) await new Promise(resolve => signal.addEventListener('abort', resolve))
      left()
      return { is: 'exited', exitCode: 0 }
    }),
  )
  const abort = new AbortController()
  const running = assert.rejects(
    openRemoteCommand(`${url}/exec`, ALL, { stdin: waiting(), stdout: collect(), stderr: collect(), resize: undefined, signal: abort.signal }),
    /enough/,
  )
  await begun
  abort.abort(new Error('enough'))
  await running
  await gone
})

test('port-forward carries bytes both ways over SPDY, and the reason when it cannot', async t => {
  const url = await start(t, {
    is: 'portForward',
    async forward(port, { incoming, outgoing }) {
      if (port === 81) throw new Error('connection refused')
      for await (const bytes of incoming) await outgoing.write(encodeText(decodeText(bytes).toUpperCase()))
    },
  })
  const outgoing = collect()
  await openPortForward(`${url}/portforward`, 80, { incoming: once('hello'), outgoing })
  assert.equal(outgoing.text(), 'HELLO')
  await assert.rejects(openPortForward(`${url}/portforward`, 81, { incoming: waiting(), outgoing: collect() }), {
    message: 'error forwarding port 81: connection refused',
  })
})

test('over a WebSocket v5 closes the input, and the outcome is the last message of the error channel', async t => {
  const url = await start(
    t,
    command(ALL, async ({ stdin, stdout }) => {
      for await (const bytes of stdin!) await stdout!.write(bytes)
      return { is: 'exited', exitCode: 2 }
    }),
  )
  const socket = open(url, ['v5.channel.k8s.io', 'v4.channel.k8s.io'])
  const messages = received(socket)
  await new Promise(resolve => socket.once('open', resolve))
  assert.equal(socket.protocol, 'v5.channel.k8s.io')
  socket.send(Buffer.from('\0hello'))
  socket.send(Buffer.from([255, 0]))
  const texts = (await messages).map(message => message.toString())
  assert.equal(
    texts
      .filter(text => text[0] === '\x01')
      .map(text => text.slice(1))
      .join(''),
    'hello',
  )
  assert.deepEqual(JSON.parse(texts.at(-1)!.slice(1)), {
    metadata: {},
    status: 'Failure',
    message: 'command terminated with non-zero exit code: exit status 2',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: '2' }] },
  })
})

test('the older protocols are text in base64, and errors as plain words', async t => {
  const url = await start(
    t,
    command(ALL, async ({ stdout }) => {
      await stdout!.write(encodeText('hi'))
      return { is: 'exited', exitCode: 2 }
    }),
  )
  const messages = (await received(open(url, ['base64.channel.k8s.io']))).map(message => message.toString())
  const decode = (channel: string) =>
    messages
      .filter(text => text[0] === channel)
      .map(text => Buffer.from(text.slice(1), 'base64').toString())
      .join('')
  assert.deepEqual([decode('1'), decode('3')], ['hi', 'command terminated with non-zero exit code: exit status 2'])
  const v4 = (await received(open(url, ['v4.base64.channel.k8s.io']))).map(message => message.toString())
  assert.match(Buffer.from(v4.at(-1)!.slice(1), 'base64').toString(), /"status":"Failure"/)
})

test('port-forward over plain channels names its port first on both', async t => {
  const url = await start(t, {
    is: 'portForward',
    async forward(port, { incoming, outgoing }) {
      for await (const bytes of incoming) return outgoing.write(encodeText(`${port} ${decodeText(bytes)}`))
    },
  })
  const socket = open(`${url}/portforward?ports=8080`, ['v4.channel.k8s.io'])
  socket.once('open', () => socket.send(Buffer.from('\0ping')))
  const messages = await received(socket)
  assert.deepEqual(
    messages.map(message => [...message]),
    [
      [0, 0x90, 0x1f],
      [1, 0x90, 0x1f],
      [0, ...Buffer.from('8080 ping')],
    ],
  )
})

const never = new AbortController().signal

const command = (options: RemoteCommandOptions, run: (streams: RemoteCommandStreams) => Promise<RemoteCommandResult>): Session => ({
  is: 'remoteCommand',
  options,
  run,
})

async function start(t: TestContext, session: Session | 'missing'): Promise<string> {
  const server = await serve({
    tls: { ...pki.server, clientCa: pki.ca.certificate },
    log: silentLog,
    handle: async () => {
      if (session === 'missing') throw notFound({ group: '', plural: 'pods', kind: 'Pod' }, 'web')
      return { status: 101, headers: {}, body: { is: 'session', session } }
    },
  })
  t.after(() => server.close(100))
  return `https://127.0.0.1:${server.port}`
}

const open = (url: string, protocols: string[]) => new WebSocket(url.replace('https', 'wss'), protocols, { rejectUnauthorized: false })

function received(socket: WebSocket): Promise<Buffer[]> {
  const messages: Buffer[] = []
  return new Promise((resolve, reject) => {
    socket.on('message', (data: Buffer) => messages.push(Buffer.from(data)))
    socket.on('close', () => resolve(messages))
    socket.on('error', reject)
  })
}

function collect(): ByteSink & { text(): string } {
  let text = ''
  return {
    async write(bytes) {
      text += decodeText(bytes)
    },
    async end() {},
    text: () => text,
  }
}

async function* chunks(count: number, size: number): ByteSource {
  for (let i = 0; i < count; i++) yield new Uint8Array(size)
}

async function* once(text: string): ByteSource {
  yield encodeText(text)
}

async function* waiting(): ByteSource {
  await new Promise(() => {})
  yield new Uint8Array(0)
}
