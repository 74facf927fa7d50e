/**
 * `poise up`: a cluster on this machine, until Ctrl-C, or in the background with --detach.
 */
import { spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { InvalidArgumentError, type Command } from 'commander'
import { clusterDirectories, clustersDirectory, type ClusterDirectories } from '../host/directories.ts'
import { readClusterRecord, removeClusterRecord, writeClusterRecord } from '../host/cluster_record.ts'
import { writeFileAtomically } from '../host/atomic_file.ts'
import { addKubeconfig, kubeconfigPath } from '../host/kubeconfig.ts'
import { createLog } from '../host/log.ts'
import { startRealCluster, type RealCluster } from '../launch/real_cluster.ts'
import { parseRuntimeChoice, type RuntimeChoice } from '../launch/runtimes.ts'
import { VERSION } from '../launch/version.ts'
import type { LogLevel } from '../base/log.ts'
import type { Cli } from './main.ts'
import { contextName, nameOption } from './options.ts'
import { parseDuration, UserError } from './output.ts'

export interface UpOptions {
  name: string
  runtime: RuntimeChoice
  store: 'memory' | { directory: string } | undefined
  port: number
  address: string
  kubeconfig: string | undefined
  switchContext: boolean
  detach: boolean
  waitMs: number
  logLevel: LogLevel
}

const DEFAULT_WAIT_MS = 60_000
const POLL_MS = 50

export function addUpCommand(program: Command, cli: Cli): void {
  nameOption(program.command('up'), cli.env)
    .description('start a cluster (or resume the one of that name)')
    .option('--runtime <runtime>', 'auto, containerd, containerd=SOCKET or simulated', checkedRuntime, { is: 'auto' })
    .option('--store <store>', 'memory, or a directory (default: the cluster\'s own)', checkedStore)
    .option('--port <port>', 'the API server\'s port; 0 takes a free one', checkedPort, 0)
    .option('--address <address>', 'the address to listen on; anything but a loopback address opens the API to the network', '127.0.0.1')
    .option('--nodes <count>', 'how many nodes', checkedNodes, 1)
    .option('--kubeconfig <file>', 'write the context to this file only')
    .option('--no-switch-context', 'leave kubectl\'s current context as it is')
    .option('--detach', 'leave it running in the background', false)
    .option('--wait <duration>', 'how long to wait for the node to be Ready', parseDuration, DEFAULT_WAIT_MS)
    .option('--log-level <level>', 'debug, info, warn or error', checkedLevel, 'info')
    .action(async ({ wait, ...options }) => {
      const given: UpOptions = { ...options, waitMs: wait }
      await (given.detach ? detach(cli, given) : up(cli, given))
    })
}

/** In the foreground. */
async function up(cli: Cli, options: UpOptions): Promise<void> {
  const stopped = stopSignal()
  const { cluster, directories } = await start(cli, options)
  printWelcome(cli, options)
  cli.output.note('Press Ctrl-C to stop it; `poise up` resumes from disk.')
  await stopped
  await stop(cli, cluster, directories)
}

/** Starts a cluster, tells other programs about it, and waits for its node. Shared with the tour. */
export async function start(cli: Cli, options: UpOptions): Promise<{ cluster: RealCluster; directories: ClusterDirectories }> {
  const { output, env } = cli
  const directories = clusterDirectories(env, options.name)
  await refuseSecond(directories, options.name)
  await mkdir(directories.root, { recursive: true, mode: 0o700 })
  const done = output.step(`Starting cluster "${options.name}"`)
  const cluster = await startRealCluster({
    name: options.name,
    directories,
    clustersDirectory: clustersDirectory(env),
    runtime: options.runtime,
    store: options.store ?? { directory: directories.store },
    address: options.address,
    port: options.port,
    log: createLog({ level: options.logLevel, file: directories.log }),
  }).catch((error: unknown) => {
    done('failed')
    throw new UserError(`the cluster "${options.name}" could not be started: ${error instanceof Error ? error.message : String(error)}`, { next: `More is in its log: ${directories.log}` })
  })
  done()
  try {
    await writeFileAtomically(directories.kubeconfig, cluster.kubeconfig, 0o600)
    await addKubeconfig(kubeconfigPath(env, options.kubeconfig), cluster.kubeconfig, { switchContext: options.switchContext })
    await writeClusterRecord(directories.record, {
      name: options.name, server: cluster.server, runtime: cluster.runtime.kind, containerdSocket: cluster.runtime.socketPath,
      version: VERSION, nodes: cluster.nodes, startedAt: new Date().toISOString(),
    })
    if (cluster.runtime.note) output.note(`Containers are simulated: ${cluster.runtime.note}`)
    await waitForNodes(cli, cluster, options.waitMs)
  } catch (error) {
    await stop(cli, cluster, directories)
    throw error
  }
  return { cluster, directories }
}

async function waitForNodes({ output }: Cli, cluster: RealCluster, waitMs: number): Promise<void> {
  if (waitMs === 0) return
  const done = output.step(`Waiting for node ${cluster.nodes.join(', ')} to be Ready`)
  const late = AbortSignal.timeout(waitMs)
  try {
    await cluster.nodesReady(late)
    done()
  } catch (error) {
    done('failed')
    if (late.aborted) throw new UserError(`node ${cluster.nodes.join(', ')} was not Ready within ${waitMs / 1000} s`, { next: 'Give it longer with --wait 5m, or see why in the log (poise info).' })
    throw error
  }
}

export async function stop({ output }: Cli, cluster: RealCluster, directories: ClusterDirectories): Promise<void> {
  const done = output.step(`Stopping cluster "${cluster.name}"`)
  await cluster.stop({ containers: true })
  await removeClusterRecord(directories.record)
  done()
}

/** In the background: the same command without --detach, in a process of its own that writes to the cluster's log. */
async function detach(cli: Cli, options: UpOptions): Promise<void> {
  const directories = clusterDirectories(cli.env, options.name)
  await refuseSecond(directories, options.name)
  await mkdir(directories.root, { recursive: true, mode: 0o700 })
  const log = openSync(directories.log, 'a', 0o600)
  const args = process.argv.slice(1).filter(word => word !== '--detach')
  const done = cli.output.step(`Starting cluster "${options.name}"`)
  const child = spawn(process.execPath, [...args, '--wait', '0s'], { detached: true, stdio: ['ignore', log, log] })
  let ended: number | null | undefined
  child.on('exit', code => (ended = code))
  child.unref()
  const deadline = performance.now() + Math.max(options.waitMs, 10_000)
  for (;;) {
    const found = await readClusterRecord(directories.record)
    if (found?.running && found.record.pid === child.pid) break
    if (ended !== undefined || performance.now() > deadline) {
      done('failed')
      throw new UserError(ended === undefined ? `the cluster "${options.name}" did not start in time` : `the cluster "${options.name}" could not be started`, { next: `See why in its log: ${directories.log}` })
    }
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
  done()
  await waitFromOutside(cli, directories, options)
  printWelcome(cli, options)
  cli.output.note(`It runs in the background; stop it with: poise down${options.name === 'poise' ? '' : ` --name ${options.name}`}`)
}

async function waitFromOutside({ output }: Cli, directories: ClusterDirectories, { waitMs }: UpOptions): Promise<void> {
  if (waitMs === 0) return
  const { connectFromKubeconfig } = await import('./connection.ts')
  const { client, close } = await connectFromKubeconfig(directories.kubeconfig)
  const done = output.step('Waiting for the node to be Ready')
  try {
    const deadline = performance.now() + waitMs
    for (;;) {
      const { Node } = await import('../api/kinds/node.ts')
      const { items } = await client.list(Node).catch(() => ({ items: [] }))
      if (items.length > 0 && items.every(node => node.status?.conditions?.some(c => c.type === 'Ready' && c.status === 'True'))) break
      if (performance.now() > deadline) {
        done('failed')
        throw new UserError(`the node was not Ready within ${waitMs / 1000} s`, { next: `See why in the cluster's log: ${directories.log}` })
      }
      await new Promise(resolve => setTimeout(resolve, POLL_MS))
    }
    done()
  } finally {
    await close()
  }
}

async function refuseSecond(directories: ClusterDirectories, name: string): Promise<void> {
  const found = await readClusterRecord(directories.record)
  if (found?.running) throw new UserError(`a cluster "${name}" is running already (process ${found.record.pid})`, { next: `Use it with: kubectl --context ${contextName(name)} get nodes. Or start another one with: poise up --name other` })
}

function printWelcome({ output }: Cli, { name, switchContext }: UpOptions): void {
  const context = contextName(name)
  output.note(switchContext ? `Set kubectl context to "${context}"` : `Added kubectl context "${context}"`)
  output.note('You can now use your cluster with:\n')
  output.note(`kubectl cluster-info --context ${context}\n`)
}

/** Resolves at the first Ctrl-C or TERM; at the second the process ends at once. */
export function stopSignal(): Promise<void> {
  return new Promise(resolve => {
    let asked = false
    const ask = () => {
      if (asked) process.exit(130)
      asked = true
      resolve()
    }
    process.on('SIGINT', ask)
    process.on('SIGTERM', ask)
    process.on('SIGHUP', ask)
  })
}

function checkedRuntime(text: string): RuntimeChoice {
  const choice = parseRuntimeChoice(text)
  if (!choice) throw new InvalidArgumentError('use auto, containerd, containerd=/path/to/containerd.sock or simulated.')
  return choice
}

function checkedStore(text: string): 'memory' | { directory: string } {
  if (text === 'memory') return 'memory'
  if (/^[a-z]+:\/\//.test(text)) throw new InvalidArgumentError('only memory or a directory can be used yet; etcd comes later.')
  return { directory: text }
}

function checkedPort(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new InvalidArgumentError('use a number from 0 to 65535.')
  return port
}

function checkedNodes(text: string): number {
  if (text !== '1') throw new InvalidArgumentError('only one node can be started yet.')
  return 1
}

function checkedLevel(text: string): LogLevel {
  if (text !== 'debug' && text !== 'info' && text !== 'warn' && text !== 'error') throw new InvalidArgumentError('use debug, info, warn or error.')
  return text
}
