/** `poise down`: stops a cluster and what it started. One that is not there is no error. */
import { access, rm } from 'node:fs/promises'
import type { Command } from 'commander'
import { AddressesInUse, claimAddressRanges, readRanges, type AddressRanges } from '../host/address_ranges.ts'
import { listClusterNames, readClusterRecord, removeClusterRecord } from '../host/cluster_record.ts'
import { namespaceFile } from '../host/cluster_network.ts'
import { containerdPaths } from '../host/containerd/config.ts'
import { clusterDirectories, clustersDirectory, type ClusterDirectories } from '../host/directories.ts'
import { createHost } from '../host/host.ts'
import { kubeconfigPath, removeKubeconfig } from '../host/kubeconfig.ts'
import { createLog } from '../host/log.ts'
import { clusterPlaces, type ClusterPlaces } from '../host/node_places.ts'
import type { Cli } from './main.ts'
import { contextName, duration, nameOption } from './options.ts'
import { UserError } from './output.ts'
import { requestShutdown } from './shutdown_request.ts'

interface DownOptions {
  readonly remove: boolean
  readonly kubeconfig: string | undefined
  /** 0: what runs is ended at once, and starts again with the cluster. */
  readonly graceMs: number
}

const STOP_MS = 60_000
const POLL_MS = 20

export function addDownCommand(program: Command, cli: Cli): void {
  nameOption(program.command('down'), cli.env)
    .description('stop a cluster; its objects stay on disk for the next `poise up`')
    .option('--grace <duration>', 'let Pods end first, for so long at most, as on a machine that shuts down; the last third is for critical ones', duration)
    .option('--delete', 'also delete its objects and everything else it has on disk', false)
    .option('--all', 'every cluster of this user', false)
    .option('--kubeconfig <file>', 'remove the context from this file')
    .action(async ({ name, grace, delete: remove, all, kubeconfig }: { name: string; grace?: number; delete: boolean; all: boolean; kubeconfig?: string }) => {
      const names = all ? await listClusterNames(clustersDirectory(cli.env)) : [name]
      for (const one of names) await down(cli, one, { remove, kubeconfig, graceMs: grace ?? 0 })
    })
}

async function down({ output, env }: Cli, name: string, { remove, kubeconfig, graceMs }: DownOptions): Promise<void> {
  const directories = clusterDirectories(env, name)
  const found = await readClusterRecord(directories.record)
  if (found?.running) {
    const done = output.step(`Stopping cluster "${name}"`)
    if (graceMs > 0) await requestShutdown(directories.shutdown, graceMs)
    process.kill(found.record.pid, 'SIGTERM')
    const stopMs = STOP_MS + graceMs
    const deadline = performance.now() + stopMs
    while ((await readClusterRecord(directories.record))?.running) {
      if (performance.now() > deadline) {
        done('failed')
        throw new UserError(`the cluster "${name}" (process ${found.record.pid}) did not stop within ${stopMs / 1000} s`, {
          next: `Its log says what it waits for: ${directories.log}`,
        })
      }
      await new Promise(resolve => setTimeout(resolve, POLL_MS))
    }
    done()
  }
  // A cluster that was killed left containers and a containerd behind: they go too, and so do those of a deleted one.
  const ranges = (await isThere(directories.containerd)) ? await claimOwnRanges(env, name, directories) : undefined
  const places = ranges && clusterPlaces(name, ranges, directories)
  if (places && (remove || (await isRunning(places)))) {
    if (process.getuid?.() !== 0) throw new UserError(`the containers of cluster "${name}" were started by root`, { next: 'Run the same command as root.' })
    const { removeNodes } = await import('../host/remove_nodes.ts')
    await removeNodes({ ranges, places, directories, host: createHost({ log: createLog({ level: 'warn' }) }) })
  }
  // Volumes show directories of the machine: what is still mounted must never be removed with them.
  await createHost({ log: createLog({ level: 'warn' }) }).mounts.unmountBelow(directories.kubelet)
  await removeClusterRecord(directories.record)
  await removeKubeconfig(kubeconfigPath(env, kubeconfig), contextName(name))
  if (found) await removeKubeconfig({ read: found.record.kubeconfig, write: '' }, contextName(name))
  if (remove) await rm(directories.root, { recursive: true, force: true })
  output.note(found || remove ? `Cluster "${name}" is ${remove ? 'deleted' : 'stopped'}` : `No cluster "${name}" is running`)
}

/** Undefined when another cluster has them since this one was stopped: of this one there are only files then. */
async function claimOwnRanges(env: Cli['env'], name: string, directories: ClusterDirectories): Promise<AddressRanges | undefined> {
  try {
    return await claimAddressRanges(clustersDirectory(env), directories.network)
  } catch (error) {
    if (!(error instanceof AddressesInUse)) throw error
    const { nodes } = clusterPlaces(name, (await readRanges(directories.network))!, directories)
    const hasContainerd = await isAnyThere(nodes.map(({ containerd }) => containerdPaths(containerd).pid))
    if (hasContainerd) throw new UserError(error.message.replace(/\. Next: .*/, ''), { next: 'Stop that one first.' })
    return undefined
  }
}

/** Whether a killed cluster has left a containerd, or a node's network. */
const isRunning = ({ nodes }: ClusterPlaces): Promise<boolean> =>
  isAnyThere(nodes.flatMap(({ containerd, network }) => [containerdPaths(containerd).pid, ...(network ? [namespaceFile(network.namespace)] : [])]))

const isAnyThere = async (paths: readonly string[]): Promise<boolean> => (await Promise.all(paths.map(isThere))).includes(true)

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
