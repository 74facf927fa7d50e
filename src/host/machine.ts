/** What this machine is, for the Node object that stands for it. */
import { readFile, statfs } from 'node:fs/promises'
import { arch, availableParallelism, hostname, networkInterfaces, release, totalmem } from 'node:os'
import { createHash } from 'node:crypto'
import type { Machine } from '../kubelet/node/machine.ts'
import type { NodePlace } from './node_places.ts'

/** Kubernetes' own default for one node. */
const PODS_MAX = 110

export async function readMachine(storageDirectory: string): Promise<Machine> {
  const [machineId, bootId, osRelease, resolver, appArmor, filesystem] = await Promise.all([
    text('/etc/machine-id'),
    text('/proc/sys/kernel/random/boot_id'),
    text('/etc/os-release'),
    text('/etc/resolv.conf'),
    text('/sys/module/apparmor/parameters/enabled'),
    statfs(storageDirectory),
  ])
  const id = machineId || idFrom(hostname())
  return {
    hostname: hostname().toLowerCase(),
    addresses: outerAddresses(),
    cpuMilli: availableParallelism() * 1000,
    memoryBytes: totalmem(),
    ephemeralStorageBytes: filesystem.blocks * filesystem.bsize,
    podsMax: PODS_MAX,
    machineId: id,
    systemUuid: (await text('/sys/class/dmi/id/product_uuid')) || asUuid(id),
    bootId,
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)/m.exec(osRelease)?.[1] ?? process.platform,
    architecture: arch() === 'x64' ? 'amd64' : arch(),
    ...(appArmor === 'Y' && { hasAppArmor: true as const }),
    dns: parseResolverFile(resolver),
  }
}

/** A node of several on this machine: whatever tells machines apart is its own, and all the rest is shared. */
export function machineAt({ name, podCidr, network }: Pick<NodePlace, 'name' | 'podCidr' | 'network'>, machine: Machine): Machine {
  if (!network) return { ...machine, podCidr }
  const id = idFrom(`${machine.machineId} ${name}`)
  return { ...machine, podCidr, hostname: name, addresses: [network.address], machineId: id, systemUuid: asUuid(id) }
}

const idFrom = (seed: string): string => createHash('sha256').update(seed).digest('hex').slice(0, 32)
const asUuid = (id: string): string => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

const text = async (path: string): Promise<string> => (await readFile(path, 'utf8').catch(() => '')).trim()

/** The first IPv4 address that others can reach this machine under; a machine without network is its loopback. */
function outerAddresses(): string[] {
  const outer = Object.entries(networkInterfaces())
    .filter(([name]) => !/^(poise|veth|docker|br-|cni|lo)/.test(name))
    .flatMap(([, addresses]) => addresses ?? [])
    .filter(address => address.family === 'IPv4' && !address.internal)
    .map(address => address.address)
  return outer.length > 0 ? outer : ['127.0.0.1']
}

/** As resolv.conf(5) has it: of search and domain the last line holds, `#` and `;` begin a comment. */
export function parseResolverFile(content: string): Machine['dns'] {
  const lines = content.split('\n').map(line =>
    line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/),
  )
  const valuesOf = (...keywords: string[]) => lines.filter(([keyword]) => keywords.includes(keyword!)).map(([, ...values]) => values)
  return {
    servers: valuesOf('nameserver').flatMap(([server]) => (server ? [server] : [])),
    searches: valuesOf('search', 'domain').at(-1) ?? [],
    options: valuesOf('options').flat(),
  }
}
