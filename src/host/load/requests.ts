/** Requests as they are told, on this process' clock, joined with where their connections went. */
import type { Clock, Millis } from '../../base/clock.ts'
import type { LoadRequest } from '../../base/load_request.ts'
import type { FollowedConnections, PodEnd } from './connections.ts'
import type { LoadOrders, SentRequest } from './messages.ts'

/** Later than this is told: a request counts from its planned instant, so that the client's own delay looks like the server's. */
const LATE_MS = 50
/** By then the kernel has told of a connection, or it never does: the rules have refused it. */
const UNKNOWN_AFTER_MS = 2_000

export interface Requests {
  add(told: readonly SentRequest[]): void
  counts(): { readonly answered: number; readonly failed: number }
  /** Of how many it may still be told where they went. */
  unknown(): number
  /** In planned order. */
  all(): readonly LoadRequest[]
}

export function collectRequests(
  { direct, entrance }: Pick<LoadOrders, 'direct' | 'entrance'>,
  followed: Pick<FollowedConnections, 'take'> | undefined,
  clock: Pick<Clock, 'now'>,
  /** Of the Service: who connects there has no Pod's address yet. */
  serviceAddress?: string,
): Requests {
  const offsetMs = clock.now() - Number(process.hrtime.bigint()) / 1e6
  const requests: Told[] = []
  /** Of connections that stand. */
  const kept = new Map<number, PodEnd>()
  let unknown: Unknown[] = []
  let answered = 0

  const targetOf = ({ client, connection, localPort, address }: SentRequest): PodEnd | undefined => {
    if (address !== undefined && address !== serviceAddress) return { address, port: (client === 'direct' ? (direct ?? entrance) : entrance).port }
    const target = kept.get(connection) ?? followed?.take(localPort)
    if (target && client === 'keep-alive') kept.set(connection, target)
    return target
  }
  const isUnknown = ({ request, sent }: Unknown): boolean => {
    const target = targetOf(sent)
    if (target) request.target = target
    return !target && clock.now() - request.endedMs < UNKNOWN_AFTER_MS
  }

  return {
    add(told) {
      const added = told.map(sent => ({ sent, request: requestOf(sent, offsetMs) }))
      for (const { request } of added) {
        requests.push(request)
        if (request.outcome.is === 'answered') answered++
      }
      unknown = [...unknown, ...added.filter(({ sent }) => sent.localPort > 0)].filter(isUnknown)
    },
    counts: () => ({ answered, failed: requests.length - answered }),
    unknown: () => (unknown = unknown.filter(isUnknown)).length,
    all: () => requests.toSorted((a, b) => a.id - b.id),
  }
}

type Told = { -readonly [Key in keyof LoadRequest]: LoadRequest[Key] }

interface Unknown {
  readonly request: Told
  readonly sent: SentRequest
}

function requestOf({ id, client, connection, idleMs, outcome, plannedMs, sentMs, endedMs }: SentRequest, offsetMs: Millis): Told {
  const instants = { plannedMs: plannedMs + offsetMs, sentMs: sentMs + offsetMs, endedMs: endedMs + offsetMs }
  return { id, ...instants, client, connection, ...(idleMs !== undefined && { idleMs }), outcome }
}

/** How the load client has kept its plan. */
export interface Lateness {
  readonly requests: number
  /** So many were sent later than anybody would overlook. */
  readonly late: number
  readonly mostMs: Millis
}

export function latenessOf(requests: readonly LoadRequest[]): Lateness {
  const late = requests.map(({ plannedMs, sentMs }) => sentMs - plannedMs)
  return { requests: requests.length, late: late.filter(ms => ms > LATE_MS).length, mostMs: late.reduce((a, b) => Math.max(a, b), 0) }
}

/** Undefined: it has kept it. */
export const latenessText = ({ requests, late, mostMs }: Lateness): string | undefined =>
  late === 0
    ? undefined
    : `The load client itself was late by up to ${Math.round(mostMs)} ms (by more than ${LATE_MS} ms with ${late} of ${requests} requests): this machine is too busy for this rate`
