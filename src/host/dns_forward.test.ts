import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { decode, encode, RECURSION_AVAILABLE } from 'dns-packet'
import { silentLog } from '../base/log.ts'
import { respondDns } from '../network/dns/message.ts'
import type { DnsView } from '../network/dns/records.ts'
import { createDnsForward } from './dns_forward.ts'
import { serveDns } from './dns_server.ts'

const nothing: DnsView = {
  service: () => undefined,
  serviceByClusterIP: () => undefined,
  namespaceExists: () => true,
  endpointSlices: () => [],
  endpointSlicesOf: () => [],
}
const respond = (query: Uint8Array, transport: 'udp' | 'tcp') => respondDns(nothing, 'cluster.local', query, transport)

/** Another name server, which knows one name. */
async function upstream(t: TestContext): Promise<string> {
  const socket = createSocket('udp4')
  socket.on('message', (message, from) => {
    const { id, questions } = decode(message)
    const isKnown = questions?.[0]?.name === 'example.com'
    const answers = isKnown ? [{ name: 'example.com', type: 'A' as const, class: 'IN' as const, ttl: 60, data: '192.0.2.1' }] : []
    const answer = encode({ type: 'response', id, flags: RECURSION_AVAILABLE | (isKnown ? 0 : 3), questions, answers })
    // First one that belongs to another question: it must not be taken.
    const foreign = Buffer.from(answer)
    foreign.writeUInt16BE((id! + 1) & 0xffff, 0)
    socket.send(foreign, from.port, from.address)
    socket.send(answer, from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.after(() => socket.close())
  return `127.0.0.1:${socket.address().port}`
}

async function start(t: TestContext, servers: readonly string[]): Promise<Resolver> {
  const server = await serveDns('127.0.0.1', 0, respond, silentLog, createDnsForward(servers))
  t.after(() => server.close())
  const resolver = new Resolver({ timeout: 20_000, tries: 1 })
  resolver.setServers([`127.0.0.1:${server.port}`])
  return resolver
}

test("names outside of the cluster are asked of the machine's name servers, and their answer is passed on", async t => {
  const resolver = await start(t, [await upstream(t)])
  assert.deepEqual(await resolver.resolve4('example.com'), ['192.0.2.1'])
  await assert.rejects(resolver.resolve4('nobody.example.com'), { code: 'ENOTFOUND' })
})

test('a name server that refuses the packet is passed over for the next', async t => {
  const closed = createSocket('udp4').bind(0, '127.0.0.1')
  await once(closed, 'listening')
  const { port } = closed.address()
  closed.close()
  const resolver = await start(t, [`127.0.0.1:${port}`, await upstream(t)])
  assert.deepEqual(await resolver.resolve4('example.com'), ['192.0.2.1'])
})

test('when nobody answers the client hears of a failure, not that there is no such name', async t => {
  const silent = createSocket('udp4').bind(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => silent.close())
  const resolver = await start(t, [`127.0.0.1:${silent.address().port}`])
  await assert.rejects(resolver.resolve4('example.com'), { code: 'ESERVFAIL' })
})
