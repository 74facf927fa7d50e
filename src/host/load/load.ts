/**
 * Starts the load client in a network, and hears what it has sent and how that went.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../../base/clock.ts'
import type { LoadRequest } from '../../base/load_request.ts'
import { packageRoot } from '../package_root.ts'
import { followConnections, type FollowOptions } from './connections.ts'
import type { LocalPorts } from './local_ports.ts'
import { requestOf, type LoadMessage, type LoadOrders } from './messages.ts'
import { collectRequests, latenessOf, type Lateness } from './requests.ts'

export interface LoadPlace {
  /** What a command line begins with, so that it runs where the load comes from. Empty: on the machine itself. */
  readonly inNetwork: readonly string[]
  /** Where it is decided which Pod a connection goes to; undefined: nowhere on this machine. */
  readonly decidedAt: FollowOptions | undefined
  readonly clock: Pick<Clock, 'now'>
  readonly ports: LocalPorts
}

export interface HostLoad {
  /** So far. */
  counts(): { readonly sent: number; readonly answered: number; readonly failed: number }
  /** Sends nothing more, waits for what is under way, and tells all, in planned order. */
  stop(): Promise<readonly LoadRequest[]>
  /** What could not be seen, in sentences; all of it is known after `stop`. */
  blindSpots(): readonly string[]
  /** Of the load client itself; known after `stop`. */
  lateness(): Lateness
  /** Ends it at once; what it has not told is lost. */
  abandon(): Promise<void>
}

const START_MS = 30_000
const FOLLOWED_MS = 500
const POLL_MS = 10

/** Resolves when it sends. */
export async function startLoad(wish: Omit<LoadOrders, 'firstPort'>, { inNetwork, decidedAt, clock, ports }: LoadPlace): Promise<HostLoad> {
  const orders: LoadOrders = { ...wish, firstPort: ports.next }
  const blindSpots: string[] = []
  let lateness: Lateness = { requests: 0, late: 0, mostMs: 0 }
  const followed = decidedAt && (await followConnections(decidedAt).catch((error: Error) => void blindSpots.push(error.message)))
  const requests = collectRequests(orders, followed ?? undefined, clock, decidedAt?.address)
  const client = launch([...inNetwork, process.execPath, clientProgram(), JSON.stringify(orders)])
  let sent = 0
  const begun = new Promise<void>(resolve => {
    client.onMessage(message => {
      if (message.is === 'ready') return resolve()
      sent = message.sent
      const told = message.rows.map(requestOf)
      for (const { localPort } of told) if (localPort !== 0) ports.used(localPort)
      requests.add(told)
    })
  })
  const abandon = async () => {
    client.kill()
    await followed?.stop()
  }
  try {
    await Promise.race([begun, client.ended, tooLate(START_MS)])
  } catch (error) {
    await abandon()
    throw error
  }
  return {
    counts: () => ({ sent, ...requests.counts() }),
    blindSpots: () => blindSpots,
    lateness: () => lateness,
    abandon,
    async stop() {
      try {
        client.stop()
        await client.ended
        for (const deadline = performance.now() + FOLLOWED_MS; requests.unknown() > 0 && performance.now() < deadline;) await pause(POLL_MS)
        const all = requests.all()
        blindSpots.push(...((await followed?.problems()) ?? []))
        lateness = latenessOf(all)
        return all
      } finally {
        await abandon()
      }
    },
  }
}

function launch([program, ...args]: readonly string[]) {
  const child = spawn(program!, args, { stdio: ['pipe', 'ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] } })
  let [said, isDone] = ['', false]
  child.stderr!.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-2_000)))
  // It may have ended before it is told to.
  child.stdin!.on('error', () => {})
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (isDone) resolve()
      else reject(new Error(`the load client has ended by itself (${signal ?? `exit code ${code}`}): ${said.trim()}`))
    })
  })
  // Awaited when it begins and when it is stopped, and by nobody in between.
  ended.catch(() => {})
  return {
    ended,
    onMessage(listener: (message: Exclude<LoadMessage, { is: 'done' }>) => void) {
      createInterface(child.stdio[3] as Readable).on('line', line => {
        const message = JSON.parse(line) as LoadMessage
        if (message.is === 'done') isDone = true
        else listener(message)
      })
    },
    stop: () => void child.stdin!.write('stop\n'),
    kill: () => void child.kill('SIGKILL'),
  }
}

async function tooLate(ms: number): Promise<never> {
  await pause(ms, undefined, { ref: false })
  throw new Error(`the load client did not begin within ${ms / 1_000} s`)
}

/** Of its own and not of the bundle: it shall start with no more than it needs. */
const clientProgram = (): string => join(packageRoot(), 'dist', 'src', 'host', 'load', 'load_client.js')
