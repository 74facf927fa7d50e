/**
 * One DNS message in, one out. Codec: dns-packet.
 */
import { AUTHORITATIVE_ANSWER, decode, encode, RECURSION_AVAILABLE, type Answer, type Packet, type Question } from 'dns-packet'
import { answerDns, type DnsRecord, type DnsView } from './records.ts'

/** Kubernetes' name server lets answers live for 30 s. */
const TTL_SECONDS = 30
/** How long a resolver may remember that there is no such name: short, because a Service may come any moment. */
const NEGATIVE_TTL_SECONDS = 5
/** What fits into a UDP answer when the client has not said that it takes more, and what we send at most if it has. */
const UDP_BYTES_MIN = 512
const UDP_BYTES_MAX = 1232
/** Over TCP the length has two bytes. */
const TCP_BYTES_MAX = 65_535

const RCODE = { noError: 0, formatError: 1, nameError: 3, notImplemented: 4, refused: 5 }

export type DnsTransport = 'udp' | 'tcp'

export type DnsReply =
  | { readonly is: 'answer'; readonly bytes: Uint8Array }
  /** Garbage, or itself an answer. */
  | { readonly is: 'nothing' }
  /** Not a name of this cluster: for another name server; without one, what to say. */
  | { readonly is: 'forward'; readonly refusal: Uint8Array }
  /** An alias of a name outside. Few resolvers in containers look further by themselves; `finish` takes what the other name server says of it. */
  | { readonly is: 'chase'; readonly query: Uint8Array; finish(answer: Uint8Array | undefined): Uint8Array }

/** The answer to a query. */
export function respondDns(view: DnsView, clusterDomain: string, query: Uint8Array, transport: DnsTransport): DnsReply {
  const said = respond(view, clusterDomain, query, transport)
  return said instanceof Uint8Array ? { is: 'answer', bytes: said } : (said ?? { is: 'nothing' })
}

function respond(view: DnsView, clusterDomain: string, query: Uint8Array, transport: DnsTransport): Uint8Array | DnsReply | undefined {
  if (query.length < HEADER_BYTES || (query[2]! & IS_RESPONSE) !== 0) return undefined
  if (((query[2]! >> 3) & 0xf) !== OPCODE_QUERY) return failure(query, RCODE.notImplemented)
  let packet: Packet
  try {
    packet = decode(query as never)
  } catch {
    return failure(query, RCODE.formatError)
  }
  const [question] = packet.questions ?? []
  if (!question || packet.questions!.length !== 1) return failure(query, RCODE.formatError)
  try {
    return answer(view, clusterDomain, packet, question, transport)
  } catch {
    // The codec reads names that it cannot write again.
    return failure(query, RCODE.formatError)
  }
}

const HEADER_BYTES = 12
const IS_RESPONSE = 0x80
const OPCODE_QUERY = 0
const TRUNCATED = 0x200
const RECURSION_DESIRED = 0x100

function answer(view: DnsView, clusterDomain: string, packet: Packet, question: Question, transport: DnsTransport): Uint8Array | DnsReply {
  if (!IN_CLASSES.has(question.class ?? 'IN')) return reply(packet, { rcode: RCODE.refused })
  const found = answerDns(view, clusterDomain, question.name, question.type)
  if (found.is === 'elsewhere') return { is: 'forward', refusal: reply(packet, { rcode: RCODE.refused }) }
  const authorities = [startOfAuthority(clusterDomain)]
  if (found.is === 'nameError') return reply(packet, { rcode: RCODE.nameError, authorities })
  if (found.records.length === 0) return reply(packet, { rcode: RCODE.noError, authorities })

  // The question's own spelling is kept: resolvers compare it, case and all.
  const asked = question.name.toLowerCase().replace(/\.$/, '')
  const answers = found.records.map(record => live(record.name === asked ? { ...record, name: question.name } : record))
  const additionals = found.additionals.map(live)
  const limit = transport === 'udp' ? udpLimit(packet) : TCP_BYTES_MAX
  const outside = aliasOutside(found.records, clusterDomain, question.type)
  if (outside === undefined) return fitting(packet, answers, additionals, limit)
  return {
    is: 'chase',
    query: encode({ type: 'query', id: packet.id, flags: RECURSION_DESIRED, questions: [{ name: outside, type: question.type, class: 'IN' }] }),
    finish: said => fitting(packet, [...answers, ...answersIn(said)], additionals, limit),
  }
}

/** The name an alias leads to, if it is none of ours and the addresses were asked for. */
function aliasOutside(records: readonly DnsRecord[], clusterDomain: string, type: string): string | undefined {
  const last = records.at(-1)
  return last?.type === 'CNAME' && type !== 'CNAME' && !last.data.endsWith(`.${clusterDomain}`) ? last.data : undefined
}

function answersIn(message: Uint8Array | undefined): Answer[] {
  try {
    return message ? (decode(message as never).answers ?? []) : []
  } catch {
    return []
  }
}

function fitting(packet: Packet, answers: readonly Answer[], additionals: readonly Answer[], limit: number): Uint8Array {
  const whole = reply(packet, { rcode: RCODE.noError, answers, additionals })
  if (whole.length <= limit) return whole
  const bare = reply(packet, { rcode: RCODE.noError, answers })
  return bare.length <= limit ? bare : truncated(packet, answers, limit)
}

const IN_CLASSES: ReadonlySet<string> = new Set(['IN', 'ANY'])

/** As many records as fit: old resolvers (musl before 1.2.4) do not ask again over TCP and use what they get. */
function truncated(packet: Packet, answers: readonly Answer[], limit: number): Uint8Array {
  let fits = 0
  for (let low = 0, high = answers.length; low <= high;) {
    const middle = (low + high) >> 1
    if (reply(packet, { rcode: RCODE.noError, answers: answers.slice(0, middle) }).length <= limit) {
      fits = middle
      low = middle + 1
    } else high = middle - 1
  }
  return reply(packet, { rcode: RCODE.noError, answers: answers.slice(0, fits), flags: TRUNCATED })
}

interface Reply {
  readonly rcode: number
  readonly flags?: number
  readonly answers?: readonly Answer[]
  readonly authorities?: readonly Answer[]
  readonly additionals?: readonly Answer[]
}

function reply(packet: Packet, { rcode, flags = 0, answers = [], authorities = [], additionals = [] }: Reply): Uint8Array {
  const ours = rcode === RCODE.refused ? 0 : AUTHORITATIVE_ANSWER
  return encode({
    type: 'response',
    id: packet.id,
    flags: ours | RECURSION_AVAILABLE | ((packet.flags ?? 0) & RECURSION_DESIRED) | flags | rcode,
    questions: packet.questions,
    answers: [...answers],
    authorities: [...authorities],
    additionals: [...additionals, ...(extensionsOf(packet) ? [OWN_EXTENSIONS] : [])],
  })
}

const live = (record: DnsRecord): Answer => ({ ...record, ttl: TTL_SECONDS, class: 'IN' }) as Answer

/** Tells resolvers how long they may remember that something is not there. */
const startOfAuthority = (clusterDomain: string): Answer => ({
  name: clusterDomain,
  type: 'SOA',
  class: 'IN',
  ttl: NEGATIVE_TTL_SECONDS,
  data: {
    mname: `ns.dns.${clusterDomain}`,
    rname: `hostmaster.${clusterDomain}`,
    serial: 1,
    refresh: 7_200,
    retry: 1_800,
    expire: 86_400,
    minimum: NEGATIVE_TTL_SECONDS,
  },
})

const extensionsOf = (packet: Packet): { udpPayloadSize?: number } | undefined =>
  packet.additionals?.find(record => record.type === 'OPT') as { udpPayloadSize?: number } | undefined

/** EDNS: who sends an OPT record gets one back. */
const OWN_EXTENSIONS = {
  name: '.',
  type: 'OPT',
  udpPayloadSize: UDP_BYTES_MAX,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
} as unknown as Answer

const udpLimit = (packet: Packet): number => Math.min(UDP_BYTES_MAX, Math.max(UDP_BYTES_MIN, extensionsOf(packet)?.udpPayloadSize ?? 0))

/** For what could not be read: nothing of it is repeated but its number. */
function failure(query: Uint8Array, rcode: number): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES)
  header.set(query.subarray(0, 2))
  header[2] = IS_RESPONSE | (query[2]! & 0x79)
  header[3] = rcode
  return header
}
