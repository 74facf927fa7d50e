/**
 * A load over the simulated network: what the real load client does over sockets, in the same words.
 *
 *   planned instants ─▶ new | keep-alive | direct, in turns ─▶ connect ─▶ request ─▶ answered, or how it failed
 */
import type { Clock, Millis } from '../base/clock.ts'
import { freeSlot, KEPT_CONNECTIONS, REMEMBERED_MS, takingTurns } from '../base/load_clients.ts'
import { NetworkError } from '../base/network.ts'
import type { Target } from '../network/proxy/service_ports.ts'
import type { SimulatedConnection } from '../sim/connection.ts'
import type { SimulatedNetwork } from '../sim/network.ts'
import type { ClientKind, RequestOutcome, Symptom } from './observation.ts'
import { startOpenLoop, type Course } from './open_loop.ts'
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

export function startSimulatedLoad({ clock, network, service, resolve }: SimulatedLoadParts, options: LoadOptions): RunningLoad {
  const { timeoutMs, path } = options
  const request = { method: 'GET', path, headers: [] }
  const kept = Array.from({ length: KEPT_CONNECTIONS }, createSlot)
  let remembered: { readonly targets: readonly Target[]; readonly until: Millis } | undefined
  let [connections, keptTurns] = [0, 0]

  /** Of each client its own, or two who alternate would each have every other address only. */
  const choose = { new: takingTurns<Target>(), 'keep-alive': takingTurns<Target>(), direct: takingTurns<Target>() }
  const entrance = (client: ClientKind) => service ?? choose[client](resolve())

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
    const slot = freeSlot(kept, keptTurns++, createSlot)
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
    return onOneOfItsOwn(choose.direct(remembered?.targets ?? []))
  }

  const ask = (client: ClientKind): Promise<Course> => {
    if (client === 'new') return onOneOfItsOwn(entrance('new'))
    return client === 'keep-alive' ? onKept() : onPodsOwn()
  }
  return startOpenLoop(clock, options, ask, () => {
    for (const { standing } of kept) standing?.connection.close()
  })
}

interface Kept {
  standing: { readonly connection: SimulatedConnection; readonly id: number } | undefined
  isBusy: boolean
  idleSince: Millis
}

const createSlot = (): Kept => ({ standing: undefined, isBusy: false, idleSince: 0 })

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
