/**
 * What the load client and the process that has started it say to each other.
 *
 *   argument   orders, as JSON
 *   stdin      one line: stop. Its end: the parent is gone
 *   fd 3       lines of JSON: ready, then requests in batches, and done when none is left
 */
import type { Millis } from '../../base/clock.ts'
import type { ClientKind, RequestOutcome } from '../../base/load_request.ts'

export interface LoadOrders {
  /** They take turns. */
  readonly clients: readonly ClientKind[]
  readonly ratePerSecond: number
  /** Of the client's ends of connections. */
  readonly firstPort: number
  readonly path: string
  /** The Host header. */
  readonly host: string
  /** From the instant a request is sent to the last byte of its answer. */
  readonly timeoutMs: Millis
  /** Where new and kept connections go. A name is asked of `nameServer` for each of them, or of this machine. */
  readonly entrance: Destination
  /** The name whose addresses direct clients remember. */
  readonly direct?: Destination | undefined
  readonly nameServer?: string | undefined
}

export interface Destination {
  /** An IP address, or a name. */
  readonly host: string
  readonly port: number
}

export type LoadMessage =
  /** From here on it sends. */
  | { readonly is: 'ready' }
  /** `sent`: with those that are under way. */
  | { readonly is: 'requests'; readonly sent: number; readonly rows: readonly RequestRow[] }
  | { readonly is: 'done' }

/** Instants are the kernel's monotonic time in milliseconds, which is one for all processes. */
export interface SentRequest {
  readonly id: number
  readonly client: ClientKind
  readonly plannedMs: Millis
  readonly sentMs: Millis
  readonly endedMs: Millis
  readonly connection: number
  readonly idleMs: Millis | undefined
  /** The client's end of the connection; 0: none was opened. */
  readonly localPort: number
  /** Whom it connected to, where a name had to be asked for. */
  readonly address: string | undefined
  readonly outcome: RequestOutcome
}

/** A thousand a second are told: names of fields would be most of it. */
export type RequestRow = readonly [
  id: number,
  client: ClientKind,
  plannedMs: Millis,
  sentMs: Millis,
  endedMs: Millis,
  connection: number,
  idleMs: Millis | null,
  localPort: number,
  address: string | null,
  ...outcome: readonly [status: number] | Failure,
]

type Failure = readonly [symptom: Failed['symptom'], during: Failed['during']]
type Failed = Extract<RequestOutcome, { is: 'failed' }>

export function rowOf(request: SentRequest): RequestRow {
  const { id, client, plannedMs, sentMs, endedMs, connection, idleMs, localPort, address, outcome } = request
  return [
    id,
    client,
    micros(plannedMs),
    micros(sentMs),
    micros(endedMs),
    connection,
    idleMs === undefined ? null : micros(idleMs),
    localPort,
    address ?? null,
    ...(outcome.is === 'answered' ? ([outcome.status] as const) : ([outcome.symptom, outcome.during] as const)),
  ]
}

export function requestOf(row: RequestRow): SentRequest {
  const [id, client, plannedMs, sentMs, endedMs, connection, idleMs, localPort, address, first, during] = row
  const outcome: RequestOutcome = typeof first === 'number' ? { is: 'answered', status: first } : { is: 'failed', symptom: first, during: during! }
  return { id, client, plannedMs, sentMs, endedMs, connection, idleMs: idleMs ?? undefined, localPort, address: address ?? undefined, outcome }
}

const micros = (ms: Millis): Millis => Math.round(ms * 1_000) / 1_000
