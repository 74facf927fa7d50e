/** Requests planned ahead, from inside of a Pod's network: a slow answer delays none of the others. */
import assert from 'node:assert/strict'
import { startLoad as startLoadClient } from '../../src/host/load/load.ts'
import { createLocalPorts } from '../../src/host/load/local_ports.ts'
import type { RequestResult } from '../contracts/service_race.ts'
import { fetchIn } from './pod_network.ts'

export interface LoadOptions {
  readonly address: string
  readonly perSecond: number
  readonly connections: 'new' | 'kept'
  /** How many different Pods must have answered before it begins. */
  readonly pods: number
}

const PORT = 80
/** The server tells its host name there. */
const PATH = '/hostname.html'

/** Resolves when the Pods have answered. Instants are on the clock of `performance.now()`. */
export async function startLoad(inClient: readonly string[], { address, perSecond, connections, pods }: LoadOptions) {
  const url = `http://${address}:${PORT}${PATH}`
  for (const seen = new Set<string>(); seen.size < pods;)
    for (const body of await fetchIn(inClient, Array(pods * 2).fill(url))) if (!/^E[A-Z]+$/.test(body)) seen.add(body)
  const entrance = { host: address, port: PORT }
  const orders = {
    clients: [connections === 'new' ? 'new' : 'keep-alive'],
    ratePerSecond: perSecond,
    path: PATH,
    host: address,
    timeoutMs: 30_000,
    entrance,
  } as const
  const load = await startLoadClient(orders, { inNetwork: inClient, decidedAt: undefined, clock: performance, ports: createLocalPorts() })
  return {
    async stop(): Promise<RequestResult[]> {
      const requests = await load.stop()
      assert.ok(requests.length > 0, 'it has asked')
      return requests.map(({ plannedMs, endedMs, outcome }) => ({
        plannedAt: plannedMs,
        endedAt: endedMs,
        outcome: outcome.is === 'answered' ? String(outcome.status) : outcome.symptom,
      }))
    },
  }
}
