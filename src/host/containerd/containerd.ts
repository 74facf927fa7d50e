/**
 * A containerd of our own, below one state directory.
 *
 *   startContainerd ─▶ alive from last time? adopt it : write its files, start it, give it the pause image
 *
 * It runs in a session of its own: containers, and containerd itself, survive when Poise is killed, and are adopted by
 * the next start. When only containerd has died, it is started again and finds its containers by their shims.
 */
import { spawn } from 'node:child_process'
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import type { Clock } from '../../base/clock.ts'
import { sleep } from '../../base/clock.ts'
import type { Host } from '../../base/host.ts'
import { createCriClient } from '../cri/client.ts'
import { ImageRequest, ImageStatusResponse, StatusRequest, StatusResponse } from '../cri/messages.ts'
import { runtimeStatus } from '../cri/statuses.ts'
import { cniConfigList, containerdConfig, containerdPaths, HOST_PORT_HANDLER, snapshotterOf } from './config.ts'
import type { ContainerdPaths } from './config.ts'
import { importImage, loadImage } from './images.ts'
import type { ImageStore } from './images.ts'
import { canOverlay, inspectMachine, MachineNotReady, systemPath } from './machine.ts'
import type { Machine } from './machine.ts'
import { defaultRouteMtu, setUpMasquerade } from './network.ts'
import { buildPauseImage, PAUSE_IMAGE } from './pause_image.ts'
import { startRegistry } from './registry.ts'

export interface ContainerdOptions {
  /** Absolute, and short: the path of a unix socket below it may have 107 bytes. */
  readonly stateDirectory: string
  readonly podCidr: string
  /** All nodes' Pods; this node's when there is no other. */
  readonly clusterCidr?: string
  /** The CNI network's name: every containerd of this machine needs another one. Letters, digits and dashes. */
  readonly networkName: string
  readonly host: Pick<Host, 'clock' | 'processes' | 'log'>
}

export interface Containerd {
  readonly socketPath: string
  readonly pid: number
  readonly logFile: string
  /** It was already running. */
  readonly adopted: boolean
  /** For sandboxes with hostPorts; see createCriRuntime. */
  readonly hostPortHandler: string
  /** An archive in OCI's layout or of `docker save`. Returns the images' full names; from now on they can be pulled, too. */
  loadImage(tarFile: string): Promise<string[]>
  /** Ends what runs in this process. containerd and its containers go on. */
  close(): Promise<void>
  /** Ends containerd as well. What runs in containers goes on. */
  stop(): Promise<void>
}

const SOCKET_PATH_BYTES_MAX = 107
const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 10_000

export async function startContainerd(options: ContainerdOptions): Promise<Containerd> {
  const { stateDirectory, networkName, podCidr, clusterCidr = podCidr, host } = options
  const machine = await inspectMachine()
  const paths = containerdPaths(stateDirectory)
  if (Buffer.byteLength(paths.socket) > SOCKET_PATH_BYTES_MAX) {
    throw new MachineNotReady(`${paths.socket} is too long for a unix socket. Next: choose a shorter state directory`)
  }
  let pidBefore = await livingContainerd(paths)
  const isOutdated = await writeFiles(options, machine, paths)
  if (pidBefore !== undefined && isOutdated) {
    await stop(pidBefore, host.clock, paths)
    pidBefore = undefined
  }
  const pid = pidBefore ?? (await launch(machine, paths))
  const store = { machine, paths, processes: host.processes }
  try {
    await Promise.all([
      untilReady(paths, pid, host.clock).then(() => ensurePauseImage(store, paths, host.clock)),
      setUpMasquerade({ networkName, podCidr, clusterCidr }, host),
    ])
  } catch (error) {
    if (pidBefore === undefined) await stop(pid, host.clock, paths)
    throw error
  }
  const registry = await startRegistry(paths)
  // One after the other: each adds to the same list of what was loaded.
  let lastLoad: Promise<unknown> = Promise.resolve()
  host.log.info('containerd is ready', { pid, adopted: pidBefore !== undefined, socket: paths.socket })
  return {
    socketPath: paths.socket,
    pid,
    logFile: paths.log,
    adopted: pidBefore !== undefined,
    hostPortHandler: HOST_PORT_HANDLER,
    loadImage(tarFile) {
      const load = lastLoad.then(() => loadImage(store, tarFile))
      lastLoad = load.catch(() => {})
      return load
    },
    close: () => registry.close(),
    async stop() {
      await registry.close()
      await stop(pid, host.clock, paths)
    },
  }
}

/** The process that was started with this configuration and still runs: its number alone could be anybody's by now. */
export async function livingContainerd(paths: ContainerdPaths): Promise<number | undefined> {
  const pid = Number(await readFile(paths.pid, 'utf8').catch(() => ''))
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return commandLine.split('\0').includes(paths.config) ? pid : undefined
}

/** Returns whether a containerd that is running with the old files needs to be started anew. */
async function writeFiles({ podCidr, networkName, stateDirectory, host }: ContainerdOptions, machine: Machine, paths: ContainerdPaths): Promise<boolean> {
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
  })
  if (config !== before) await writeFile(paths.config, config)
  // These it reads again by itself.
  const network = { networkName, podCidr, mtu: await defaultRouteMtu() }
  await writeFile(`${paths.cniConfig}/10-poise.conflist`, cniConfigList(paths, { ...network, hostPorts: false }))
  await writeFile(`${paths.cniHostPortConfig}/10-poise.conflist`, cniConfigList(paths, { ...network, hostPorts: true }))
  return config !== before
}

async function launch(machine: Machine, paths: ContainerdPaths): Promise<number> {
  // The file of a containerd that has died would be taken for a living one's.
  await rm(paths.socket, { force: true })
  await rename(paths.log, `${paths.log}.1`).catch(() => {})
  const output = await open(paths.log, 'a', 0o600)
  try {
    const child = spawn(machine.containerd, ['--config', paths.config], {
      cwd: '/',
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
      env: { ...process.env, PATH: systemPath() },
    })
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject))
    child.unref()
    await writeFile(paths.pid, `${child.pid}\n`)
    return child.pid!
  } finally {
    await output.close()
  }
}

async function untilReady(paths: ContainerdPaths, pid: number, clock: Clock): Promise<void> {
  const deadline = clock.now() + START_TIMEOUT_MS
  let last: unknown
  while (clock.now() < deadline) {
    if ((await livingContainerd(paths)) !== pid) throw new Error(`containerd ended while it was starting: ${await lastLine(paths.log)}. Its log: ${paths.log}`)
    // A client for each try: one that was refused would first wait before it dials again.
    const client = createCriClient(paths.socket)
    try {
      const { runtimeReady, networkReady, message } = runtimeStatus(
        await client.call('/runtime.v1.RuntimeService/Status', StatusRequest, StatusResponse, {}, { timeoutMs: 5_000 }),
      )
      if (runtimeReady && networkReady) return
      last = message
    } catch (error) {
      last = error
    } finally {
      client.close()
    }
    await sleep(clock, 10)
  }
  throw new Error(`containerd did not become ready within ${START_TIMEOUT_MS / 1000} s: ${String(last)}. Its log: ${paths.log}`)
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

async function stop(pid: number, clock: Clock, paths: ContainerdPaths): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if ((await livingContainerd(paths)) !== pid) break
    process.kill(pid, signal)
    for (const deadline = clock.now() + STOP_TIMEOUT_MS; (await livingContainerd(paths)) === pid && clock.now() < deadline;) await sleep(clock, 10)
  }
  await rm(paths.pid, { force: true })
}

async function lastLine(file: string): Promise<string> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).trimEnd().split('\n')
  return lines.at(-1) || 'it wrote nothing'
}
