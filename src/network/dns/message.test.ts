import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, encode, RECURSION_DESIRED, type DecodedPacket, type Packet } from 'dns-packet'
import type { EndpointSlice } from '../../api/kinds/endpoint_slice.ts'
import type { Service } from '../../api/kinds/service.ts'
import { seededRandom } from '../../base/random.ts'
import { respondDns } from './message.ts'
import type { DnsView } from './records.ts'

const many = { metadata: { name: 'many', namespace: 'ns' }, spec: { clusterIP: 'None', ports: [] } } as unknown as Service
const web = { metadata: { name: 'web', namespace: 'ns' }, spec: { clusterIP: '10.96.0.7', ports: [] } } as unknown as Service
const endpoints = Array.from({ length: 60 }, (_, i) => ({ addresses: [`10.244.0.${i + 1}`], conditions: {} }))
const outside = { metadata: { name: 'outside', namespace: 'ns' }, spec: { type: 'ExternalName', externalName: 'example.com' } } as unknown as Service
const view: DnsView = {
  service: (_, name) => ({ many, web, outside })[name],
  serviceByClusterIP: () => undefined,
  namespaceExists: namespace => namespace === 'ns',
  endpointSlices: (_, name) => (name === 'many' ? [{ metadata: {}, addressType: 'IPv4', endpoints, ports: [] } as unknown as EndpointSlice] : []),
  endpointSlicesOf: () => [],
}
const query = (name: string, type: 'A' | 'AAAA' = 'A', more: Partial<Packet> = {}) =>
  encode({ type: 'query', id: 4711, flags: RECURSION_DESIRED, questions: [{ name, type, class: 'IN' }], ...more })

/** What a client gets from a name server that has no other one to ask. */
function respond(bytes: Uint8Array, transport: 'udp' | 'tcp' = 'udp'): Uint8Array | undefined {
  const reply = respondDns(view, 'cluster.local', bytes, transport)
  switch (reply.is) {
    case 'answer':
      return reply.bytes
    case 'forward':
      return reply.refusal
    case 'chase':
      return reply.finish(undefined)
    case 'nothing':
      return undefined
  }
}
const ask = (name: string, type: 'A' | 'AAAA' = 'A', more: Partial<Packet> = {}, transport: 'udp' | 'tcp' = 'udp') =>
  decode(respond(query(name, type, more), transport) as never) as DecodedPacket & { rcode: string }

test('an answer repeats the number and the spelling of the question', () => {
  const answer = ask('WeB.ns.svc.cluster.local')
  assert.deepEqual([answer.id, answer.rcode, answer.flag_aa, answer.flag_rd, answer.flag_ra, answer.flag_tc], [4711, 'NOERROR', true, true, true, false])
  assert.deepEqual(
    answer.answers?.map(record => [record.name, record.type, 'ttl' in record && record.ttl, 'data' in record && record.data]),
    [['WeB.ns.svc.cluster.local', 'A', 30, '10.96.0.7']],
  )
})

test('a negative answer says how long it may be remembered', () => {
  for (const [name, type, rcode] of [
    ['nobody.ns.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['web.ns.svc.cluster.local', 'AAAA', 'NOERROR'],
  ] as const) {
    const answer = ask(name, type)
    assert.deepEqual([answer.rcode, answer.answers?.length, answer.authorities?.[0]?.type], [rcode, 0, 'SOA'])
  }
})

test('names of others are refused, without authority', () => {
  const answer = ask('example.com')
  assert.deepEqual([answer.rcode, answer.flag_aa], ['REFUSED', false])
})

test('an alias of a name outside takes in what the other name server says', () => {
  const asked = query('outside.ns.svc.cluster.local')
  const reply = respondDns(view, 'cluster.local', asked, 'udp')
  assert.equal(reply.is, 'chase')
  if (reply.is !== 'chase') return
  assert.deepEqual(
    (decode(reply.query as never).questions ?? []).map(({ name, type }) => [name, type]),
    [['example.com', 'A']],
  )
  const said = encode({ type: 'response', id: 4711, answers: [{ name: 'example.com', type: 'A', class: 'IN', ttl: 60, data: '192.0.2.7' }] })
  const records = (bytes: Uint8Array) => decode(bytes as never).answers?.map(record => [record.name, record.type, 'data' in record && record.data])
  const alias = ['outside.ns.svc.cluster.local', 'CNAME', 'example.com']
  assert.deepEqual(records(reply.finish(said)), [alias, ['example.com', 'A', '192.0.2.7']])
  assert.deepEqual(records(reply.finish(undefined)), [alias], 'nobody has answered')
  assert.deepEqual(records(reply.finish(new Uint8Array(3))), [alias], 'or what is no answer')
})

test('what does not fit into UDP is cut and marked, and comes whole over TCP', () => {
  const cut = ask('many.ns.svc.cluster.local')
  assert.equal(cut.flag_tc, true)
  assert.ok(cut.answers!.length >= 10 && cut.answers!.length < 60, String(cut.answers!.length))
  assert.ok(respond(query('many.ns.svc.cluster.local'))!.length <= 512)
  const whole = ask('many.ns.svc.cluster.local', 'A', {}, 'tcp')
  assert.deepEqual([whole.flag_tc, whole.answers?.length], [false, 60])
})

test('a client that announces a larger buffer gets more, and its extension record back', () => {
  const additionals = [{ name: '.', type: 'OPT', udpPayloadSize: 4096, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] }] as never
  const answer = ask('many.ns.svc.cluster.local', 'A', { additionals })
  assert.ok(answer.answers!.length > 25)
  assert.deepEqual(
    answer.additionals?.map(({ type }) => type),
    ['OPT'],
  )
})

test('whatever bytes come in, the server stands, and answers at most with an error', () => {
  const random = seededRandom('fuzz')
  const good = query('web.ns.svc.cluster.local')
  for (let round = 0; round < 5_000; round++) {
    const bytes = round % 2 ? Uint8Array.from(good) : Uint8Array.from({ length: random.below(80) }, () => random.below(256))
    if (round % 2) for (let flips = 1 + random.below(6); flips > 0; flips--) bytes[random.below(bytes.length)] = random.below(256)
    const reply = respond(bytes)
    if (!reply) continue
    assert.deepEqual([...reply.subarray(0, 2)], [...bytes.subarray(0, 2)], 'its number')
    assert.ok((reply[2]! & 0x80) !== 0, 'marked as an answer')
    assert.ok(reply.length <= 1232)
  }
})

test('answers, short packets and pointers in a circle are not answered with a crash', () => {
  assert.equal(respond(new Uint8Array(0)), undefined)
  assert.equal(respond(new Uint8Array(11)), undefined)
  assert.equal(respond(encode({ type: 'response', id: 1, questions: [] })), undefined)
  const circle = new Uint8Array([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 0x0c, 0, 1, 0, 1])
  assert.equal(respond(circle)![3]! & 0xf, 1)
  const status = query('web.ns.svc.cluster.local')
  status[2] = 0x10
  assert.equal(respond(status)![3]! & 0xf, 4)
})
