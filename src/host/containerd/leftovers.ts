/**
 * What a containerd that was killed in the middle of making or removing a sandbox has lost track of: network namespaces,
 * addresses, records of the network's plugins, shims.
 *
 *   dead ─▶ note all there is ─▶ start the next one ─▶ ask what it knows ─▶ remove the rest
 *
 * Noted before it starts, so that nothing it makes itself is taken for lost.
 */
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Host } from '../../base/host.ts'
import { messageOf } from '../../base/error_message.ts'
import { createCriClient } from '../cri/client.ts'
import { ListPodSandboxRequest, ListPodSandboxResponse } from '../cri/messages.ts'
import type { ContainerdPaths } from './config.ts'
import type { Machine } from './machine.ts'
import { killShims, listShims } from './shims.ts'

export interface Leftovers {
  /** Names of the files that hold network namespaces. */
  readonly namespaces: readonly string[]
  /** By the file that records it: whose it is, and in which namespace. */
  readonly records: ReadonlyMap<string, NetworkRecord>
  /** Sandboxes that hold an address, by the file that says so; '' where it says nothing. */
  readonly addresses: ReadonlyMap<string, string>
  readonly shims: ReadonlySet<number>
}

interface NetworkRecord {
  readonly sandboxId: string
  readonly namespace: string
}

export interface LeftoverPorts {
  readonly paths: ContainerdPaths
  readonly networkName: string
  readonly machine: Pick<Machine, 'cniPlugins'>
  readonly host: Pick<Host, 'clock' | 'processes' | 'log'>
}

/** The network plugins' library keeps its records there for everybody on the machine. */
const RECORDS = '/var/lib/cni/results'
const INTERFACE = 'eth0'

/** While no containerd runs on these paths. */
export async function findLeftovers({ paths, networkName }: LeftoverPorts): Promise<Leftovers> {
  return {
    namespaces: await names(paths.networkNamespaces),
    records: await networkRecords(paths, networkName),
    addresses: await addressesHeld(join(paths.cniState, networkName)),
    shims: new Set((await listShims(paths.socket)).map(({ pid }) => pid)),
  }
}

/** Once the next containerd is ready. What cannot be removed is said in the log, and is found again the next time. */
export async function removeLeftovers(found: Leftovers, ports: LeftoverPorts): Promise<void> {
  const { paths, host } = ports
  if (found.namespaces.length + found.records.size + found.addresses.size + found.shims.size === 0) return
  try {
    const known = await knownSandboxes(paths.socket)
    const isLost = (id: string) => !known.has(id)
    await killShims(paths.socket, host.clock, ({ pid, sandboxId }) => found.shims.has(pid) && isLost(sandboxId))

    const lost = new Map<string, string>()
    for (const [file, sandboxId] of found.addresses) {
      if (sandboxId === '') await rm(file, { force: true })
      else if (isLost(sandboxId)) lost.set(sandboxId, '')
    }
    for (const { sandboxId, namespace } of found.records.values()) if (isLost(sandboxId)) lost.set(sandboxId, namespace)
    for (const [sandboxId, namespace] of lost) await leaveNetwork(sandboxId, namespace, ports)
    for (const [file, { sandboxId }] of found.records) if (isLost(sandboxId)) await rm(join(RECORDS, file), { force: true })

    const used = new Set([...found.records.values()].filter(({ sandboxId }) => !isLost(sandboxId)).map(({ namespace }) => basename(namespace)))
    const lived = await namespacesLivedIn()
    for (const name of found.namespaces) {
      const file = join(paths.networkNamespaces, name)
      const info = await stat(file).catch(() => undefined)
      if (!used.has(name) && !lived.has(info?.ino ?? 0)) await removeNamespace(file, host)
    }
    if (lost.size > 0) host.log.info('sandboxes that containerd had not finished when it was killed were removed', { sandboxes: lost.size })
  } catch (error) {
    host.log.warn('what a killed containerd has left could not be removed', { error: messageOf(error) })
  }
}

/** Of a cluster that goes for good: nobody else will ever look for them. */
export async function removeNetworkRecords(paths: ContainerdPaths, networkName: string): Promise<void> {
  for (const file of (await networkRecords(paths, networkName)).keys()) await rm(join(RECORDS, file), { force: true })
}

async function knownSandboxes(socketPath: string): Promise<Set<string>> {
  const client = createCriClient(socketPath)
  try {
    const { items } = await client.call('/runtime.v1.RuntimeService/ListPodSandbox', ListPodSandboxRequest, ListPodSandboxResponse, {}, { timeoutMs: 10_000 })
    return new Set(items.map(({ id }) => id))
  } finally {
    client.close()
  }
}

/** The plugins undo what they have done, the last one first. Their address and their rules go; the cable goes with its namespace. */
async function leaveNetwork(sandboxId: string, namespace: string, { paths, machine, host }: LeftoverPorts): Promise<void> {
  const list = JSON.parse(await readFile(join(paths.cniHostPortConfig, '10-poise.conflist'), 'utf8')) as {
    cniVersion: string
    name: string
    plugins: { type: string }[]
  }
  for (const plugin of list.plugins.toReversed()) {
    const { exitCode, stdout } = await host.processes.run(join(machine.cniPlugins, plugin.type), [], {
      stdin: JSON.stringify({ cniVersion: list.cniVersion, name: list.name, ...plugin }),
      env: {
        CNI_COMMAND: 'DEL',
        CNI_CONTAINERID: sandboxId,
        CNI_NETNS: namespace,
        CNI_IFNAME: INTERFACE,
        CNI_PATH: machine.cniPlugins,
      },
      timeoutMs: 10_000,
    })
    if (exitCode !== 0) host.log.warn('a lost sandbox could not leave its network', { sandbox: sandboxId, plugin: plugin.type, error: stdout })
  }
}

async function removeNamespace(file: string, { processes, log }: LeftoverPorts['host']): Promise<void> {
  // A file that was made and not yet mounted upon is left behind, too.
  await processes.run('umount', ['--lazy', file])
  await rm(file, { force: true }).catch((error: unknown) => log.warn('a lost network namespace could not be removed', { file, error: messageOf(error) }))
}

async function networkRecords(paths: ContainerdPaths, networkName: string): Promise<Map<string, NetworkRecord>> {
  const records = new Map<string, NetworkRecord>()
  for (const file of await names(RECORDS)) {
    const isOurs = file.startsWith(`${networkName}-`)
    if (!isOurs && !file.startsWith('cni-loopback-')) continue
    const record = parsed(await readFile(join(RECORDS, file), 'utf8').catch(() => ''))
    const namespace = record?.result?.interfaces?.find(({ sandbox }) => sandbox)?.sandbox ?? ''
    // Of the loopback devices of everybody's sandboxes, those in our namespaces.
    if (record?.containerId && (isOurs || namespace.startsWith(`${paths.networkNamespaces}/`))) records.set(file, { sandboxId: record.containerId, namespace })
  }
  return records
}

interface RecordFile {
  readonly containerId?: string
  readonly result?: { readonly interfaces?: readonly { readonly sandbox?: string }[] }
}

/** One that was cut off while it was written holds nothing. */
function parsed(text: string): RecordFile | undefined {
  try {
    return JSON.parse(text) as RecordFile
  } catch {
    return undefined
  }
}

/** host-local has a file for each address, which says the sandbox on its first line. */
async function addressesHeld(directory: string): Promise<Map<string, string>> {
  const held = new Map<string, string>()
  for (const name of await names(directory)) {
    if (!/^[\d.]+$/.test(name)) continue
    const [sandboxId] = (await readFile(join(directory, name), 'utf8').catch(() => '')).split(/\s/)
    held.set(join(directory, name), sandboxId ?? '')
  }
  return held
}

/** Their inodes: a namespace in which something runs belongs to somebody. */
async function namespacesLivedIn(): Promise<Set<number>> {
  const pids = (await names('/proc')).filter(name => /^\d+$/.test(name))
  const infos = await Promise.all(pids.map(pid => stat(`/proc/${pid}/ns/net`).catch(() => undefined)))
  return new Set(infos.flatMap(info => (info ? [info.ino] : [])))
}

const names = (directory: string): Promise<string[]> => readdir(directory).catch(() => [])
