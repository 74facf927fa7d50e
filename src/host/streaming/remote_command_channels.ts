import type { WebSocket } from 'ws'
import { decodeText, encodeText } from '../../base/bytes.ts'
import type { Session } from '../../base/transport.ts'
import { createChannels } from './channels.ts'
import { parseResize, printOutcome } from './outcome.ts'
import { outcomeOf } from './remote_command_streams.ts'

const STDIN = 0
const STDOUT = 1
const STDERR = 2
const ERROR = 3
const RESIZE = 4
/** For the client to answer the closing handshake. */
export const CLOSE_TIMEOUT_MS = 5000

/** exec and attach over a WebSocket. */
export async function runCommandChannels(webSocket: WebSocket, session: Extract<Session, { is: 'remoteCommand' }>, protocol: string): Promise<void> {
  const { options } = session
  const channels = createChannels(webSocket, protocol)
  const abort = new AbortController()
  webSocket.once('close', () => abort.abort(new Error('the client has gone away')))
  const output = (wanted: boolean, channel: number) => (wanted ? channels.outgoing(channel) : undefined)
  const streams = {
    stdin: options.stdin ? channels.incoming(STDIN) : undefined,
    stdout: output(options.stdout, STDOUT),
    stderr: output(options.stderr && !options.tty, STDERR),
    resize: options.tty ? sizes(channels.incoming(RESIZE)) : undefined,
    signal: abort.signal,
  }
  const errors = channels.outgoing(ERROR)
  // Kubernetes' servers send an empty message first, and there are clients that wait for it to know that all is well.
  await (streams.stdout ?? streams.stderr ?? errors).write(new Uint8Array(0))
  const result = await outcomeOf(session, streams)
  channels.endReading()
  const text = printOutcome(result, /^v[45]\./.test(protocol))
  if (text !== '') await errors.write(encodeText(text))
  webSocket.close(1000)
  setTimeout(() => webSocket.terminate(), CLOSE_TIMEOUT_MS).unref()
}

/** Each message is one size. */
async function* sizes(source: AsyncIterable<Uint8Array>): AsyncGenerator<{ width: number; height: number }> {
  for await (const bytes of source) {
    const size = parseResize(decodeText(bytes))
    if (size) yield size
  }
}
