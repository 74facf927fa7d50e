/** Starts a cluster in this process and ends it: what `poise up` and the tour share. */
import type { LogLevel } from '../base/log.ts'
import { writeFileAtomically } from '../host/atomic_file.ts'
import { readClusterRecord, removeClusterRecord, writeClusterRecord } from '../host/cluster_record.ts'
import { clusterDirectories, clustersDirectory, type ClusterDirectories } from '../host/directories.ts'
import { addKubeconfig, kubeconfigPath, removeKubeconfig, type KubeconfigPaths } from '../host/kubeconfig.ts'
import { createLog, type HostLog } from '../host/log.ts'
import { startRealCluster, type RealCluster } from '../launch/real_cluster.ts'
import type { RuntimeChoice } from '../launch/runtimes.ts'
import { VERSION } from '../launch/version.ts'
import { failure } from './failure.ts'
import { tellPressures } from './pressure.ts'
import { takeShutdownRequest } from './shutdown_request.ts'
import { makeStateDirectory } from './state_directory.ts'
import type { Cli } from './main.ts'
import { contextName } from './options.ts'
import { UserError } from './output.ts'
import type { StopSignal } from './stop_signal.ts'

export interface UpOptions {
  name: string
  runtime: RuntimeChoice
  store: 'memory' | { directory: string } | undefined
  port: number
  address: string
  /** Undefined: as many as the cluster has, or one. */
  nodes?: number
  kubeconfig: string | undefined
  switchContext: boolean
  detach: boolean
  waitMs: number
  logLevel: LogLevel
  allowedUnsafeSysctls?: readonly string[]
}

export interface StartedCluster {
  readonly cluster: RealCluster
  /** Ends it, and takes away what other programs were told about it. */
  stop(): Promise<void>
}

/** Starts a cluster, tells other programs about it, and waits for its node; the wait ends early when a stop is asked for. */
export async function start(cli: Cli, options: UpOptions, { signal }: StopSignal): Promise<StartedCluster> {
  const { output, env } = cli
  const { name } = options
  const directories = clusterDirectories(env, name)
  const kubeconfig = kubeconfigPath(env, options.kubeconfig)
  const store = options.store ?? { directory: directories.store }
  await refuseSecond(directories, name)
  // Left behind by a process that was killed before it could read it.
  await takeShutdownRequest(directories.shutdown)
  const log = await prepare(directories, options.logLevel)
  const done = output.step(`Starting cluster "${name}"`)
  const cluster = await startRealCluster({
    name,
    directories,
    store,
    log,
    clustersDirectory: clustersDirectory(env),
    runtime: options.runtime,
    address: options.address,
    port: options.port,
    nodeCount: options.nodes,
    allowedUnsafeSysctls: options.allowedUnsafeSysctls,
  }).catch((error: unknown) => {
    done('failed')
    log.error('the cluster could not be started', { error })
    throw failure(`the cluster "${name}" could not be started`, error, directories.log)
  })
  const started: StartedCluster = { cluster, stop: () => stop(cli, cluster, directories, kubeconfig, log) }
  try {
    await writeFileAtomically(directories.kubeconfig, cluster.kubeconfig, 0o600)
    await addKubeconfig(kubeconfig, cluster.kubeconfig, { switchContext: options.switchContext })
    await writeClusterRecord(directories.record, {
      name,
      server: cluster.server,
      runtime: cluster.runtime.kind,
      containerdSockets: cluster.nodes.flatMap(({ socketPath }) => socketPath ?? []),
      store: store === 'memory' ? 'memory' : store.directory,
      kubeconfig: kubeconfig.read,
      version: VERSION,
      nodes: cluster.nodes.map(({ name: node }) => node),
      startedAt: new Date().toISOString(),
    })
    done()
    if (cluster.runtime.note) output.note(`Containers are simulated: ${cluster.runtime.note.replace(/[.]? Next: .*/, '')}`)
    await waitForNodes(cli, cluster, options.waitMs, signal)
    await tellPressures(output, cluster.client, directories.root)
  } catch (error) {
    done('failed')
    await started.stop()
    throw failure(`the cluster "${name}" could not be started`, error, directories.log)
  }
  return started
}

async function prepare(directories: ClusterDirectories, level: LogLevel): Promise<HostLog> {
  await makeStateDirectory(directories.root)
  return createLog({ level, file: directories.log })
}

async function waitForNodes({ output }: Cli, cluster: RealCluster, waitMs: number, stopped: AbortSignal): Promise<void> {
  if (waitMs === 0) return
  const what = describeNodes(cluster.nodes.map(({ name }) => name))
  const done = output.step(`Waiting for ${what} to be Ready`)
  const late = AbortSignal.timeout(waitMs)
  try {
    await cluster.nodesReady(AbortSignal.any([late, stopped]))
    done()
  } catch (error) {
    done('failed')
    if (stopped.aborted) return
    if (late.aborted)
      throw new UserError(`${what} ${cluster.nodes.length === 1 ? 'was' : 'were'} not Ready within ${waitMs / 1000} s`, {
        next: 'Give it longer with --wait 5m, or see why in the log (poise info).',
      })
    throw error
  }
}

export const describeNodes = (names: readonly string[]): string => `${names.length === 1 ? 'node' : 'nodes'} ${names.join(', ')}`

async function stop({ output }: Cli, cluster: RealCluster, directories: ClusterDirectories, kubeconfig: KubeconfigPaths, log: HostLog): Promise<void> {
  const done = output.step(`Stopping cluster "${cluster.name}"`)
  await removeKubeconfig(kubeconfig, contextName(cluster.name)).catch((error: unknown) =>
    log.warn('the context stays in the kubeconfig', { error: String(error) }),
  )
  const grace = await takeShutdownRequest(directories.shutdown)
  if (grace) await cluster.shutDown(grace)
  await cluster.stop({ containers: true })
  await removeClusterRecord(directories.record)
  log.close()
  done()
}

/** Two processes with one cluster's files would undo each other's work. */
export async function refuseSecond(directories: ClusterDirectories, name: string): Promise<void> {
  const found = await readClusterRecord(directories.record)
  if (found?.running)
    throw new UserError(`a cluster "${name}" is running already (process ${found.record.pid})`, {
      next: `Use it with: kubectl --context ${contextName(name)} get nodes. Or start another one with: poise up --name other`,
    })
}
