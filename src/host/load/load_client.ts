/**
 * The program that sends the load: a process of its own, so that nothing else delays it, started in the network it asks from.
 *
 *   instants planned ahead ─▶ a client whose turn it is ─▶ how it went ─▶ parent, in batches
 *
 * The plan is kept however long answers take (an open loop): a slow answer hides none of the requests behind it.
 */
import { createServer } from 'node:http'
import { Socket, type AddressInfo } from 'node:net'
import { setPriority } from 'node:os'
import { createClients } from './clients.ts'
import { rowOf, type LoadMessage, type LoadOrders, type RequestRow } from './messages.ts'

const BATCH_EVERY_MS = 50
const BATCH_MAX = 500
/** A parent that takes none of it for minutes. */
const UNTOLD_BYTES_MAX = 64 * 1024 * 1024
const WARM_UP_REQUESTS = 50

const orders = JSON.parse(process.argv[2]!) as LoadOrders
// Unlike standard output, which is written to synchronously: a parent that is busy must not hold up the plan.
const parent = new Socket({ fd: 3 })
/** Of the kernel's clock and ours: constant. */
const offsetMs = Number(process.hrtime.bigint()) / 1e6 - performance.now()
const now = () => performance.now() + offsetMs
let untold: RequestRow[] = []
let underWay = 0
let isStopped = false

try {
  setPriority(-5)
} catch {
  // Only root may: then the load is as late as the machine is busy, and says so.
}

await warmUp()
const clients = createClients(orders, now)
const beganMs = now()
const plannedAt = (id: number) => beganMs + (id * 1_000) / orders.ratePerSecond
let next = 0

function keepPlan(): void {
  if (isStopped) return
  for (; plannedAt(next) <= now(); next++) void send(next, plannedAt(next))
  setTimeout(keepPlan, plannedAt(next) - now())
}

async function send(id: number, plannedMs: number): Promise<void> {
  const client = orders.clients[id % orders.clients.length]!
  const sentMs = now()
  underWay++
  const course = await clients[client](sentMs)
  underWay--
  untold.push(rowOf({ id, client, plannedMs, sentMs, ...course }))
  if (untold.length >= BATCH_MAX) tellRequests()
  if (isStopped) endWhenQuiet()
}

function tell(message: LoadMessage): void {
  parent.write(`${JSON.stringify(message)}\n`)
  if (parent.writableLength > UNTOLD_BYTES_MAX) throw new Error('nobody takes the results')
}

function tellRequests(): void {
  if (untold.length > 0) tell({ is: 'requests', sent: next, rows: untold })
  untold = []
}

function endWhenQuiet(): void {
  if (underWay > 0) return
  tellRequests()
  tell({ is: 'done' })
  parent.end(() => process.exit())
}

process.stdin.once('data', () => {
  isStopped = true
  endWhenQuiet()
})
process.stdin.once('end', () => process.exit())
parent.on('error', () => process.exit())
tell({ is: 'ready' })
setInterval(tellRequests, BATCH_EVERY_MS)
keepPlan()

/** To a server of our own: what a first request needs is loaded and compiled before the plan begins, and not at its cost. */
async function warmUp(): Promise<void> {
  const server = createServer((_, response) => response.end('warm'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const { 'keep-alive': kept, new: fresh } = createClients({ ...orders, entrance: { host: '127.0.0.1', port } }, now)
  for (let asked = 0; asked < WARM_UP_REQUESTS; asked++) await Promise.all([kept(now()), fresh(now())])
  server.closeAllConnections()
  server.close()
}
