/**
 * An open-loop load over the simulated network: what the real load client does over sockets, in the same words.
 *
 *   planned instants ─▶ new | keep-alive | direct, in turns ─▶ connect ─▶ request ─▶ answered, or how it failed
 *
 * Nothing waits for an answer before the next request is sent, so that a slow server cannot hide those behind it.
 */
import type { Clock, Millis } from '../base/clock.ts'
import { NetworkError } from '../base/network.ts'
import type { Target } from '../network/proxy/service_ports.ts'
import type { SimulatedConnection } from '../sim/connection.ts'
import type { SimulatedNetwork } from '../sim/network.ts'
import type { ClientKind, LoadRequest, RequestOutcome, Symptom } from './observation.ts'
import type { LoadOptions, RunningLoad } from './site.ts'

export interface SimulatedLoadParts {
  readonly clock: Clock
  /** The network as the client's process sees it, with the rules of the node it is on. */
  readonly network: SimulatedNetwork
  /** Where connections to the Service go; undefined: to a name, which is asked for each of them. */
  readonly service: Target | undefined
  /** What the cluster's DNS says of the Service now, with the port to be used there; empty: there is no such name. */
  resolve(): readonly Target[]
}

/** As long as a client keeps what DNS has said: the time to live of the cluster's records. */
export const REMEMBERED_MS = 30_000
/** So many connections stand; one more is opened where all of them are busy. */
export const KEPT_CONNECTIONS = 6

export function startSimulatedLoad({ clock, network, service, resolve }: SimulatedLoadParts, options: LoadOptions): RunningLoad {
  const { clients, ratePerSecond, timeoutMs, path } = options
  const request = { method: 'GET', path, headers: [] }
  const requests: LoadRequest[] = []
  const kept: Kept[] = Array.from({ length: KEPT_CONNECTIONS }, () => ({ standing: undefined, isBusy: false, idleSince: 0 }))
  let remembered: { readonly targets: readonly Target[]; readonly until: Millis } | undefined
  let [sent, answered, failed, connections, keptTurns] = [0, 0, 0, 0, 0]
  let whenQuiet = () => {}

  /** Of each client its own, or two who alternate would each have every other address only. */
  const nameTurns: Record<ClientKind, number> = { new: 0, 'keep-alive': 0, direct: 0 }
  const inTurn = (client: ClientKind, targets: readonly Target[]): Target | undefined => targets[nameTurns[client]++ % targets.length]
  const entrance = (client: ClientKind) => service ?? inTurn(client, resolve())

  /** Resolves when it is over, and never rejects. */
  const onNewConnection = async (destination: Target | undefined, keep: (connection: SimulatedConnection, id: number) => void): Promise<Course> => {
    const connection = connections++
    if (!destination) return { connection, outcome: lost('name', 'connect') }
    const sentMs = clock.now()
    let target: Target | undefined
    let standing: SimulatedConnection
    try {
      standing = await network.open(destination.address, destination.port, { timeoutMs, routed: routed => (target = routed) })
    } catch (error) {
      return { connection, target, outcome: lost(symptomOf(error), 'connect') }
    }
    keep(standing, connection)
    return { ...(await onConnection(standing, sentMs + timeoutMs - clock.now())), connection }
  }

  const onConnection = async (connection: SimulatedConnection, limitMs: Millis): Promise<Omit<Course, 'connection'>> => {
    const { target } = connection
    try {
      const { status } = await connection.request(request, { timeoutMs: limitMs })
      return { target, outcome: { is: 'answered', status } }
    } catch (error) {
      return { target, outcome: lost(symptomOf(error), 'request') }
    }
  }

  const onOneOfItsOwn = async (destination: Target | undefined): Promise<Course> => {
    let opened: SimulatedConnection | undefined
    const course = await onNewConnection(destination, connection => (opened = connection))
    opened?.close()
    return course
  }

  const onKept = async (): Promise<Course> => {
    const slot = freeSlot(kept, keptTurns++)
    slot.isBusy = true
    const { standing } = slot
    const idleMs = clock.now() - slot.idleSince
    const course = standing
      ? { ...(await onConnection(standing.connection, timeoutMs)), connection: standing.id, idleMs }
      : await onNewConnection(entrance('keep-alive'), (connection, id) => {
          const opened = { connection, id }
          slot.standing = opened
          void connection.closed.then(() => {
            if (slot.standing === opened) slot.standing = undefined
          })
        })
    if (course.outcome.is === 'failed') {
      slot.standing?.connection.close()
      slot.standing = undefined
    }
    slot.isBusy = false
    slot.idleSince = clock.now()
    return course
  }

  const onPodsOwn = async (): Promise<Course> => {
    if (!remembered || remembered.until <= clock.now()) {
      const targets = resolve()
      remembered = targets.length > 0 ? { targets, until: clock.now() + REMEMBERED_MS } : undefined
    }
    return onOneOfItsOwn(inTurn('direct', remembered?.targets ?? []))
  }

  const begin = (client: ClientKind): Promise<Course> => {
    if (client === 'new') return onOneOfItsOwn(entrance('new'))
    return client === 'keep-alive' ? onKept() : onPodsOwn()
  }

  const send = async (id: number, plannedMs: Millis) => {
    const client = clients[id % clients.length]!
    const sentMs = clock.now()
    const course = await begin(client)
    requests.push({ id, plannedMs, sentMs, endedMs: clock.now(), client, ...course })
    if (course.outcome.is === 'answered') answered++
    else failed++
    if (answered + failed === sent) whenQuiet()
  }

  const beganMs = clock.now()
  const plan = (id: number) => {
    const plannedMs = beganMs + (id * 1_000) / ratePerSecond
    return clock.at(
      plannedMs,
      () => {
        sent++
        next = plan(id + 1)
        void send(id, plannedMs)
      },
      'load',
    )
  }
  let next = plan(0)

  return {
    counts: () => ({ sent, answered, failed }),
    async stop() {
      next.cancel()
      if (answered + failed < sent) await new Promise<void>(resolve_ => (whenQuiet = resolve_))
      for (const { standing } of kept) standing?.connection.close()
      return requests.toSorted((a, b) => a.id - b.id)
    },
  }
}

interface Course {
  readonly connection: number
  readonly idleMs?: Millis
  readonly target?: Target | undefined
  readonly outcome: RequestOutcome
}

interface Kept {
  standing: { readonly connection: SimulatedConnection; readonly id: number } | undefined
  isBusy: boolean
  idleSince: Millis
}

/** They take turns, so that each is idle for about as long as the others. */
function freeSlot(kept: Kept[], turn: number): Kept {
  for (let step = 0; step < kept.length; step++) {
    const slot = kept[(turn + step) % kept.length]!
    if (!slot.isBusy) return slot
  }
  const added: Kept = { standing: undefined, isBusy: false, idleSince: 0 }
  kept.push(added)
  return added
}

const lost = (symptom: Symptom, during: 'connect' | 'request'): RequestOutcome => ({ is: 'failed', symptom, during })

function symptomOf(error: unknown): Symptom {
  if (!(error instanceof NetworkError)) return 'other'
  switch (error.code) {
    case 'Refused':
      return 'refused'
    case 'Reset':
      // The end of a stream, and not a reset: the other side has closed it in order, without an answer.
      return error.message === 'EOF' ? 'closed' : 'reset'
    case 'Timeout':
      return 'timeout'
    case 'Unreachable':
      return 'unreachable'
    case 'Tls':
    case 'Unimplemented':
    case 'Other':
      return 'other'
  }
}
