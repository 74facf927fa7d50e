/**
 * Real Pods beside the bare CRI calls that they cannot do without, in turn on one containerd.
 *
 *   npm run bench -- pods [rounds]
 *
 * Needs root, containerd, runc, the CNI plugins and a static busybox, of which the image is made. `bare` is RunPodSandbox,
 * CreateContainer, StartContainer; and StopContainer, StopPodSandbox. They are given what the kubelet gave the runtime for a
 * Pod that stays: cgroup, DNS, labels, environment, mounts of its token, hosts file and last words. So the ratio has in it what
 * Poise does beside the calls, and nothing that the calls were asked. The container obeys TERM at once.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pod } from '../src/api/kinds/pod.ts'
import { ServiceAccount } from '../src/api/kinds/service_account.ts'
import { silentLog } from '../src/base/log.ts'
import { withBusyboxArchive } from '../src/host/containerd/busybox_image.ts'
import { inspectMachine } from '../src/host/containerd/machine.ts'
import { removeNodes } from '../src/host/remove_nodes.ts'
import { clusterDirectories, clustersDirectory } from '../src/host/directories.ts'
import { startRealCluster, type RealCluster } from '../src/launch/real_cluster.ts'
import type { ContainerConfig, ContainerRuntime, PodSandboxConfig } from '../src/runtime/runtime.ts'
import { cpuSeconds, residentMb } from './read_process.ts'
import { median, printMachine, printTable, skip, spread } from './report.ts'
import { isReady, watchPod } from './watch_pod.ts'

const rounds = Number(process.argv.find(word => /^\d+$/.test(word)) ?? 7)
const IMAGE = 'docker.io/library/busybox:1.28'
const COMMAND = ['sh', '-c', 'trap "exit 0" TERM; sleep 3600 & wait']
const GRACE_MS = 30_000
const AT_ONCE = 10

await inspectMachine().catch((error: unknown) => skip(error instanceof Error ? error.message : String(error)))
printMachine()
const base = await mkdtemp(join(tmpdir(), 'poise-bench-'))
const env = { POISE_HOME: base }
const directories = clusterDirectories(env, 'bench')
await mkdir(directories.root, { recursive: true, mode: 0o700 })
const cluster = await startRealCluster({
  name: 'bench',
  directories,
  clustersDirectory: clustersDirectory(env),
  runtime: { is: 'containerd' },
  store: { directory: directories.store },
  port: 0,
  log: silentLog,
})
try {
  await withBusyboxArchive([IMAGE], file => cluster.nodes[0]!.containerd!.loadImage(file))
  await cluster.nodesReady(AbortSignal.timeout(60_000))
  while (!(await cluster.client.list(ServiceAccount, { namespace: 'default' })).items.length) await new Promise(resolve => setTimeout(resolve, 10))
  await measure(cluster)
} finally {
  await cluster.stop()
  await removeNodes({ ...cluster, directories })
  await rm(base, { recursive: true, force: true })
}

async function measure({ nodes: [node], client }: RealCluster): Promise<void> {
  const { runtime } = node!
  const pattern = await patternOf(runtime, () => create('pattern'))
  const bare = bareCalls(runtime, pattern)
  await bare('warm')
  await onePod('warm')
  const bareUp: number[] = []
  const bareDown: number[] = []
  const podUp: number[] = []
  const podDown: number[] = []
  for (let round = 0; round < rounds; round++) {
    const raw = await bare(`bare-${round}`)
    bareUp.push(raw.upMs)
    bareDown.push(raw.downMs)
    const pod = await onePod(`pod-${round}`)
    podUp.push(pod.upMs)
    podDown.push(pod.downMs)
  }
  const tenUp: number[] = []
  const tenDown: number[] = []
  const bareTenUp: number[] = []
  const bareTenDown: number[] = []
  for (let round = 0; round < Math.ceil(rounds / 3); round++) {
    const names = (what: string): string[] => Array.from({ length: AT_ONCE }, (_, i) => `${what}-${round}-${i}`)
    const raw = await Promise.all(names('bare-ten').map(name => bare(name)))
    bareTenUp.push(Math.max(...raw.map(({ upMs }) => upMs)))
    bareTenDown.push(Math.max(...raw.map(({ downMs }) => downMs)))
    const keys = names('ten').map(name => ({ namespace: 'default', name }))
    tenUp.push(await timed(() => Promise.all(keys.map(({ name }) => create(name)))))
    await settle()
    tenDown.push(await timed(() => Promise.all(keys.map(({ name }) => remove(name)))))
  }
  const ratio = (ours: readonly number[], theirs: readonly number[]): string => median(ours.map((ms, i) => ms / theirs[i]!)).toFixed(2)
  printTable(
    `${rounds} rounds, in turn: median (least to most), ms`,
    ['what', 'Pod', 'bare CRI calls', 'ratio'],
    [
      ['create → Ready', spread(podUp), spread(bareUp), ratio(podUp, bareUp)],
      ['delete → gone', spread(podDown), spread(bareDown), ratio(podDown, bareDown)],
      [`${AT_ONCE} at once → Ready`, spread(tenUp), spread(bareTenUp), ratio(tenUp, bareTenUp)],
      [`${AT_ONCE} at once → gone`, spread(tenDown), spread(bareTenDown), ratio(tenDown, bareTenDown)],
    ],
  )
  const before = cpuSeconds(process.pid)
  await new Promise(resolve => setTimeout(resolve, 15_000))
  printTable(
    'afterwards, for 15 s, this process (control plane, node and bench; not containerd)',
    ['resident MB', 'CPU % of a core'],
    [[Math.round(residentMb(process.pid)), (((cpuSeconds(process.pid) - before) / 15) * 100).toFixed(2)]],
  )

  async function onePod(name: string): Promise<{ upMs: number; downMs: number }> {
    const upMs = await timed(() => create(name))
    await settle()
    return { upMs, downMs: await timed(() => remove(name)) }
  }

  async function create(name: string): Promise<void> {
    const key = { namespace: 'default', name }
    const spec = { containers: [{ name: 'main', image: IMAGE, imagePullPolicy: 'IfNotPresent', command: COMMAND }] } as never
    await client.create(Pod, { metadata: key, spec })
    await watchPod(client, key, pod => pod !== undefined && isReady(pod))
  }

  async function remove(name: string): Promise<void> {
    const key = { namespace: 'default', name }
    const gone = watchPod(client, key, pod => pod === undefined)
    await client.delete(Pod, key)
    await gone
  }
}

interface Pattern {
  readonly sandbox: PodSandboxConfig
  readonly container: ContainerConfig
}

/** What the runtime is asked for when a Pod is made. */
async function patternOf(runtime: ContainerRuntime, makePod: () => Promise<void>): Promise<Pattern> {
  const { runPodSandbox, createContainer } = runtime
  let sandbox: PodSandboxConfig | undefined
  let container: ContainerConfig | undefined
  Object.assign(runtime, {
    runPodSandbox: (config: PodSandboxConfig) => runPodSandbox((sandbox = config)),
    createContainer: (id: string, config: ContainerConfig, ofSandbox: PodSandboxConfig) => createContainer(id, (container = config), ofSandbox),
  })
  await makePod()
  Object.assign(runtime, { runPodSandbox, createContainer })
  return { sandbox: sandbox!, container: container! }
}

function bareCalls(runtime: ContainerRuntime, pattern: Pattern): (name: string) => Promise<{ upMs: number; downMs: number }> {
  return async name => {
    const logDirectory = join(base, 'bare-logs', name)
    await mkdir(join(logDirectory, 'main'), { recursive: true })
    const { uid } = pattern.sandbox.metadata
    const config: PodSandboxConfig = {
      ...pattern.sandbox,
      metadata: { ...pattern.sandbox.metadata, name, uid: name },
      hostname: name,
      logDirectory,
      // Kept apart from Pods by whoever looks for those that the API does not know.
      labels: Object.fromEntries(Object.entries(pattern.sandbox.labels).map(([key, value]) => [`bare.${key}`, value])),
      cgroupParent: pattern.sandbox.cgroupParent.replace(uid, name),
    }
    let sandbox = ''
    let container = ''
    const upMs = await timed(async () => {
      sandbox = await runtime.runPodSandbox(config)
      container = await runtime.createContainer(sandbox, pattern.container, config)
      await runtime.startContainer(container)
    })
    await settle()
    const downMs = await timed(async () => {
      await runtime.stopContainer(container, GRACE_MS)
      await runtime.stopPodSandbox(sandbox)
    })
    await runtime.removePodSandbox(sandbox)
    return { upMs, downMs }
  }
}

/** The shell has to have set its trap, or it does not hear the signal at all. */
function settle(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, 300))
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}
