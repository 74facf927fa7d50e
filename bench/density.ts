/**
 * One node with many real Pods, beside the figures that Kubernetes' own density test of the kubelet allows.
 *
 *   npm run bench -- density [seconds at rest]
 *
 * Needs what `pods` needs. `poise up` runs in a process of its own, so that its CPU and memory are those of Poise alone: API
 * server, store, scheduler, controllers and kubelet together, where Kubernetes' limits are for the kubelet. containerd and the
 * shims are counted by neither. Three parts: ten Pods at once on an empty node; ten at once beside fifty; thirty Pods with a
 * startup, a readiness and a liveness probe each, whose instants are read from the log of the server that they ask.
 */
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { Pod } from '../src/api/kinds/pod.ts'
import { ServiceAccount } from '../src/api/kinds/service_account.ts'
import { createHost } from '../src/host/host.ts'
import { silentLog } from '../src/base/log.ts'
import { inspectMachine } from '../src/host/containerd/machine.ts'
import { withBusyboxArchive } from '../src/host/containerd/busybox_image.ts'
import { loadImage } from '../src/host/containerd/images.ts'
import { containerdPaths } from '../src/host/containerd/config.ts'
import { startClusterProcess, type ClusterProcess } from './cluster_process.ts'
import { cpuSeconds, residentMb } from './read_process.ts'
import { median, printMachine, printTable, quantile, skip } from './report.ts'
import { isReady, watchPod } from './watch_pod.ts'

const restSeconds = Number(process.argv.find(word => /^\d+$/.test(word)) ?? 60)
const IMAGE = 'docker.io/library/busybox:1.28'
const AT_ONCE = 10
const BACKGROUND = 50
const PROBED = 30
const PERIOD_S = 2

const machine = await inspectMachine().catch((error: unknown) => skip(error instanceof Error ? error.message : String(error)))
printMachine()
const cluster = await startClusterProcess('containerd')
const target = await listen()
try {
  const host = createHost({ log: silentLog })
  const paths = containerdPaths(join(cluster.socketPath!, '..'))
  await withBusyboxArchive([IMAGE], file => loadImage({ machine, paths, processes: host.processes }, file))
  while (!(await cluster.client.list(ServiceAccount, { namespace: 'default' })).items.length) await pause(10)
  const rows = [await atOnce('alone')]
  const probes = await probed(cluster, target)
  const background = Array.from({ length: BACKGROUND }, (_, i) => `background-${i}`)
  for (let i = 0; i < background.length; i += AT_ONCE) await Promise.all(background.slice(i, i + AT_ONCE).map(name => create(name)))
  rows.push(await atOnce(`beside ${BACKGROUND}`))
  printTable(
    `${AT_ONCE} Pods at once, created → Ready in a watch; CPU and memory of the whole of Poise`,
    ['', 'p50 ms', 'p99 ms', 'batch ms', 'gone ms', 'cores meanwhile', 'cores at rest p95', 'resident MB'],
    rows,
  )
  printTable(
    `${PROBED} Pods, three probes each, one look every ${PERIOD_S} s, for ${restSeconds} s`,
    ['Ready ms', 'gone ms', 'looks', 'off plan p50 ms', 'p99 ms', 'most ms', 'bare timers p99 ms', 'cores p50', 'p95', 'resident MB'],
    [probes],
  )
  await Promise.all(background.map(remove))
} finally {
  target.server.close()
  await cluster.stop()
}

async function atOnce(what: string): Promise<(string | number)[]> {
  const rest = await restingCores(cluster, Math.min(restSeconds, 30))
  const names = Array.from({ length: AT_ONCE }, (_, i) => `once-${i}`)
  const cpu = cpuSeconds(cluster.pid)
  const began = performance.now()
  const upMs = await Promise.all(names.map(name => timed(() => create(name))))
  const batchMs = performance.now() - began
  const cores = ((cpuSeconds(cluster.pid) - cpu) / batchMs) * 1_000
  const downMs = await timed(() => Promise.all(names.map(remove)))
  const values = [median(upMs), quantile(upMs, 0.99), batchMs, downMs].map(Math.round)
  return [what, ...values, cores.toFixed(2), quantile(rest, 0.95).toFixed(3), Math.round(residentMb(cluster.pid))]
}

async function probed({ pid }: ClusterProcess, { port, looks }: Target): Promise<(string | number)[]> {
  const names = Array.from({ length: PROBED }, (_, i) => `probed-${i}`)
  const readyMs = await timed(() =>
    Promise.all(
      names.map(name => {
        const ask = (type: string) => ({ httpGet: { host: '127.0.0.1', port, path: `/${name}/${type}` }, periodSeconds: PERIOD_S, timeoutSeconds: 5 })
        return create(name, { startupProbe: ask('startup'), readinessProbe: ask('readiness'), livenessProbe: ask('liveness') })
      }),
    ),
  )
  await pause(10_000)
  looks.clear()
  const [cores, timers] = await Promise.all([restingCores({ pid }, restSeconds), bareTimers(restSeconds)])
  const offPlan = [...looks.values()].flatMap(distancesFromPlan)
  const resident = Math.round(residentMb(pid))
  const goneMs = await timed(() => Promise.all(names.map(remove)))
  return [
    ...[readyMs, goneMs, offPlan.length].map(Math.round),
    ...[median(offPlan), quantile(offPlan, 0.99), Math.max(...offPlan), quantile(timers, 0.99)].map(ms => ms.toFixed(1)),
    ...[quantile(cores, 0.5), quantile(cores, 0.95)].map(share => share.toFixed(3)),
    resident,
  ]
}

/**
 * The plan is a look every period from some instant on; the earliest look of all, measured by it, was in time, and the others
 * are late by what they are behind it.
 */
function distancesFromPlan(instants: readonly number[]): number[] {
  const phases = instants.map((at, i) => at - i * PERIOD_S * 1_000)
  const planned = Math.min(...phases)
  return phases.map(phase => phase - planned)
}

/** How late as many timers of a process that does nothing else are meanwhile: what the machine itself is worth at that moment. */
async function bareTimers(seconds: number): Promise<number[]> {
  const everyMs = (PERIOD_S * 1_000) / (PROBED * 2)
  const began = performance.now()
  const late: number[] = []
  for (let due = everyMs; due < seconds * 1_000; due += everyMs) {
    await pause(Math.max(0, began + due - performance.now()))
    late.push(performance.now() - began - due)
  }
  return late
}

/** Cores that the process takes, second by second. */
async function restingCores({ pid }: Pick<ClusterProcess, 'pid'>, seconds: number): Promise<number[]> {
  const shares: number[] = []
  for (let i = 0; i < seconds; i++) {
    const [cpu, at] = [cpuSeconds(pid), performance.now()]
    await pause(1_000)
    shares.push(((cpuSeconds(pid) - cpu) / (performance.now() - at)) * 1_000)
  }
  return shares
}

async function create(name: string, probes: object = {}): Promise<void> {
  const key = { namespace: 'default', name }
  const command = ['sh', '-c', 'trap "exit 0" TERM; sleep 3600 & wait']
  const main = { name: 'main', image: IMAGE, imagePullPolicy: 'IfNotPresent', command, ...probes }
  await cluster.client.create(Pod, { metadata: key, spec: { containers: [main] } as never })
  await watchPod(cluster.client, key, pod => pod !== undefined && isReady(pod))
}

async function remove(name: string): Promise<void> {
  const key = { namespace: 'default', name }
  const gone = watchPod(cluster.client, key, pod => pod === undefined)
  await cluster.client.delete(Pod, key)
  await gone
}

interface Target {
  readonly server: Server
  readonly port: number
  /** Instants by what was asked. */
  readonly looks: Map<string, number[]>
}

/** In this process: what it sees of a look's instant has the way here in it, and this process's own turn. */
function listen(): Promise<Target> {
  const looks = new Map<string, number[]>()
  const server = createServer((request, response) => {
    const at = performance.now()
    const instants = looks.get(request.url ?? '')
    if (instants) instants.push(at)
    else looks.set(request.url ?? '', [at])
    response.end('ok')
  })
  return new Promise(resolve => {
    server.listen(0, '127.0.0.1', () => resolve({ server, port: (server.address() as { port: number }).port, looks }))
  })
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}
