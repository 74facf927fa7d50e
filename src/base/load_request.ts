/** A request of a load, as whoever sent it tells of it. */
import type { Millis } from './clock.ts'

/** All instants are on the cluster's monotonic clock, as `startMs` of spans. */
export interface LoadRequest {
  readonly id: number
  /** When the plan wanted it sent. Latency counts from here, so that a slow answer cannot hide the requests behind it. */
  readonly plannedMs: Millis
  /** When it was begun: the connection opened, or the request written to one that stood. */
  readonly sentMs: Millis
  readonly endedMs: Millis
  readonly client: ClientKind
  /** Of the load, from 0; a kept connection carries many requests. */
  readonly connection: number
  /** How long the connection had been idle before; undefined: opened for this request. */
  readonly idleMs?: Millis
  /** The Pod's end of the connection, where it is known. */
  readonly target?: { readonly address: string; readonly port: number }
  readonly outcome: RequestOutcome
}

/** new: a connection for each request. keep-alive: a few that stand. direct: to Pods' own addresses, asked of DNS and remembered. */
export type ClientKind = 'new' | 'keep-alive' | 'direct'

/**
 * connect: there was no connection yet. request: there was one, and not a byte of an answer. response: a part of the answer had
 * come.
 */
export type RequestOutcome =
  | { readonly is: 'answered'; readonly status: number }
  | { readonly is: 'failed'; readonly symptom: Symptom; readonly during: 'connect' | 'request' | 'response' }

/**
 * refused: the port is closed, or the Service has no endpoint. reset: the kernel of the other side broke the connection.
 * closed: the other side ended it without an answer. timeout, unreachable: nothing came back. name: DNS had no answer.
 */
export type Symptom = 'refused' | 'reset' | 'closed' | 'timeout' | 'unreachable' | 'name' | 'other'
