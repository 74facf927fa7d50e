/**
 * gRPC calls over containerd's unix socket.
 */
import { Client, credentials, Metadata, status } from '@grpc/grpc-js'
import type { CallOptions, ServiceError } from '@grpc/grpc-js'
import type { Millis } from '../../base/clock.ts'
import { abortReason } from '../../base/abort.ts'
import { RuntimeError } from '../../runtime/runtime.ts'
import { decode, encode } from './wire.ts'
import type { Message } from './wire.ts'

export interface CriClient {
  /** `timeoutMs` undefined waits for as long as the runtime takes. Rejects with RuntimeError. */
  call<In, Out>(method: string, request: Message<any, In>, response: Message<Out, any>, value: In, options?: CallLimits): Promise<Out>
  /** A call that the server answers with many messages, until it ends, fails or is stopped. */
  stream<In, Out>(method: string, request: Message<any, In>, response: Message<Out, any>, value: In, sink: StreamSink<Out>): { stop(): void }
  close(): void
}

export interface CallLimits {
  timeoutMs?: Millis | undefined
  signal?: AbortSignal | undefined
  /** Needed by containerd's own services; the CRI has one of its own. */
  namespace?: string | undefined
}

export interface StreamSink<T> {
  message(message: T): void
  /** The last call; undefined when the server ended the stream. */
  end(error: RuntimeError | undefined): void
}

/** ExecSync answers up to 16 MB of each output stream; lists grow with the node. */
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024

export function createCriClient(socketPath: string): CriClient {
  const client = new Client(`unix:${socketPath}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
    'grpc.enable_http_proxy': 0,
    // The server is on this machine: when containerd has been restarted, nobody wants to wait a second to know.
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 1_000,
  })
  return {
    call: (method, request, response, value, { timeoutMs, signal, namespace } = {}) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(abortReason(signal))
        const options: CallOptions = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs }
        const metadata = new Metadata()
        if (namespace !== undefined) metadata.set('containerd-namespace', namespace)
        const call = client.makeUnaryRequest(
          method,
          toBuffer(request),
          bytes => decode(response, bytes),
          value,
          metadata,
          options,
          (error, answer) => {
            signal?.removeEventListener('abort', cancel)
            if (error) reject(signal?.aborted ? abortReason(signal) : runtimeError(error))
            else resolve(answer!)
          },
        )
        const cancel = () => call.cancel()
        signal?.addEventListener('abort', cancel, { once: true })
      }),

    stream(method, request, response, value, sink) {
      const call = client.makeServerStreamRequest(method, toBuffer(request), bytes => decode(response, bytes), value, new Metadata(), {})
      let over = false
      const end = (error: RuntimeError | undefined) => {
        if (over) return
        over = true
        sink.end(error)
      }
      call.on('data', message => over || sink.message(message))
      call.on('error', (error: ServiceError) => end(runtimeError(error)))
      call.on('end', () => end(undefined))
      return {
        stop() {
          over = true
          call.cancel()
        },
      }
    },

    close: () => client.close(),
  }
}

const toBuffer =
  <In>(type: Message<any, In>) =>
  (value: In) =>
    Buffer.from(encode(type, value))

/** containerd's own sentence, without the number that grpc-js puts before it: users read it in events. */
function runtimeError(error: ServiceError): RuntimeError {
  return new RuntimeError(codeOf(error.code), error.details || error.message)
}

function codeOf(code: status): RuntimeError['code'] {
  switch (code) {
    case status.NOT_FOUND:
      return 'NotFound'
    case status.DEADLINE_EXCEEDED:
      return 'DeadlineExceeded'
    case status.UNAVAILABLE:
      return 'Unavailable'
    case status.INVALID_ARGUMENT:
      return 'InvalidArgument'
    case status.CANCELLED:
      return 'Cancelled'
    default:
      return 'Unknown'
  }
}
