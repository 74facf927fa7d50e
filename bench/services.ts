/**
 * Service traffic: what one change costs when there are a thousand Services, beside what nft takes for a single rule, and
 * how many names the name server answers. `npm run bench -- services`, as root, half a minute.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { encode } from 'dns-packet'
import type { EndpointSlice } from '../src/api/kinds/endpoint_slice.ts'
import type { Service } from '../src/api/kinds/service.ts'
import { silentLog } from '../src/base/log.ts'
import { serveDns } from '../src/host/dns_server.ts'
import { runNft } from '../src/host/nftables.ts'
import { createProcesses } from '../src/host/processes.ts'
import { respondDns } from '../src/network/dns/message.ts'
import type { DnsView } from '../src/network/dns/records.ts'
import { createNftablesRules } from '../src/network/proxy/nftables.ts'
import { servicePorts, type ServicePort } from '../src/network/proxy/service_ports.ts'
import { printMachine, printTable, quantile, whole } from './report.ts'

const SERVICES = 1_000
const ENDPOINTS = 10
const CHANGES = 200
const NODE = { name: 'node', zone: undefined }
const NAMESPACE = `poise-bench-${process.pid}`
const NFT = ['ip', 'netns', 'exec', NAMESPACE, 'nft']
const TABLE = 'poise-bench'

const addressOf = (service: number, endpoint: number) => {
  const number = service * ENDPOINTS + endpoint
  return `10.244.${Math.floor(number / 250)}.${(number % 250) + 1}`
}
const clusterIPOf = (number: number) => `10.96.${Math.floor(number / 250)}.${(number % 250) + 1}`

const service = (number: number) =>
  ({
    metadata: { name: `web-${number}`, namespace: 'default' },
    spec: { type: 'ClusterIP', clusterIP: clusterIPOf(number), ports: [{ port: 80, protocol: 'TCP' }] },
    status: { loadBalancer: {} },
  }) as unknown as Service

const slice = (number: number, ready: (endpoint: number) => boolean) =>
  ({
    metadata: { name: `web-${number}-x`, namespace: 'default', labels: { 'kubernetes.io/service-name': `web-${number}` } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
    endpoints: Array.from({ length: ENDPOINTS }, (_, endpoint) => ({
      addresses: [addressOf(number, endpoint)],
      conditions: { ready: ready(endpoint), serving: true, terminating: false },
    })),
  }) as unknown as EndpointSlice

const portOf = (number: number, without?: number): ServicePort => servicePorts(service(number), [slice(number, endpoint => endpoint !== without)], NODE)[0]!

printMachine()
await rules()
await names()

async function rules(): Promise<void> {
  if (process.getuid?.() !== 0) return console.log('The rules need root for a network namespace; they are left out.')
  const processes = createProcesses()
  const run = (transaction: string) => runNft(processes, transaction, NFT)
  await processes.run('ip', ['netns', 'add', NAMESPACE])
  try {
    const text = createNftablesRules({ table: TABLE, podCidr: '10.244.0.0/16', serviceCidr: '10.96.0.0/16', nodePortsFrom: '10.244.0.0/16' }, run)
    const before = process.memoryUsage().heapUsed
    const all = Array.from({ length: SERVICES }, (_, number) => portOf(number))
    const fullMs = await timed(() => text.replace(all))
    const heldMiB = (process.memoryUsage().heapUsed - before) / 2 ** 20
    const changes: number[] = []
    const single: number[] = []
    await run('add table ip plain\nadd chain ip plain rules\n')
    for (let i = 0; i < CHANGES; i++) {
      const number = (i * 7) % SERVICES
      const port = portOf(number, i % ENDPOINTS)
      // In turn, so that both meet the same machine.
      changes.push(await timed(() => text.change(new Map([[port.name, port]]))))
      single.push(await timed(() => run(`add rule ip plain rules ip daddr ${clusterIPOf(number)} tcp dport 80 dnat to 10.244.0.1:8080`)))
    }
    printTable(
      `${whole(SERVICES)} Services with ${ENDPOINTS} endpoints each`,
      ['step', 'median ms', 'p99 ms'],
      [
        ['all rules anew', fullMs.toFixed(0), ''],
        ['one endpoint leaves one Service', quantile(changes, 0.5).toFixed(1), quantile(changes, 0.99).toFixed(1)],
        ['plain nft, one rule, in turn', quantile(single, 0.5).toFixed(1), quantile(single, 0.99).toFixed(1)],
        ['ratio', (quantile(changes, 0.5) / quantile(single, 0.5)).toFixed(2), (quantile(changes, 0.99) / quantile(single, 0.99)).toFixed(2)],
        ['memory held for them, MiB', heldMiB.toFixed(1), ''],
      ],
    )
  } finally {
    await processes.run('ip', ['netns', 'delete', NAMESPACE])
  }
}

async function names(): Promise<void> {
  const services = new Map(Array.from({ length: SERVICES }, (_, number) => [`web-${number}`, service(number)]))
  const view: DnsView = {
    service: (_, name) => services.get(name),
    serviceByClusterIP: () => undefined,
    namespaceExists: () => true,
    endpointSlices: () => [],
    endpointSlicesOf: () => [],
  }
  const server = await serveDns('127.0.0.1', 0, (query, transport) => respondDns(view, 'cluster.local', query, transport), silentLog)
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const IN_FLIGHT = 64
  const SECONDS = 5
  let answered = 0
  let sent = 0
  const ask = () => {
    const query = encode({
      type: 'query',
      id: sent & 0xffff,
      questions: [{ name: `web-${sent++ % SERVICES}.default.svc.cluster.local`, type: 'A', class: 'IN' }],
    })
    socket.send(query, server.port, '127.0.0.1')
  }
  socket.on('message', () => {
    answered++
    ask()
  })
  const began = performance.now()
  for (let i = 0; i < IN_FLIGHT; i++) ask()
  await new Promise(resolve => setTimeout(resolve, SECONDS * 1_000))
  const perSecond = answered / ((performance.now() - began) / 1_000)
  socket.close()
  await server.close()
  printTable('names of Services over UDP, asked and answered by one process', ['in flight', 'answers/s'], [[whole(IN_FLIGHT), whole(perSecond)]])
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}
