/**
 * A request to an API server (or to a kubelet) and what comes back, before there is any socket.
 *
 *   kubectl ─ TLS, HTTP ─▶ host/ ─▶ Request ─▶ handle ─▶ Response ─▶ host/ ─▶ kubectl
 *   kubelet, scheduler, controllers ────▶ Request ─▶ the same handle ─▶ Response
 *
 * In process, bodies stay objects: frozen, shared and never encoded. Over a socket, host/ encodes what
 * it must, and an object that many watchers receive is encoded once.
 */
import type { ByteSink, ByteSource } from './bytes.ts'

export interface Request {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS' | (string & {})
  /** As it came, still percent-encoded, without the query: `/api/v1/namespaces/default/pods/web`. */
  readonly path: string
  readonly query: URLSearchParams
  /** Names in lower case. A header that came twice is joined with `, `. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: RequestBody
  /** Who asks, when the connection itself has said so: a client certificate, or a component in this process. */
  readonly user?: User
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal
}

export type RequestBody =
  | { readonly is: 'none' }
  | { readonly is: 'bytes'; readonly bytes: Uint8Array }
  /** In process only. The receiver may not change it. */
  | { readonly is: 'object'; readonly object: unknown }

/** What authentication established (SubjectReview calls it UserInfo). */
export interface User {
  readonly name: string
  readonly groups: readonly string[]
  readonly uid?: string
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

export interface Response {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: ResponseBody
}

export type ResponseBody =
  | { readonly is: 'none' }
  | { readonly is: 'object'; readonly object: unknown; readonly json: () => Uint8Array }
  | { readonly is: 'bytes'; readonly bytes: Uint8Array }
  /** A body whose length is not known: logs. */
  | { readonly is: 'stream'; readonly stream: ByteSource }
  | { readonly is: 'watch'; readonly watch: WatchStream }
  /** The client asked to upgrade the connection and may: exec, attach, port-forward. */
  | { readonly is: 'session'; readonly session: Session }

export interface WatchStream {
  /**
   * Starts the flow; called once. Events are pushed, never awaited: a sink that cannot keep up is cut off by the
   * server (it ends the watch), because one slow watcher may not hold memory for all. Returns how to stop.
   */
  start(sink: WatchSink): { stop(): void }
}

export interface WatchSink {
  event(event: WatchEvent): void
  /** No more events: the time is over, or the server shuts down. The client lists or watches again. */
  end(): void
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: unknown
  /** `{"type":…,"object":…}` and a line feed; encoded at most once, however many watchers ask. */
  json(): Uint8Array
}

/** What happens on a connection once it has been upgraded. */
export type Session =
  | { readonly is: 'remoteCommand'; readonly options: RemoteCommandOptions; run(streams: RemoteCommandStreams): Promise<RemoteCommandResult> }
  | { readonly is: 'portForward'; forward(port: number, connection: { readonly incoming: ByteSource; readonly outgoing: ByteSink }): Promise<void> }

export interface RemoteCommandOptions {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

export interface RemoteCommandStreams {
  readonly stdin: ByteSource | undefined
  readonly stdout: ByteSink | undefined
  readonly stderr: ByteSink | undefined
  readonly resize: AsyncIterable<{ width: number; height: number }> | undefined
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal
}

/** How a remote command ended; becomes the Status on the error channel. */
export type RemoteCommandResult = { readonly is: 'exited'; readonly exitCode: number } | { readonly is: 'failed'; readonly message: string }

/** Sends a request to an API server or a kubelet: in process, or over HTTPS. */
export type Transport = (request: Request) => Promise<Response>
