/**
 * The client's side, over SPDY/3.1: how the kubelet passes exec, attach and port-forward on to containerd. WebSockets
 * would do for most, but containerd 1.6 speaks v4 on them, which cannot tell a command that its input has ended.
 */
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Duplex } from 'node:stream'
import { abortReason } from '../../base/abort.ts'
import { decodeText, encodeText, type ByteSink, type ByteSource } from '../../base/bytes.ts'
import type { RemoteCommandOptions, RemoteCommandResult, RemoteCommandStreams } from '../../base/transport.ts'
import { parseOutcome, printResize } from './outcome.ts'
import { createSpdyConnection } from './spdy/connection.ts'

const CONNECT_TIMEOUT_MS = 10_000
const ERROR_BYTES_MAX = 64 * 1024

/** Rejects when the session does not come about, or when `streams.signal` is aborted. */
export async function openRemoteCommand(url: string, options: RemoteCommandOptions, streams: RemoteCommandStreams): Promise<RemoteCommandResult> {
  const { signal } = streams
  const connection = createSpdyConnection(await upgrade(url, 'v4.channel.k8s.io', signal), { side: 'client' })
  const stop = () => connection.destroy()
  signal.addEventListener('abort', stop, { once: true })
  try {
    const open = (streamtype: string) => connection.open({ streamtype })
    const errors = open('error')
    await errors.outgoing.end()
    const stdin = options.stdin ? open('stdin') : undefined
    const stdout = options.stdout ? open('stdout') : undefined
    const stderr = options.stderr && !options.tty ? open('stderr') : undefined
    const resize = options.tty ? open('resize') : undefined
    // Neither of these ends by itself when the command does; they end with the connection.
    if (stdin && streams.stdin) pump(streams.stdin, stdin.outgoing)
    if (resize && streams.resize) pump(encoded(streams.resize), resize.outgoing)
    const [outcome] = await Promise.all([
      readText(errors.incoming),
      stdout && streams.stdout && copy(stdout.incoming, streams.stdout),
      stderr && streams.stderr && copy(stderr.incoming, streams.stderr),
    ])
    if (signal.aborted) throw abortReason(signal)
    return parseOutcome(outcome)
  } finally {
    signal.removeEventListener('abort', stop)
    connection.close()
  }
}

/** Carries one connection to a port; resolves when the far side has said everything. Rejects with what the far side says is wrong. */
export async function openPortForward(url: string, port: number, { incoming, outgoing }: { incoming: ByteSource; outgoing: ByteSink }): Promise<void> {
  const connection = createSpdyConnection(await upgrade(url, 'portforward.k8s.io', new AbortController().signal), { side: 'client' })
  try {
    const headers = { port: String(port), requestid: '0' }
    const errors = connection.open({ ...headers, streamtype: 'error' })
    await errors.outgoing.end()
    const data = connection.open({ ...headers, streamtype: 'data' })
    pump(incoming, data.outgoing)
    const [problem] = await Promise.all([readText(errors.incoming), copy(data.incoming, outgoing)])
    if (problem !== '') throw new Error(problem)
    await outgoing.end()
  } finally {
    connection.close()
  }
}

function upgrade(url: string, protocol: string, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(abortReason(signal))
    const request = (url.startsWith('https:') ? requestHttps : requestHttp)(url, {
      method: 'POST',
      agent: false,
      timeout: CONNECT_TIMEOUT_MS,
      rejectUnauthorized: false,
      headers: { Connection: 'Upgrade', Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': protocol, 'Content-Length': '0' },
    })
    const stop = () => request.destroy(abortReason(signal))
    signal.addEventListener('abort', stop, { once: true })
    const settle = (act: () => void) => {
      signal.removeEventListener('abort', stop)
      act()
    }
    request.on('error', error => settle(() => reject(error)))
    request.on('timeout', () => request.destroy(new Error(`no answer from ${new URL(url).host} within ${CONNECT_TIMEOUT_MS} ms`)))
    request.on('upgrade', (_, socket, head) =>
      settle(() => {
        socket.setTimeout(0)
        socket.setNoDelay(true)
        if (head.length > 0) socket.unshift(head)
        resolve(socket)
      }),
    )
    request.on('response', response => {
      readText(response as ByteSource).then(
        text => settle(() => reject(new Error(`the upgrade was refused with ${response.statusCode}: ${text.trim()}`))),
        error => settle(() => reject(error as Error)),
      )
    })
    request.end()
  })
}

/** In the background. When the other side is gone there is nobody to tell. */
function pump(from: ByteSource, to: ByteSink): void {
  copy(from, to)
    .then(() => to.end())
    .catch(() => {})
}

async function copy(from: ByteSource, to: ByteSink): Promise<void> {
  for await (const bytes of from) await to.write(bytes)
}

async function* encoded(sizes: AsyncIterable<{ width: number; height: number }>): AsyncGenerator<Uint8Array> {
  for await (const size of sizes) yield encodeText(printResize(size))
}

async function readText(source: ByteSource): Promise<string> {
  let text = ''
  for await (const bytes of source) if (text.length < ERROR_BYTES_MAX) text += decodeText(bytes)
  return text
}
