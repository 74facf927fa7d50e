/**
 * A real `poise up` with real Pods, in which something is killed in the middle, round after round:
 *
 *   Pods made ─▶ at rest ─▶ deleted ─▶ gone, and nothing of them is left
 *        └─── here, here ──────┘ or here, Poise, containerd, a shim or a container's first process gets SIGKILL
 *
 * The seed chooses; the moments are real.
 */
import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { dirname } from 'node:path'
import { Pod } from '../../src/api/kinds/pod.ts'
import { ServiceAccount } from '../../src/api/kinds/service_account.ts'
import { silentLog } from '../../src/base/log.ts'
import { seededRandom, type Random } from '../../src/base/random.ts'
import { connectFromKubeconfig } from '../../src/cli/connection.ts'
import type { Client } from '../../src/client/client.ts'
import { addressRanges, type AddressRanges } from '../../src/host/address_ranges.ts'
import { createClock } from '../../src/host/clock.ts'
import { containerdPaths } from '../../src/host/containerd/config.ts'
import { listShims } from '../../src/host/containerd/shims.ts'
import { createCriRuntime } from '../../src/host/cri/runtime.ts'
import { clusterDirectories, type ClusterDirectories } from '../../src/host/directories.ts'
import type { ContainerRuntime } from '../../src/runtime/runtime.ts'
import { podCheckers } from '../../src/sim/checkers/pods.ts'
import { createHome, type Home, type Running } from '../cli/poise.ts'
import { buildImages } from '../images/build.ts'
import { FAULT_PODS, runningIds } from './fault_pods.ts'
import { remains } from './fault_remains.ts'
import { freeSlot, imageCache } from './site.ts'

export const VICTIMS = ['poise', 'containerd', 'shim', 'process'] as const
export const MOMENTS = ['start', 'running', 'end'] as const

export interface FaultRound {
  readonly seed: string
  readonly victim: (typeof VICTIMS)[number]
  readonly moment: (typeof MOMENTS)[number]
}

export interface FaultReport {
  readonly rounds: number
  readonly pods: number
  readonly kills: number
  readonly worstMs: number
}

/** A busy machine needs its time: a crash loop of two has ten seconds of back-off in it, and housekeeping comes every thirty. */
const PATIENCE_MS = 90_000

/**
 * `say` gets a line for each round: what was chosen. A round that fails is told at the end; the next one begins with a
 * cluster that has nothing of it.
 */
export async function killInTheMiddle(rounds: readonly FaultRound[], say: (line: string) => void): Promise<FaultReport> {
  const report = { rounds: 0, pods: 0, kills: 0, worstMs: 0 }
  const failures: string[] = []
  for (const left = [...rounds]; left.length > 0;) {
    await using home = await createHome()
    const site = await openFaultSite(home)
    try {
      for (let round = left.shift(); round; round = left.shift()) {
        const began = performance.now()
        const { pods, kills, story } = await site.run(round)
        const tookMs = Math.round(performance.now() - began)
        report.rounds++
        report.pods += pods
        report.kills += kills
        report.worstMs = Math.max(report.worstMs, tookMs)
        say(`${round.seed}: ${story}; ${tookMs} ms`)
      }
    } catch (error) {
      say(`failed: ${String(error)}`)
      failures.push(String(error))
    } finally {
      await site.close()
    }
  }
  assert.deepEqual(failures, [])
  return report
}

async function openFaultSite(home: Home) {
  const directories = clusterDirectories({ POISE_HOME: `${home.path}/state` }, 'poise')
  const { ranges, server: first } = await startFirst(home, directories)
  let server = first
  const machine = createMachineSide(directories, ranges)
  for (const archive of await buildImages(['busybox'], imageCache)) {
    const { code, stderr } = await home.run(['load', 'image', archive])
    assert.equal(code, 0, stderr)
  }

  async function run({ seed, victim, moment }: FaultRound) {
    const random = seededRandom(seed)
    const chosen = Object.keys(FAULT_PODS).filter(() => random.below(10) < 6)
    const names = (chosen.length > 0 ? chosen : ['web']).map(kind => `${kind}-${seed.replaceAll(/[^a-z0-9]+/g, '-')}`)
    const kindOf = (name: string) => FAULT_PODS[name.slice(0, name.indexOf('-'))]!
    const kills: string[] = []
    const checkers = podCheckers()
    let known = new Map<string, Pod>()

    const look = async (): Promise<Map<string, Pod>> => {
      const { items } = await server.client.list(Pod, { namespace: 'default' })
      const seen = new Map(items.map(pod => [pod.metadata.name ?? '', pod]))
      for (const [name, pod] of seen) {
        const previous = known.get(name)
        const change = { key: `/pods/default/${name}`, revision: 0, stored: { value: pod }, previous: previous && { value: previous } }
        for (const checker of checkers) assert.equal(checker.see(change as never), undefined, checker.name)
      }
      known = seen
      return seen
    }
    const kill = async () => {
      const delayMs = random.below(1_800)
      await pause(delayMs)
      if (victim === 'poise') {
        server.running.process.kill('SIGKILL')
        await server.running.ended
        server.close()
        kills.push(`poise after ${delayMs} ms`)
        await pause(random.below(500))
        server = await startPoise(home)
      } else {
        const what = await machine.kill(victim, random)
        kills.push(`${what} after ${delayMs} ms`)
        // So that nobody takes what was before for what comes after.
        await pause(400)
      }
    }
    const atRest = () =>
      until(`${names.join(', ')} at rest after ${kills.join(', ') || 'nothing'}`, async () => {
        const pods = await look()
        const waiting = names.flatMap(name => {
          const pod = pods.get(name)
          const problem = pod ? kindOf(name).awaits(pod) : 'it is not there'
          return problem ? [`${name}: ${problem}: ${JSON.stringify(pod?.status)}`] : []
        })
        return waiting.length > 0 ? waiting.join('\n') : machine.differsFrom([...pods.values()])
      })

    for (const name of names) await server.client.create(Pod, { metadata: { namespace: 'default', name }, spec: kindOf(name).spec } as never)
    if (moment === 'start') await kill()
    await atRest()
    if (moment === 'running') {
      await kill()
      await atRest()
    }
    for (const name of names) await server.client.delete(Pod, { namespace: 'default', name })
    if (moment === 'end') await kill()
    await until(`${names.join(', ')} gone after ${kills.join(', ')}`, async () => {
      const left = [...(await look()).values()]
      return left.length > 0 ? left.map(pod => `${pod.metadata.name} is there: ${JSON.stringify(pod.status)}`).join('\n') : undefined
    })
    await until(`nothing left of ${names.join(', ')} after ${kills.join(', ')}`, async () => (await machine.remains()).join('\n') || undefined)
    return { pods: names.length, kills: kills.length, story: `${names.length} Pods, at ${moment}: ${kills.join(', ')}` }
  }

  async function until(what: string, problem: () => Promise<string | undefined>): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS
    for (let last = ''; ;) {
      try {
        const wrong = await problem()
        if (wrong === undefined) return
        last = wrong
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error
        // Who was killed does not answer for a moment.
        last = String(error)
      }
      if (performance.now() > deadline) {
        const log = (await readFile(directories.log, 'utf8').catch(() => '')).split('\n').slice(-60).join('\n')
        assert.fail(`not within ${PATIENCE_MS / 1000} s: ${what}\n${last}\nPoise's log:\n${log}`)
      }
      await pause(150)
    }
  }

  return {
    run,
    async close() {
      await machine.close()
      server.close()
    },
  }
}

/** What is on the machine behind Poise's back. */
function createMachineSide(directories: ClusterDirectories, ranges: AddressRanges) {
  const paths = containerdPaths(directories.containerd)
  const unused = () => Promise.reject(new Error('not used here'))
  const runtime: ContainerRuntime = createCriRuntime({
    socketPath: paths.socket,
    clock: createClock(),
    log: silentLog,
    openRemoteCommand: unused,
    openPortForward: unused,
  })

  return {
    async kill(victim: 'containerd' | 'shim' | 'process', random: Random): Promise<string> {
      const [pid, what] = await choose(victim, random)
      if (pid === 0) return `no ${victim}`
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        return `${what}, which had ended`
      }
      return what
    },
    /** Every container that runs is one that a Pod says runs, and the other way round. */
    async differsFrom(pods: readonly Pod[]): Promise<string | undefined> {
      const real = (await runtime.listContainers()).filter(({ state }) => state === 'running').map(({ id }) => id)
      const said = pods.flatMap(runningIds)
      const difference = [
        ...real.filter(id => !said.includes(id)).map(id => `${id} runs and no Pod says so`),
        ...said.filter(id => !real.includes(id)).map(id => `${id} is said to run and does not`),
      ]
      return difference.join('\n') || undefined
    },
    remains: () => remains(runtime, directories, ranges, 'poise'),
    close: () => runtime.close(),
  }

  async function choose(victim: 'containerd' | 'shim' | 'process', random: Random): Promise<[pid: number, what: string]> {
    if (victim === 'containerd') return [Number(await readFile(paths.pid, 'utf8').catch(() => '0')), victim]
    const shims = await listShims(paths.socket)
    const shim = shims[random.below(Math.max(1, shims.length))]
    if (!shim) return [0, victim]
    if (victim === 'shim') return [shim.pid, victim]
    const children = (await Promise.all(shims.map(({ pid }) => childrenOf(pid)))).flat()
    return [children[random.below(Math.max(1, children.length))] ?? 0, "a container's first process"]
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => [])
  const lists = await Promise.all(threads.map(thread => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')))
  return lists.flatMap(list => list.trim().split(' ')).flatMap(text => (text ? [Number(text)] : []))
}

/** Suites that start at the same time may pick the same addresses before either has them: then the later one picks again. */
async function startFirst(home: Home, directories: ClusterDirectories): Promise<{ ranges: AddressRanges; server: Server }> {
  await mkdir(dirname(directories.network), { recursive: true, mode: 0o700 })
  for (let attempt = 0; ; attempt++) {
    const slot = await freeSlot(attempt)
    await writeFile(directories.network, JSON.stringify({ slot }))
    try {
      return { ranges: addressRanges(slot), server: await startPoise(home) }
    } catch (error) {
      if (attempt === 2 || !/in use/.test(String(error))) throw error
    }
  }
}

interface Server {
  readonly running: Running
  readonly client: Client
  close(): void
}

async function startPoise(home: Home): Promise<Server> {
  const running = home.start(['up', '--runtime', 'containerd', '--wait', '0s', '--log-level', 'info', '-q'])
  for (;;) {
    const record = await home.record()
    if (record?.pid === running.process.pid) break
    assert.equal(running.process.exitCode, null, `poise did not come up: ${running.said.stderr}`)
    await pause(10)
  }
  const { client, close } = await connectFromKubeconfig(`${home.path}/state/clusters/poise/kubeconfig`)
  while ((await client.list(ServiceAccount, { namespace: 'default' })).items.length === 0) await pause(20)
  return { running, client, close }
}
