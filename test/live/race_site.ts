/** The race on real containers: two nodes, the Pods on one, who asks on the other. One cluster for all repetitions. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { Pod } from '../../src/api/kinds/pod.ts'
import { Service } from '../../src/api/kinds/service.ts'
import { isReady } from '../../src/api/pod.ts'
import { isReason } from '../../src/api/status.ts'
import type { Draft } from '../../src/client/client.ts'
import type { RaceSite, RequestResult } from '../contracts/service_race.ts'
import { inNetworkOf } from './pod_network.ts'
import { startSite } from './site.ts'

/** Its server, nginx, ends at TERM without finishing anything, as its published image does. */
const SERVER = 'ikubernetes/myapp:v1'
export const RACE_IMAGES = [SERVER, 'busybox']
const namespace = 'default'
const POLL_MS = 20

export interface RealRace {
  begin(options: { preStop: object | undefined }): Promise<RaceSite>
  close(): Promise<void>
}

export async function startRealRace(): Promise<RealRace> {
  const site = await startSite(RACE_IMAGES, {}, [], 2)
  const { client, nodes } = site.cluster
  const [clientNode, serverNode] = nodes.map(({ name }) => name)
  const find = (name: string) =>
    client.get(Pod, { namespace, name }).catch(error => {
      if (isReason(error, 'NotFound')) return undefined
      throw error
    })
  const create = (name: string, spec: object, labels = {}) => client.create(Pod, { metadata: { name, namespace, labels }, spec } as unknown as Draft<Pod>)
  const until = async (holds: () => Promise<boolean>) => {
    while (!(await holds())) await pause(POLL_MS)
  }
  const ready = (name: string) => until(async () => isReady((await find(name))!))
  // Without its default ServiceAccount no Pod can be made.
  await until(async () => (await site.kubectl(['get', 'serviceaccount', 'default'])).exitCode === 0)
  const { metadata } = await create('client', {
    nodeName: clientNode,
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'main', image: 'busybox', imagePullPolicy: 'Never', command: ['sleep', '36000'] }],
  })
  await ready('client')
  const inClient = await inNetworkOf(metadata.uid!)
  let repetition = 0

  return {
    close: () => site.close(),
    async begin({ preStop }) {
      const app = `web-${++repetition}`
      const { spec } = await client.create(Service, {
        metadata: { name: app, namespace },
        spec: { selector: { app }, ports: [{ port: 80 }] },
      } as unknown as Draft<Service>)
      const pods = [1, 2, 3].map(number => `${app}-${number}`)
      const containers = [{ name: 'main', image: SERVER, imagePullPolicy: 'Never', ...(preStop && { lifecycle: { preStop } }) }]
      for (const name of pods) await create(name, { nodeName: serverNode, containers }, { app })
      for (const name of pods) await ready(name)
      return {
        pods,
        now: () => Number(process.hrtime.bigint()) / 1e6,
        pause: ms => pause(ms),
        startLoad: options => startLoad(inClient, { ...options, address: spec.clusterIP!, pods: pods.length }),
        async deletePod(name) {
          await client.delete(Pod, { namespace, name })
          await until(async () => (await find(name)) === undefined)
        },
        async close() {
          await client.delete(Service, { namespace, name: app })
          for (const name of pods) if (await find(name)) await client.delete(Pod, { namespace, name }, { gracePeriodSeconds: 0 })
        },
      }
    },
  }
}

/**
 * First asks until every Pod has answered, says `ready`, and then keeps its plan, however long answers take. At `stop` it
 * waits for those under way and tells all. The kernel's monotonic clock is one for all processes.
 */
const LOAD = `
  const http = require('http')
  const { address, perSecond, connections, pods } = JSON.parse(process.argv[1])
  const now = () => Number(process.hrtime.bigint()) / 1e6
  const OUTCOMES = { ECONNREFUSED: 'refused', ECONNRESET: 'reset', EPIPE: 'reset', ETIMEDOUT: 'timeout', EHOSTUNREACH: 'timeout', ENETUNREACH: 'timeout' }
  const agents = Array.from({ length: 6 }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }))
  const ask = agent => new Promise(resolve => {
    const request = http.get({ host: address, port: 80, path: '/hostname.html', agent, timeout: 30000 }, response => {
      let text = ''
      response.on('data', data => (text += data)).on('end', () => resolve([String(response.statusCode), text])).on('error', error => resolve([error.code]))
    })
    request.on('timeout', () => request.destroy(Object.assign(new Error('late'), { code: 'ETIMEDOUT' }))).on('error', error => resolve([error.code]))
  })
  const results = []
  let underWay = 0
  async function send(plannedAt, agent) {
    underWay++
    const [code] = await ask(agent)
    underWay--
    results.push({ plannedAt, endedAt: now(), outcome: OUTCOMES[code] ?? String(code) })
  }
  async function run() {
    for (const seen = new Set(); seen.size < pods;) {
      const [code, text] = await ask(false)
      if (code === '200') seen.add(text)
    }
    let stopped = false
    require('readline').createInterface(process.stdin).on('line', () => (stopped = true))
    console.log('ready')
    const beganAt = now()
    for (let sent = 0; !stopped || underWay > 0;) {
      for (; !stopped && beganAt + sent * 1000 / perSecond <= now(); sent++)
        void send(beganAt + sent * 1000 / perSecond, connections === 'new' ? false : agents[sent % agents.length])
      await new Promise(resolve => setTimeout(resolve, 1))
    }
    process.stdout.write(JSON.stringify(results), () => process.exit())
  }
  run()
`

async function startLoad(inClient: readonly string[], options: { address: string; perSecond: number; connections: string; pods: number }) {
  const [program, ...args] = [...inClient, process.execPath, '-e', LOAD, JSON.stringify(options)]
  const load = spawn(program!, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface(load.stdout)
  const [first] = (await once(lines, 'line')) as [string]
  assert.equal(first, 'ready')
  return {
    async stop() {
      const told = once(lines, 'line') as Promise<[string]>
      load.stdin.end('stop\n')
      return JSON.parse((await told)[0]) as RequestResult[]
    },
  }
}
