/**
 * One DNS message in, one out. Codec: dns-packet.
 */
import { AUTHORITATIVE_ANSWER, decode, encode, RECURSION_AVAILABLE, type Answer, type Packet } from 'dns-packet'
import { answerDns, type DnsRecord, type DnsView } from './records.ts'

/** Kubernetes' name server lets answers live for 30 s; negative ones too. */
const TTL_SECONDS = 30
/** What fits into a UDP answer when the client has not said that it takes more. */
const UDP_BYTES_MAX = 512

const RCODE = { noError: 0, formatError: 1, nameError: 3, notImplemented: 4, refused: 5 }

/** The answer to a query, or undefined when there is nothing to answer (garbage, or itself an answer). */
export function respondDns(view: DnsView, clusterDomain: string, query: Uint8Array, transport: 'udp' | 'tcp'): Uint8Array | undefined {
  let packet: Packet
  try {
    packet = decode(query as never)
  } catch {
    return query.length >= 2 ? failure(query, RCODE.formatError) : undefined
  }
  if (packet.type !== 'query') return undefined
  const [question] = packet.questions ?? []
  if (opcodeOf(query) !== OPCODE_QUERY) return reply(packet, RCODE.notImplemented, [], [])
  if (!question || packet.questions!.length !== 1) return reply(packet, RCODE.formatError, [], [])

  const answer = answerDns(view, clusterDomain, question.name, question.type)
  switch (answer.is) {
    case 'elsewhere':
      return reply(packet, RCODE.refused, [], [])
    case 'nameError':
      return reply(packet, RCODE.nameError, [], [])
    case 'found': {
      // The question's own spelling is kept: resolvers compare it, case and all.
      const spell = (record: DnsRecord) => record.name === question.name.toLowerCase().replace(/\.$/, '') ? { ...record, name: question.name } : record
      const bytes = reply(packet, RCODE.noError, answer.records.map(spell), answer.additionals)
      return transport === 'udp' && bytes.length > udpLimit(packet) ? reply(packet, RCODE.noError, [], [], true) : bytes
    }
  }
}

const TRUNCATED = 0x200
const OPCODE_QUERY = 0
const opcodeOf = (query: Uint8Array): number => (query[2]! >> 3) & 0xf

function reply(packet: Packet, rcode: number, records: readonly DnsRecord[], additionals: readonly DnsRecord[], truncated = false): Uint8Array {
  const live = (record: DnsRecord) => ({ ...record, ttl: TTL_SECONDS, class: 'IN' }) as Answer
  return encode({
    type: 'response',
    id: packet.id,
    flags: AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE | ((packet.flags ?? 0) & 0x100) | (truncated ? TRUNCATED : 0) | rcode,
    questions: packet.questions,
    answers: records.map(live),
    additionals: additionals.map(live),
  })
}

/** EDNS lets a client announce a larger buffer. */
function udpLimit(packet: Packet): number {
  const announced = packet.additionals?.find(record => record.type === 'OPT') as { udpPayloadSize?: number } | undefined
  return Math.min(4096, Math.max(UDP_BYTES_MAX, announced?.udpPayloadSize ?? 0))
}

function failure(query: Uint8Array, rcode: number): Uint8Array {
  const header = new Uint8Array(12)
  header.set(query.subarray(0, 2))
  header[2] = 0x80
  header[3] = rcode
  return header
}
