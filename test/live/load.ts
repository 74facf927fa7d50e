/** Requests planned ahead, from inside of a Pod's network: a slow answer delays none of the others. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { RequestResult } from '../contracts/service_race.ts'

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

export interface LoadOptions {
  readonly address: string
  readonly perSecond: number
  readonly connections: 'new' | 'kept'
  /** How many different Pods must have answered before it begins. */
  readonly pods: number
}

/** Resolves when the Pods have answered. The server tells its host name at /hostname.html. */
export async function startLoad(inClient: readonly string[], options: LoadOptions) {
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
