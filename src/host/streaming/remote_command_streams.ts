import type { Duplex } from 'node:stream'
import { decodeText, encodeText } from '../../base/bytes.ts'
import { messageOf } from '../../base/error_message.ts'
import type { RemoteCommandOptions, RemoteCommandResult, RemoteCommandStreams, Session } from '../../base/transport.ts'
import { parseResize, printOutcome } from './outcome.ts'
import { createSpdyConnection, type SpdyStream } from './spdy/connection.ts'

type Command = Extract<Session, { is: 'remoteCommand' }>

/** As long as Kubernetes waits for a client to open all its streams. */
const STREAMS_TIMEOUT_MS = 30_000

/** exec and attach over SPDY: the client opens a stream for each purpose, and the command starts when all are there. */
export async function runCommandStreams(socket: Duplex, session: Command, protocol: string): Promise<void> {
  const { options } = session
  const hasResize = /^v[345]\./.test(protocol)
  const streams = new Map<string, SpdyStream>()
  const expected = expectedStreams(options, hasResize)
  let complete = () => {}
  const ready = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the client did not open its streams in time')), STREAMS_TIMEOUT_MS)
    socket.once('close', () => reject(new Error('the client went away before it had opened its streams')))
    complete = () => {
      clearTimeout(timer)
      resolve()
    }
  })
  const connection = createSpdyConnection(socket, {
    side: 'server',
    opened(stream) {
      const type = (stream.headers['streamtype'] ?? '').toLowerCase()
      if (!expected.includes(type) || streams.has(type)) return stream.reset()
      streams.set(type, stream)
      if (streams.size === expected.length) complete()
    },
  })
  await ready
  const resize = streams.get('resize')
  const result = await outcomeOf(session, {
    stdin: streams.get('stdin')?.incoming,
    stdout: streams.get('stdout')?.outgoing,
    stderr: streams.get('stderr')?.outgoing,
    resize: resize && sizesIn(resize.incoming),
    signal: connection.signal,
  })
  await streams.get('stdout')?.outgoing.end()
  await streams.get('stderr')?.outgoing.end()
  const errors = streams.get('error')!
  const text = printOutcome(result, /^v[45]\./.test(protocol))
  if (text !== '') await errors.outgoing.write(encodeText(text))
  await errors.outgoing.end()
  connection.close()
}

function expectedStreams({ stdin, stdout, stderr, tty }: RemoteCommandOptions, hasResize: boolean): readonly string[] {
  return ['error', ...(stdin ? ['stdin'] : []), ...(stdout ? ['stdout'] : []), ...(stderr && !tty ? ['stderr'] : []), ...(tty && hasResize ? ['resize'] : [])]
}

/** Whatever goes wrong below is told to the client on the error channel: the head of the answer is long out. */
export async function outcomeOf(session: Command, streams: RemoteCommandStreams): Promise<RemoteCommandResult> {
  try {
    return await session.run(streams)
  } catch (error) {
    return { is: 'failed', message: messageOf(error) }
  }
}

/** A client may write several sizes before anyone reads: they follow each other as JSON objects. */
async function* sizesIn(source: AsyncIterable<Uint8Array>): AsyncGenerator<{ width: number; height: number }> {
  let text = ''
  for await (const bytes of source) {
    text += decodeText(bytes)
    for (let end = text.indexOf('}'); end >= 0; end = text.indexOf('}')) {
      const size = parseResize(text.slice(0, end + 1))
      text = text.slice(end + 1)
      if (size) yield size
    }
    // Not JSON at all: it will not become so.
    if (text.length > 1024) return
  }
}
