/** Services as Pods see them, on real containers and the kernel's network. One cluster for all of it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import type { Pod } from '../../src/api/kinds/pod.ts'
import { Service } from '../../src/api/kinds/service.ts'
import type { Draft } from '../../src/client/client.ts'
import { testServices } from '../contracts/services.ts'
import { isReady } from './observe.ts'
import { inNetworkOf, run } from './pod_network.ts'
import { reasonToSkip, startSite, type Namespace, type Site } from './site.ts'

const IMAGES = ['busybox:1.28']
const skip = await reasonToSkip(IMAGES)
let started: Promise<Site> | undefined
const site = () => (started ??= startSite(IMAGES))

/** Sleeps, so that something else can be run in it or in its network. */
async function idle({ kubectl, until }: Namespace, name: string): Promise<Pod> {
  await kubectl(['run', name, `--labels=app=${name}`, '--image=busybox:1.28', '--', 'sh', '-c', 'trap exit TERM; sleep 36000 & wait'])
  return (await until(name, isReady, 60))!
}

/** Answers each datagram with its own name and what came. */
const UDP_ECHO = `
  const socket = require('dgram').createSocket('udp4')
  socket.on('message', (text, from) => socket.send(process.argv[1] + ' ' + text, from.port, from.address))
  socket.bind(5353, () => console.log('ready'))`
/** Asks until it is answered, from one port: a datagram may be lost while rules are new. */
const UDP_ASK = `
  const [, address, port] = process.argv
  const socket = require('dgram').createSocket('udp4').on('error', () => {})
  socket.on('message', text => { console.log(String(text)); process.exit() })
  setInterval(() => socket.send('hello', Number(port), address), 100)`

/** As a program in a Pod does it: the address is the Service's, and the certificate must be good for the name. */
const whoAmI = (of: { address: string; port: number; host: string; token: string; ca: string }): string => `
  const { address, port, host, token, ca } = ${JSON.stringify(of)}
  const review = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' })
  const { checkServerIdentity } = require('tls')
  const request = require('https').request({
    host: address, port, ca, method: 'POST', path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate),
    headers: { authorization: 'Bearer ' + token, 'content-type': 'application/json' },
  }, async answer => {
    let text = ''
    for await (const chunk of answer) text += chunk
    console.log(JSON.parse(text).status.userInfo.username)
  })
  request.end(review)`

describe('Services and what only real Pods show', { skip: skip ?? false, concurrency: 2 }, () => {
  test('the API answers a Pod at its cluster IP, under its name and with its certificate, and knows the Pod by its token', async () => {
    const namespace = await (await site()).inNamespace('from-inside')
    const pod = await idle(namespace, 'client')
    const inside = async (script: string) => (await namespace.kubectl(['exec', 'client', '--', 'sh', '-c', script])).trim()
    const [address, port] = (await inside('echo $KUBERNETES_SERVICE_HOST $KUBERNETES_SERVICE_PORT')).split(' ')
    const wanted = await namespace.kubectl(['get', 'service', 'kubernetes', '-n', 'default', '-o', 'jsonpath={.spec.clusterIP} {.spec.ports[0].port}'])
    assert.equal(`${address} ${port}`, wanted)
    assert.match(await inside('nslookup kubernetes.default'), new RegExp(`Address 1: ${address} kubernetes.default.svc.cluster.local`))
    const files = '/var/run/secrets/kubernetes.io/serviceaccount'
    const [token, ca] = [await inside(`cat ${files}/token`), await inside(`cat ${files}/ca.crt`)]
    for (const host of [address!, 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'])
      assert.equal(
        await run(await inNetworkOf(pod.metadata.uid!), whoAmI({ address: address!, port: Number(port), host, token, ca })),
        'system:serviceaccount:from-inside:default',
      )
  })

  test('a UDP Service leads to its Pods', async () => {
    const { cluster, inNamespace } = await site()
    const namespace = await inNamespace('udp')
    const [server, client] = await Promise.all([idle(namespace, 'server'), idle(namespace, 'client')])
    const { spec } = await cluster.client.create(Service, {
      metadata: { name: 'echo', namespace: 'udp' },
      spec: { selector: { app: 'server' }, ports: [{ port: 53, targetPort: 5353, protocol: 'UDP' }] },
    } as unknown as Draft<Service>)
    const start = async (pod: Pod, script: string, ...args: string[]) => {
      const [command, ...prefix] = await inNetworkOf(pod.metadata.uid!)
      return spawn(command!, [...prefix, process.execPath, '-e', script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    }
    const echo = await start(server, UDP_ECHO, 'server')
    await once(echo.stdout!, 'data')
    const asking = await start(client, UDP_ASK, spec.clusterIP!, '53')
    try {
      const [answer] = (await once(asking.stdout!, 'data')) as [Buffer]
      assert.equal(answer.toString().trim(), 'server hello')
    } finally {
      echo.kill()
      asking.kill()
    }
  })
})

testServices({
  name: 'real containers',
  skip,
  concurrency: 4,
  async begin(scenario) {
    const { cluster, inNamespace } = await site()
    await inNamespace(scenario)
    return {
      client: cluster.client,
      namespace: scenario,
      run: promise => promise,
      pause: ms => new Promise(resolve => setTimeout(resolve, ms)),
    }
  },
  close: async () => (await started)?.close(),
})
