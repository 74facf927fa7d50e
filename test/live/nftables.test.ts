/** The rules for Service traffic on the real kernel, in a network namespace of their own: no containers are needed to see where connections go. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { silentLog } from '../../src/base/log.ts'
import { forgetFlows } from '../../src/host/conntrack.ts'
import { createProcesses } from '../../src/host/processes.ts'
import { runNft } from '../../src/host/nftables.ts'
import { createNftablesRules, renderRemoval } from '../../src/network/proxy/nftables.ts'
import type { Destination, ServicePort } from '../../src/network/proxy/service_ports.ts'

const NAMESPACE = `poise-nft-${process.pid}`
const INSIDE = ['ip', 'netns', 'exec', NAMESPACE]
const OPTIONS = { table: 'poise9-proxy', podCidr: '10.244.0.0/24', serviceCidr: '10.96.0.0/16', nodePortsFrom: '10.244.0.0/16' }
const PODS = ['10.244.0.1', '10.244.0.2', '10.244.0.3']
const isRoot = process.getuid?.() === 0
const skip = isRoot ? false : 'network namespaces need root'

const processes = createProcesses()
const ip = async (...args: string[]) => {
  const { exitCode, stderr } = await processes.run('ip', args)
  assert.equal(exitCode, 0, stderr)
}

const servers: ChildProcess[] = []
before(async () => {
  if (!isRoot) return
  await ip('netns', 'add', NAMESPACE)
  await ip('-n', NAMESPACE, 'link', 'set', 'lo', 'up')
  await ip('-n', NAMESPACE, 'link', 'add', 'pods', 'type', 'bridge')
  await ip('-n', NAMESPACE, 'link', 'set', 'pods', 'up')
  for (const address of PODS) await ip('-n', NAMESPACE, 'address', 'add', `${address}/32`, 'dev', 'pods')
  // Where packets to cluster IPs would go if nobody took them.
  await ip('-n', NAMESPACE, 'route', 'add', 'default', 'dev', 'pods')
  for (const address of PODS) await serve(address)
})
after(async () => {
  if (!isRoot) return
  for (const server of servers) server.kill('SIGKILL')
  await ip('netns', 'delete', NAMESPACE)
})

/** Answers with its own address and who has asked, over TCP and UDP; keeps connections open and answers each line. */
const SERVER = `
  const [address] = process.argv.slice(1)
  const tcp = require('net').createServer(socket => {
    socket.on('error', () => {})
    socket.on('data', () => socket.write(address + ' ' + socket.remoteAddress + '\\n'))
  })
  tcp.listen(8080, address, () => {
    const udp = require('dgram').createSocket('udp4')
    udp.on('message', (_, from) => udp.send(address + ' ' + from.address, from.port, from.address))
    udp.bind(8080, address, () => console.log('ready'))
  })
`

/** One line a wish on stdin: `tcp host port source`, and one line an answer; `keep` leaves the connection open for `again`. */
const CLIENT = `
  const net = require('net')
  let kept
  const ask = socket => new Promise(resolve => {
    socket.once('data', data => resolve(String(data).trim())).once('error', error => resolve(error.code)).once('close', () => resolve('closed'))
    socket.write('?')
  })
  // One socket, and so one flow, for all.
  const datagrams = require('dgram').createSocket('udp4').on('error', () => {})
  const send = (host, port) => new Promise(resolve => {
    const late = setTimeout(() => resolve('timeout'), 500)
    datagrams.removeAllListeners('message').once('message', data => { clearTimeout(late); resolve(String(data)) })
    datagrams.send('?', port, host)
  })
  require('readline').createInterface(process.stdin).on('line', async line => {
    const [verb, host, port, source] = line.split(' ')
    if (verb === 'datagram') return console.log(await send(host, Number(port)))
    if (verb === 'again') return console.log(await ask(kept))
    const socket = net.connect({ host, port: Number(port), localAddress: source })
    const failed = await new Promise(resolve => {
      socket.once('connect', () => resolve()).once('error', error => resolve(error.code)).setTimeout(1000, () => resolve('timeout'))
    })
    socket.setTimeout(0)
    console.log(failed ?? await ask(socket))
    if (verb === 'keep') kept = socket
    else socket.destroy()
  })
`

async function serve(address: string): Promise<void> {
  const server = spawn(INSIDE[0]!, [...INSIDE.slice(1), process.execPath, '-e', SERVER, address], { stdio: ['ignore', 'pipe', 'inherit'] })
  servers.push(server)
  await once(server.stdout!, 'data')
}

function startClient() {
  const client = spawn(INSIDE[0]!, [...INSIDE.slice(1), process.execPath, '-e', CLIENT], { stdio: ['pipe', 'pipe', 'inherit'] })
  servers.push(client)
  return async (wish: string): Promise<string> => {
    client.stdin.write(`${wish}\n`)
    const [answer] = (await once(client.stdout, 'data')) as [Buffer]
    return String(answer).trim()
  }
}

const to = (...addresses: string[]): Destination => ({ is: 'targets', targets: addresses.map(address => ({ address, port: 8080 })) })
const port = (more: Partial<ServicePort> = {}): ServicePort => ({
  name: 'default/web/tcp',
  protocol: 'tcp',
  clusterIP: '10.96.0.7',
  port: 80,
  internal: to(...PODS),
  externalAddresses: [],
  nodePort: undefined,
  external: to(...PODS),
  keepsSource: false,
  affinitySeconds: undefined,
  ...more,
})

test('the rules send connections where the endpoints are, and refuse where there are none', { skip }, async t => {
  const rules = createNftablesRules(
    OPTIONS,
    transaction => runNft(processes, transaction, [...INSIDE, 'nft']),
    flows => forgetFlows(processes, flows, silentLog, [...INSIDE, 'conntrack']),
  )
  const ask = startClient()
  const change = (next: ServicePort | undefined) => rules.change(new Map([['default/web/tcp', next]]))
  const seen = async (wish: string, times = 30) => {
    const answers = new Set<string>()
    for (let i = 0; i < times; i++) answers.add((await ask(wish)).split(' ')[0]!)
    return [...answers].sort()
  }

  await t.test('a cluster IP nobody has refuses', async () => {
    await rules.replace([])
    assert.deepEqual(await seen('tcp 10.96.0.7 80', 1), ['ECONNREFUSED'])
  })
  await t.test('connections spread over all endpoints', async () => {
    await rules.replace([port()])
    assert.deepEqual(await seen('tcp 10.96.0.7 80', 60), PODS)
  })
  await t.test('another port of the same cluster IP refuses', async () => {
    assert.deepEqual(await seen('tcp 10.96.0.7 81', 1), ['ECONNREFUSED'])
  })
  await t.test('an endpoint that is taken out gets no new connection, and keeps the one it has', async () => {
    await change(port({ internal: to(PODS[0]!) }))
    assert.match(await ask('keep 10.96.0.7 80'), /^10\.244\.0\.1 /)
    await change(port({ internal: to(PODS[1]!, PODS[2]!) }))
    assert.deepEqual(await seen('tcp 10.96.0.7 80', 40), PODS.slice(1))
    assert.match(await ask('again'), /^10\.244\.0\.1 /)
  })
  await t.test('without endpoints it refuses at once; with a policy that keeps to this node it drops', async () => {
    await change(port({ internal: { is: 'refuse' } }))
    assert.deepEqual(await seen('tcp 10.96.0.7 80', 1), ['ECONNREFUSED'])
    await change(port({ internal: { is: 'drop' } }))
    assert.deepEqual(await seen('tcp 10.96.0.7 80', 1), ['timeout'])
    await change(port({ internal: to(PODS[0]!) }))
    assert.deepEqual(await seen('tcp 10.96.0.7 80', 3), [PODS[0]])
  })
  await t.test('one client stays with one endpoint, another may get another, and who is gone is not stayed with', async () => {
    await change(port({ affinitySeconds: 3600 }))
    const first = await seen('tcp 10.96.0.7 80 10.244.0.1', 20)
    assert.equal(first.length, 1)
    await change(port({ affinitySeconds: 3600, internal: to(...PODS.filter(address => address !== first[0])) }))
    const second = await seen('tcp 10.96.0.7 80 10.244.0.1', 20)
    assert.equal(second.length, 1)
    assert.notDeepEqual(first, second)
    await change(port())
    assert.deepEqual(await seen('tcp 10.96.0.7 80 10.244.0.1', 60), PODS)
  })
  await t.test('a Pod reaches itself through its Service, and sees the node as the client', async () => {
    await change(port({ internal: to(PODS[1]!) }))
    assert.match(await ask(`tcp 10.96.0.7 80 ${PODS[1]}`), new RegExp(`^${PODS[1]} `))
  })
  await t.test('a node port and an external address lead to the same endpoints', async () => {
    await change(port({ nodePort: 30080, externalAddresses: ['192.0.2.10'] }))
    assert.deepEqual(await seen('tcp 10.244.0.1 30080', 60), PODS)
    assert.deepEqual(await seen('tcp 192.0.2.10 80', 60), PODS)
    assert.deepEqual(await seen('tcp 10.244.0.1 30081', 1), ['ECONNREFUSED'])
    await change(port({ nodePort: 30080, external: { is: 'refuse' }, internal: { is: 'refuse' } }))
    assert.deepEqual(await seen('tcp 10.244.0.1 30080', 1), ['ECONNREFUSED'])
  })
  await t.test('a UDP client that never stops sending follows the endpoints', async () => {
    const dns = (internal: Destination) => port({ name: 'default/dns/udp', protocol: 'udp', port: 53, internal })
    const udp = (destination: Destination) => rules.change(new Map([['default/dns/udp', dns(destination)]]))
    await udp({ is: 'drop' })
    assert.equal(await ask('datagram 10.96.0.7 53'), 'timeout')
    await udp(to(PODS[0]!))
    assert.match(await ask('datagram 10.96.0.7 53'), /^10\.244\.0\.1 /)
    await udp(to(PODS[1]!))
    assert.match(await ask('datagram 10.96.0.7 53'), /^10\.244\.0\.2 /)
    await rules.change(new Map([['default/dns/udp', undefined]]))
  })
  await t.test('a port that is removed leaves nothing behind', async () => {
    await change(port({ affinitySeconds: 60, nodePort: 30080 }))
    await change(undefined)
    assert.deepEqual(await seen('tcp 10.96.0.7 80', 1), ['ECONNREFUSED'])
    const { stdout } = await processes.run('ip', ['netns', 'exec', NAMESPACE, 'nft', 'list', 'table', 'ip', OPTIONS.table])
    assert.doesNotMatch(stdout, /default\/web|10\.244\.0\.[1-9]|10\.96\.0\.7/)
    await runNft(processes, renderRemoval(OPTIONS), [...INSIDE, 'nft'])
    assert.equal((await processes.run('ip', ['netns', 'exec', NAMESPACE, 'nft', 'list', 'tables'])).stdout.trim(), '')
  })
})
