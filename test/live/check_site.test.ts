/** Where `poise check` runs on real containers: what it sees of connections and of signals, and that nothing is left of it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Deployment } from '../../src/api/kinds/deployment.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { Service } from '../../src/api/kinds/service.ts'
import { isReady } from '../../src/api/pod.ts'
import { silentLog } from '../../src/base/log.ts'
import type { LoadRequest } from '../../src/base/load_request.ts'
import { SERVER_IMAGE } from '../../src/base/server_settings.ts'
import { startRealSite } from '../../src/check/real_site.ts'
import type { CheckSite, LoadTarget } from '../../src/check/site.ts'
import type { Draft } from '../../src/client/client.ts'
import { readRanges } from '../../src/host/address_ranges.ts'
import { inspectMachine } from '../../src/host/containerd/machine.ts'

const skip = await inspectMachine().then(
  () => false as const,
  (error: Error) => error.message,
)

const namespace = 'default'
const POLL_MS = 20
const SHELL = ['sh', '-c', 'server listen=8080; echo bye']
/** Beside what is default: a server that answers, a shell that waits for one, and one that is not the first of its namespace. */
const WORKLOADS: Readonly<Record<string, { replicas: number; container: object; pod?: object }>> = {
  web: { replicas: 2, container: { args: ['listen=8080'], readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 } } },
  shell: { replicas: 1, container: { command: SHELL } },
  shared: { replicas: 1, container: { command: SHELL }, pod: { shareProcessNamespace: true } },
}
const SERVICES: Readonly<Record<string, object>> = {
  web: { ports: [{ port: 80, targetPort: 8080 }] },
  outside: { type: 'NodePort', ports: [{ port: 80, targetPort: 8080 }] },
  own: { clusterIP: 'None', ports: [{ port: 80, targetPort: 8080 }] },
  // Nobody listens there.
  closed: { ports: [{ port: 80, targetPort: 9 }] },
}

describe('the site of a check on real containers', { skip }, () => {
  let home: string
  let site: CheckSite
  let pods: Pod[] = []
  const abandoned: { processes: readonly number[]; clusters: readonly string[]; containerds: readonly number[] } = {
    processes: [],
    clusters: [],
    containerds: [],
  }

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'poise-check-'))
    const env = { ...process.env, POISE_HOME: home }
    const program = join(dirname(fileURLToPath(import.meta.url)), 'abandoned_site.js')
    const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
    Object.assign(abandoned, { processes: JSON.parse(line), clusters: await clustersIn(home), containerds: await containerdsBelow(home) })
    child.kill('SIGKILL')
    await once(child, 'close')

    site = await startRealSite({ env, images: [SERVER_IMAGE], log: silentLog })
    for (const [name, spec] of Object.entries(SERVICES)) await create(Service, name, { selector: { app: 'web' }, ...spec })
    for (const [app, { replicas, container, pod }] of Object.entries(WORKLOADS)) {
      const containers = [{ name: 'main', image: SERVER_IMAGE, ...container }]
      const template = { metadata: { labels: { app } }, spec: { terminationGracePeriodSeconds: 0, containers, ...pod } }
      await create(Deployment, app, { replicas, selector: { matchLabels: { app } }, template })
    }
    for (; pods.length < 4 || !pods.every(isReady); await pause(POLL_MS)) pods = [...(await site.client.list(Pod, { namespace })).items]
  })

  after(async () => {
    await site?.close()
    await rm(home, { recursive: true, force: true })
  })

  const create = (kind: typeof Service | typeof Deployment, name: string, spec: object) =>
    site.client.create(kind as typeof Deployment, { metadata: { name, namespace }, spec } as unknown as Draft<Deployment>)
  const podsOf = (app: string) => pods.filter(({ metadata }) => metadata.labels?.['app'] === app)

  it('removes what a killed check has left', async () => {
    assert.equal(abandoned.processes.length, 2, 'a load client and conntrack')
    assert.equal(abandoned.containerds.length, 2)
    assert.equal(abandoned.clusters.length, 1)
    // Another check on this machine may have found it first, and be at it still.
    for (const pid of abandoned.containerds) while ((await containerdsBelow(home)).includes(pid)) await pause(POLL_MS)
    for (const name of abandoned.clusters) while ((await clustersIn(home)).includes(name)) await pause(POLL_MS)
    // They end by themselves.
    for (const pid of abandoned.processes) while ((await commandOf(pid)).match(/conntrack|load_client/)) await pause(POLL_MS)
  })

  it('tells where each connection went, refused ones too', async () => {
    const services = new Map((await site.client.list(Service, { namespace })).items.map(service => [service.metadata.name!, service]))
    const addresses = podsOf('web').map(({ status }) => status.podIP)
    const ask = async (service: string, type: LoadTarget['type'], port: number, through: string, node: number | undefined) => {
      const { clusterIP, ports } = services.get(service)!.spec
      const target = { namespace, service, port: 80, type, clusterIP: clusterIP!, ...(ports![0]!.nodePort && { nodePort: ports![0]!.nodePort }) }
      const entrance = await site.entranceTo(target)
      assert.equal(entrance.through, through)
      assert.equal(entrance.node?.at(-1), node?.toString())
      const clients = type === 'headless' ? (['direct'] as const) : (['new', 'keep-alive'] as const)
      const send = async (enough: number) => {
        const load = await site.startLoad({ target, entrance, path: '/', ratePerSecond: 200, clients, timeoutMs: 30_000 })
        while (load.counts().sent < enough) await pause(POLL_MS)
        return load.stop()
      }
      const targetsOf = (requests: readonly LoadRequest[]) => new Set(requests.map(({ target: to }) => `${to?.address}:${to?.port}`))
      const expected = new Set(addresses.map(address => `${address}:${port}`))
      // Pods are Ready before all rules have them: until then who comes in is refused by the rules, or goes to one Pod only.
      for (let known = new Set<string>(); [...expected].some(one => !known.has(one)) || known.has(NOWHERE);) known = targetsOf(await send(ENOUGH / 5))
      const requests = await send(ENOUGH)
      assert.deepEqual(targetsOf(requests), expected, service)
      return new Set(requests.map(({ outcome }) => (outcome.is === 'answered' ? outcome.status : `${outcome.symptom} during ${outcome.during}`)))
    }
    const outcomes = await Promise.all([
      ask('web', 'ClusterIP', 8080, 'ClusterIP', 1),
      ask('outside', 'NodePort', 8080, 'NodePort', 2),
      ask('own', 'headless', 8080, 'headless', undefined),
      ask('closed', 'ClusterIP', 9, 'ClusterIP', 1),
    ])
    assert.deepEqual(outcomes, [new Set([200]), new Set([200]), new Set([200]), new Set(['refused during connect'])])
  })

  it('tells what first processes do with the signal that stops them', async () => {
    const habits = await site.signalHabits(pods)
    const habitOf = (app: string) =>
      podsOf(app).map(({ metadata }) => {
        const { container, stopSignal, isCaught, command } = habits.find(({ podUid }) => podUid === metadata.uid)!
        return { container, stopSignal, isCaught, isShell: command.join(' ') === SHELL.join(' ') }
      })
    const server = { container: 'main', stopSignal: 'TERM', isCaught: true, isShell: false }
    assert.deepEqual(habitOf('web'), [server, server])
    assert.deepEqual(habitOf('shell'), [{ ...server, isCaught: false, isShell: true }])
    assert.deepEqual(habitOf('shared'), [{ ...server, isShell: true }])
    assert.deepEqual(await site.signalHabits([]), [])
  })

  it('has the timelines of its Pods', async () => {
    const timelines = await site.timelines(namespace)
    assert.deepEqual(new Set(timelines.map(({ pod }) => pod.uid)), new Set(pods.map(({ metadata }) => metadata.uid)))
  })

  it('leaves nothing behind', async () => {
    const devices = await devicesOf(home)
    assert.equal(devices.size, 3, 'one for each node, and one for the cluster')
    await site.close()
    for (const [index, name] of await devicesOfMachine()) assert.ok(!devices.has(index), `the device ${name} is left`)
    assert.deepEqual(await clustersIn(home), [])
    assert.deepEqual(await processesOf(home), [])
    assert.ok(!(await readFile('/proc/mounts', 'utf8')).includes(home))
  })
})

/** Enough that connections of both Pods and of every client are among them. */
const ENOUGH = 100
const NOWHERE = 'undefined:undefined'

const clustersIn = (home: string): Promise<string[]> => readdir(join(home, 'throw-away', 'clusters')).catch(() => [])

/** The machine's network devices of the cluster, by their numbers, which no other device gets. */
async function devicesOf(home: string): Promise<ReadonlyMap<string, string>> {
  const [cluster] = await clustersIn(home)
  const ranges = await readRanges(join(home, 'throw-away', 'clusters', cluster!, 'network.json'))
  return new Map([...(await devicesOfMachine())].filter(([, name]) => name.startsWith(`${ranges!.networkName}-`)))
}

async function devicesOfMachine(): Promise<ReadonlyMap<string, string>> {
  const names = await readdir('/sys/class/net')
  return new Map(await Promise.all(names.map(async name => [await readFile(`/sys/class/net/${name}/ifindex`, 'utf8').catch(() => name), name] as const)))
}

async function processesOf(home: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name)).map(Number)
  const commands = await Promise.all(pids.map(commandOf))
  return pids.filter((_, index) => commands[index]!.includes(home))
}

async function containerdsBelow(home: string): Promise<number[]> {
  const pids = await processesOf(home)
  const commands = await Promise.all(pids.map(commandOf))
  return pids.filter((_, index) => /^\S*\/containerd\0/.test(commands[index]!))
}

const commandOf = (pid: number): Promise<string> => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
