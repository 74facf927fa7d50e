/** Those who send the load over sockets: each tells how one request went. */
import { lookup, Resolver } from 'node:dns/promises'
import { Agent } from 'node:http'
import { isIP, type Socket } from 'node:net'
import type { Millis } from '../../base/clock.ts'
import { freeSlot, KEPT_CONNECTIONS, REMEMBERED_MS, takingTurns } from '../../base/load_clients.ts'
import type { ClientKind } from '../../base/load_request.ts'
import { ask, openConnection, type Answer, type Connection } from './ask.ts'
import { portAfter, stepsOver } from './local_ports.ts'
import type { Destination, LoadOrders, SentRequest } from './messages.ts'
import { isPortTaken } from './symptoms.ts'

export type Course = Pick<SentRequest, 'endedMs' | 'connection' | 'idleMs' | 'localPort' | 'address' | 'outcome'>

/** Sends one, and never rejects. */
export type LoadClient = (sentMs: Millis) => Promise<Course>

const PORT_ATTEMPTS_MAX = 30

export function createClients(orders: LoadOrders, now: () => Millis): Record<ClientKind, LoadClient> {
  const { path, host, timeoutMs, entrance, direct = entrance } = orders
  const question = { path, host, timeoutMs }
  const addressesOf = createNames(orders.nameServer, timeoutMs, now)
  let connections = 0
  let localPort = orders.firstPort
  const open = (address: string, port: number): Connection => {
    const connection = openConnection(connections++, localPort, { address, port })
    localPort = portAfter(localPort)
    return connection
  }
  /** Nothing is sent before it is. */
  const untilPortIsFree = async (attempt: () => Promise<Answer>): Promise<Answer> => {
    for (let taken = 1; ; taken++) {
      const answer = await attempt()
      if (!isPortTaken(answer.error) || taken === PORT_ATTEMPTS_MAX) return answer
      localPort = portAfter(localPort, stepsOver(taken))
    }
  }
  const noName = (): Course => ({
    endedMs: now(),
    connection: connections++,
    idleMs: undefined,
    localPort: 0,
    address: undefined,
    outcome: { is: 'failed', symptom: 'name', during: 'connect' },
  })

  const onOneOfItsOwn = async (
    { host: name, port }: Destination,
    rememberedMs: Millis,
    choose: (addresses: readonly string[]) => string | undefined,
  ): Promise<Course> => {
    const address = choose(await addressesOf(name, rememberedMs))
    if (address === undefined) return noName()
    let connection: Connection
    const ours = () => (connection = open(address, port)).socket
    const { outcome } = await untilPortIsFree(() => ask({ ...question, keep: undefined, open: ours, over: () => connection }))
    return course(connection!, { endedMs: now(), idleMs: undefined, address: name === address ? undefined : address, outcome })
  }

  const slots = Array.from({ length: KEPT_CONNECTIONS }, () => createSlot())
  const chooseForKept = takingTurns<string>()
  let turns = 0
  const onKept: LoadClient = async sentMs => {
    const slot = freeSlot(slots, turns++, createSlot)
    slot.isBusy = true
    const before = slot.connection
    // A name is asked only when a connection is about to be opened.
    const address = before?.socket.destroyed === false ? slot.address : chooseForKept(await addressesOf(entrance.host, 0))
    if (address === undefined) {
      slot.isBusy = false
      return noName()
    }
    slot.address = address
    const ours = () => (slot.connection = open(address, entrance.port)).socket
    slot.agent.open = ours
    const { outcome } = await untilPortIsFree(() => ask({ ...question, keep: slot.agent, open: ours, over: () => slot.connection! }))
    const idleMs = slot.connection === before ? sentMs - slot.idleSinceMs : undefined
    const endedMs = (slot.idleSinceMs = now())
    slot.isBusy = false
    return course(slot.connection!, { endedMs, idleMs, address: entrance.host === address ? undefined : address, outcome })
  }

  const [chooseForNew, chooseForDirect] = [takingTurns<string>(), takingTurns<string>()]
  return {
    new: () => onOneOfItsOwn(entrance, 0, chooseForNew),
    'keep-alive': onKept,
    direct: () => onOneOfItsOwn(direct, REMEMBERED_MS, chooseForDirect),
  }
}

const course = ({ id: connection, localPort }: Connection, rest: Omit<Course, 'connection' | 'localPort'>): Course => ({ connection, localPort, ...rest })

interface Slot {
  readonly agent: KeptAgent
  connection: Connection | undefined
  address: string | undefined
  isBusy: boolean
  idleSinceMs: Millis
}

const createSlot = (): Slot => ({ agent: new KeptAgent(), connection: undefined, address: undefined, isBusy: false, idleSinceMs: 0 })

/** Keeps its one connection until the server ends it. */
class KeptAgent extends Agent {
  open: (() => Socket) | undefined = undefined
  constructor() {
    super({ keepAlive: true, maxSockets: 1 })
  }
  override createConnection(): Socket {
    return this.open!()
  }
  /** Clients of most languages do not heed what a server hints of its time limit, and ours may not be luckier than they are. */
  override keepSocketAlive(): true {
    return true
  }
}

/** The addresses behind a name, in order; an address is behind itself. Empty: DNS has none. */
function createNames(nameServer: string | undefined, timeoutMs: Millis, now: () => Millis) {
  const resolver = new Resolver({ timeout: Math.min(timeoutMs, 2_000), tries: 2 })
  if (nameServer !== undefined) resolver.setServers([nameServer])
  // As every program of the machine, which has names that no DNS knows.
  const ofMachine = (host: string) => lookup(host, { all: true, family: 4 }).then(found => found.map(({ address }) => address))
  const remembered = new Map<string, { readonly answer: Promise<readonly string[]>; readonly atMs: Millis }>()
  return async (host: string, rememberedMs: Millis): Promise<readonly string[]> => {
    if (isIP(host) !== 0) return [host]
    let known = remembered.get(host)
    if (!known || now() - known.atMs >= rememberedMs) {
      const answer = (nameServer === undefined ? ofMachine(host) : resolver.resolve4(host)).then(
        addresses => addresses.toSorted(),
        () => [],
      )
      known = { answer, atMs: now() }
      remembered.set(host, known)
    }
    const addresses = await known.answer
    // What is not there is asked for again.
    if (addresses.length === 0 && remembered.get(host) === known) remembered.delete(host)
    return addresses
  }
}
