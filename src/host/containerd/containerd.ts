/**
 * A containerd of our own, below one state directory.
 *
 *   startContainerd ─▶ alive from last time? adopt it : write its files, start it, give it the pause image
 *
 * It runs in a session of its own: containers, and containerd itself, survive when Poise is killed, and are adopted by
 * the next start. When only containerd has died, the supervisor starts it again, and it finds its containers by their shims.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import type { Clock } from '../../base/clock.ts'
import { every, sleep } from '../../base/clock.ts'
import type { Host } from '../../base/host.ts'
import { createCriClient } from '../cri/client.ts'
import { ImageRequest, ImageStatusResponse } from '../cri/messages.ts'
import { cniConfigList, containerdConfig, containerdPaths, HOST_PORT_HANDLER, snapshotterOf } from './config.ts'
import type { ContainerdPaths } from './config.ts'
import { importImage, loadedImages, loadImage } from './images.ts'
import type { ImageStore } from './images.ts'
import type { NodeNetwork } from '../node_places.ts'
import { findLeftovers, removeLeftovers } from './leftovers.ts'
import { createLostTasks } from './lost_tasks.ts'
import { canOverlay, inspectMachine, MachineNotReady } from './machine.ts'
import type { Machine } from './machine.ts'
import { defaultRouteMtu, setUpMasquerade } from './network.ts'
import { buildPauseImage, PAUSE_IMAGE } from './pause_image.ts'
import { isContainerd, launchContainerd, livingContainerd, stopContainerd, untilContainerdReady } from './process.ts'
import { startRegistry } from './registry.ts'
import { supervise } from './supervisor.ts'

export interface ContainerdOptions {
  /** Absolute, and short: the path of a unix socket below it may have 107 bytes. */
  readonly stateDirectory: string
  readonly podCidr: string
  /** The CNI network's name: every containerd of this machine needs another one. Letters, digits and dashes. */
  readonly networkName: string
  /** Its programs run where its node is. */
  readonly host: Pick<Host, 'clock' | 'processes' | 'log'>
  /** Where its node is; left out, on the machine itself. */
  readonly node?: ContainerdNode | undefined
}

export interface ContainerdNode {
  /** What its containers on the node's network take it for. */
  readonly hostname: string
  readonly network: NodeNetwork
}

export interface Containerd {
  readonly socketPath: string
  /** Of the one that runs now: another one follows when it dies. */
  readonly pid: number
  readonly logFile: string
  /** It was already running. */
  readonly adopted: boolean
  /** For sandboxes with hostPorts; see createCriRuntime. */
  readonly hostPortHandler: string
  /** An archive in OCI's layout or of `docker save`. Returns the images' full names; from now on they can be pulled, too. */
  loadImage(tarFile: string): Promise<string[]>
  /** Full names of what was loaded from files, and of the sandboxes' own image: no registry has them, so they may not be removed to make room. */
  pinnedImages(): Promise<ReadonlySet<string>>
  /** Ends what runs in this process. containerd and its containers go on, and nobody starts it again. */
  close(): Promise<void>
  /** Ends containerd as well. What runs in containers goes on. */
  stop(): Promise<void>
}

const SOCKET_PATH_BYTES_MAX = 107
const LOST_TASKS_EVERY_MS = 15_000

export async function startContainerd(options: ContainerdOptions): Promise<Containerd> {
  const { stateDirectory, networkName, podCidr, host, node } = options
  const machine = await inspectMachine()
  const paths = containerdPaths(stateDirectory)
  if (Buffer.byteLength(paths.socket) > SOCKET_PATH_BYTES_MAX) {
    throw new MachineNotReady(`${paths.socket} is too long for a unix socket. Next: choose a shorter state directory`)
  }
  let pidBefore = await livingContainerd(paths)
  const isOutdated = await writeFiles(options, machine, paths)
  if (pidBefore !== undefined && isOutdated) {
    await stopContainerd(pidBefore, host.clock, paths)
    pidBefore = undefined
  }
  const store = { machine, paths, processes: host.processes }
  const start = (signal?: AbortSignal) => startAnother(store, options, signal)
  // What leaves a node with a network of its own is the machine's affair, which joins it to the others.
  const [pid] = await Promise.all([pidBefore ?? start(), node ? undefined : setUpMasquerade({ networkName, podCidr }, host)])
  if (pidBefore !== undefined) {
    await untilContainerdReady(paths, pid, host.clock)
    await ensurePauseImage(store, paths, host.clock)
  }
  const registry = await startRegistry(paths, node?.network)
  const looking = new AbortController()
  const lostTasks = createLostTasks(paths, host)
  const looks = every(host.clock, LOST_TASKS_EVERY_MS, looking.signal, lostTasks.look, 'look for lost tasks')
  const supervised = supervise({ pid, clock: host.clock, log: host.log, isAlive: number => isContainerd(number, paths), start })
  const close = async () => {
    looking.abort(new Error('containerd is left to itself'))
    await Promise.all([looks, supervised.close(), registry.close()])
  }
  // One after the other: each adds to the same list of what was loaded.
  let lastLoad: Promise<unknown> = Promise.resolve()
  if (!machine.hasSysResource) {
    host.log.warn('without CAP_SYS_RESOURCE no process can be made less likely to be killed when memory runs out', {
      effect: 'oom_score_adj of sandboxes, and of Guaranteed and large Burstable Pods, is that of Poise itself where it should be lower',
    })
  }
  host.log.info('containerd is ready', { pid, adopted: pidBefore !== undefined, socket: paths.socket })
  return {
    socketPath: paths.socket,
    get pid() {
      return supervised.pid
    },
    logFile: paths.log,
    adopted: pidBefore !== undefined,
    hostPortHandler: HOST_PORT_HANDLER,
    loadImage(tarFile) {
      const load = lastLoad.then(() => loadImage(store, tarFile))
      lastLoad = load.catch(() => {})
      return load
    },
    pinnedImages: async () => new Set([PAUSE_IMAGE, ...Object.keys(await loadedImages(paths))]),
    close,
    async stop() {
      await close()
      await stopContainerd(supervised.pid, host.clock, paths)
    },
  }
}

/** Ready, or ended again. What the one before it may have left in the middle is removed. */
async function startAnother(
  store: ImageStore & { machine: Machine; paths: ContainerdPaths },
  options: ContainerdOptions,
  signal?: AbortSignal,
): Promise<number> {
  const { machine, paths } = store
  const { networkName, host, node } = options
  const ports = { paths, networkName, machine, host }
  const leftovers = await findLeftovers(ports)
  const pid = await launchContainerd(machine, paths, node)
  try {
    await untilContainerdReady(paths, pid, host.clock, signal)
    await ensurePauseImage(store, paths, host.clock)
  } catch (error) {
    await stopContainerd(pid, host.clock, paths)
    throw error
  }
  await removeLeftovers(leftovers, ports)
  return pid
}

/** Returns whether a containerd that is running with the old files needs to be started anew. */
async function writeFiles({ podCidr, networkName, stateDirectory, host, node }: ContainerdOptions, machine: Machine, paths: ContainerdPaths): Promise<boolean> {
  for (const path of [paths.root, paths.state, paths.cniConfig, paths.cniHostPortConfig, paths.cniState, `${paths.registryHosts}/_default`]) {
    await mkdir(path, { recursive: true, mode: 0o711 })
  }
  const before = await readFile(paths.config, 'utf8').catch(() => '')
  // The images that are here were unpacked by the first one's choice.
  const snapshotter = snapshotterOf(before) ?? ((await canOverlay(stateDirectory, host.processes)) ? 'overlayfs' : 'native')
  const config = containerdConfig(paths, {
    snapshotter,
    restrictOomScoreAdj: !machine.hasSysResource,
    cniPlugins: machine.cniPlugins,
    pauseImage: PAUSE_IMAGE,
    streamAddress: node?.network.address ?? '127.0.0.1',
  })
  if (config !== before) await writeFile(paths.config, config)
  // These it reads again by itself.
  const network = { networkName, podCidr, mtu: await defaultRouteMtu() }
  await writeFile(`${paths.cniConfig}/10-poise.conflist`, cniConfigList(paths, { ...network, hostPorts: false }))
  await writeFile(`${paths.cniHostPortConfig}/10-poise.conflist`, cniConfigList(paths, { ...network, hostPorts: true }))
  return config !== before
}

async function ensurePauseImage(store: ImageStore, paths: ContainerdPaths, clock: Clock): Promise<void> {
  const client = createCriClient(paths.socket)
  const isThere = async () => {
    const request = { image: { image: PAUSE_IMAGE } }
    return (await client.call('/runtime.v1.ImageService/ImageStatus', ImageRequest, ImageStatusResponse, request)).image !== undefined
  }
  try {
    if (await isThere()) return
    await writeFile(paths.pauseImage, await buildPauseImage())
    await importImage(store, paths.pauseImage)
    await rm(paths.pauseImage)
    for (const deadline = clock.now() + 5_000; clock.now() < deadline;) {
      if (await isThere()) return
      await sleep(clock, 5)
    }
    throw new Error(`containerd does not see ${PAUSE_IMAGE} after it was imported. Its log: ${paths.log}`)
  } finally {
    client.close()
  }
}
