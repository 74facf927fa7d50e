/** What one client may take of the server. */
export interface ServerLimits {
  /** Kubernetes' own limit for a request's body. */
  readonly bodyBytesMax: number
  readonly bodyTimeoutMs: number
  readonly headerBytesMax: number
  readonly headersTimeoutMs: number
  readonly handshakeTimeoutMs: number
  /** A connection on which nothing is asked for so long is closed. */
  readonly idleTimeoutMs: number
  /** Requests at a time on one HTTP/2 connection. */
  readonly streamsMax: number
  /** What may wait for one slow watcher, beside what it got at its start. */
  readonly watchBacklogBytesMax: number
}

export const LIMITS: ServerLimits = {
  bodyBytesMax: 3 * 1024 * 1024,
  bodyTimeoutMs: 60_000,
  headerBytesMax: 64 * 1024,
  headersTimeoutMs: 20_000,
  handshakeTimeoutMs: 10_000,
  idleTimeoutMs: 180_000,
  streamsMax: 1000,
  watchBacklogBytesMax: 16 * 1024 * 1024,
}
