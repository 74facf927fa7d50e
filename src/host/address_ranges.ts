/**
 * The addresses of a cluster. Clusters on one machine must not overlap, so each takes the first free slot and keeps it:
 * slot 0 has Pods in 10.244.0.0/16 and Services in 10.96.0.0/16 (kubeadm's usual ones), slot 1 the next, and so on.
 */
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { writeFileAtomically } from './atomic_file.ts'
import { withFileLock } from './file_lock.ts'
import { processStart } from './process_start.ts'

export interface AddressRanges {
  readonly slot: number
  readonly podCidr: string
  readonly serviceCidr: string
  /** The nodes' end of the Pod network. */
  readonly gateway: string
  /** The cluster IP of `kubernetes` in `default`. */
  readonly apiServerIP: string
  readonly dnsIP: string
  /** Of the machine's own loopback, for Services of type LoadBalancer. */
  readonly loadBalancerAddresses: readonly string[]
  /** What the machine's network devices and tables of this cluster are named after. */
  readonly networkName: string
  /** How many nodes share them: chosen with them, because Pods' addresses are divided among nodes. */
  readonly nodeCount: number
}

/** Each has a part of the third byte of Pod addresses, and of the last one of its own. */
export const NODES_MAX = 9

/** A cluster has other nodes than it was asked for; the message says what to do. */
export class OtherNodeCount extends Error {
  override readonly name = 'OtherNodeCount'
}

/** Another living cluster has them: this one has to wait. The message says what to do. */
export class AddressesInUse extends Error {
  override readonly name = 'AddressesInUse'
}

const SLOTS = 10
const LOAD_BALANCERS = 200

export const addressRanges = (slot: number, nodeCount = 1): AddressRanges => ({
  slot,
  podCidr: `10.${244 + slot}.0.0/16`,
  serviceCidr: `10.${96 + slot}.0.0/16`,
  gateway: `10.${244 + slot}.0.1`,
  apiServerIP: `10.${96 + slot}.0.1`,
  dnsIP: `10.${96 + slot}.0.10`,
  loadBalancerAddresses: Array.from({ length: LOAD_BALANCERS }, (_, index) => `127.0.${100 + slot}.${index + 1}`),
  networkName: `poise${slot}`,
  nodeCount,
})

/** Of its own, so that clusters on one machine, and a real kubelet, do not meet in /kubepods. */
export const cgroupRootOf = ({ networkName }: AddressRanges): string => `/${networkName}`

export interface RangesWish {
  /** Default: as many as the cluster has, or one. */
  readonly nodeCount?: number | undefined
  /** False for simulated containers: their addresses exist in one process only, and other clusters may have the same. */
  readonly onMachine?: boolean
  readonly networkDevices?: string
  /** Where the clusters of all users of this machine say which slot they have. Default: /run/poise for root; others start no containers. */
  readonly claimsDirectory?: string
}

/**
 * The ranges a cluster has had before, or the first that no other cluster of this machine has; those of another user's
 * stopped cluster come last. Nodes can be added to several, and none taken away; a single one is the machine itself, and
 * stays alone. Throws OtherNodeCount otherwise, and AddressesInUse.
 */
export async function claimAddressRanges(
  clustersDirectory: string,
  networkFile: string,
  { nodeCount, onMachine = true, networkDevices = '/sys/class/net', claimsDirectory = claimsOfThisMachine() }: RangesWish = {},
): Promise<AddressRanges> {
  const claims = onMachine && claimsDirectory !== undefined ? await openClaims(claimsDirectory) : undefined
  const own = await readRanges(networkFile)
  if (own) {
    const problem = nodeCount === undefined ? undefined : cannotHave(nodeCount, own.nodeCount)
    if (problem) throw new OtherNodeCount(problem)
    const ranges = addressRanges(own.slot, nodeCount ?? own.nodeCount)
    await claims?.take(own.slot, networkFile)
    if (ranges.nodeCount !== own.nodeCount) await writeRanges(networkFile, ranges)
    return ranges
  }
  await mkdir(dirname(networkFile), { recursive: true, mode: 0o700 })
  await mkdir(clustersDirectory, { recursive: true, mode: 0o700 })
  // Two clusters that start at the same time would both see the same slot free.
  return withFileLock(claims?.lock ?? join(clustersDirectory, '.address-ranges.lock'), async () => {
    const taken = new Set<number | undefined>(await claims?.taken(networkFile))
    for (const slot of await slotsInUse(networkDevices)) taken.add(slot)
    for (const name of await readdir(clustersDirectory)) taken.add((await readRanges(join(clustersDirectory, name, 'network.json')))?.slot)
    const wanted = await claims?.wanted(networkFile)
    const free = slots.find(slot => !taken.has(slot) && !wanted?.has(slot)) ?? slots.find(slot => !taken.has(slot))
    if (free === undefined) throw new Error(`all ${SLOTS} address ranges are taken by other clusters; remove one with: poise down --delete --name NAME`)
    const ranges = addressRanges(free, nodeCount)
    await claims?.write(free, networkFile)
    await writeRanges(networkFile, ranges)
    return ranges
  })
}

function cannotHave(wanted: number, has: number): string | undefined {
  if (wanted === has || (wanted > has && has > 1)) return undefined
  return has === 1
    ? "this cluster's only node is the machine itself, and others cannot join it. Next: poise down --delete and then up again, or another cluster with --name"
    : `this cluster has ${has} nodes, and none can be taken away. Next: leave out --nodes, or poise down --delete and then up again`
}

interface Claim {
  readonly pid: number
  readonly started: string
  readonly networkFile: string
}

const claimsOfThisMachine = (): string | undefined => (process.getuid?.() === 0 ? '/run/poise' : undefined)
const slots: readonly number[] = Array.from({ length: SLOTS }, (_, slot) => slot)
const claimFile = (directory: string, slot: number): string => join(directory, `slot-${slot}.json`)

async function readClaim(directory: string, slot: number): Promise<Claim | undefined> {
  try {
    return JSON.parse(await readFile(claimFile(directory, slot), 'utf8')) as Claim
  } catch {
    return undefined
  }
}

/** Of the clusters that had each slot last, whoever started them: those of killed processes, too, as long as nobody else has their slot. */
export async function claimedNetworkFiles(claimsDirectory = claimsOfThisMachine()): Promise<string[]> {
  const claims = claimsDirectory === undefined ? [] : await Promise.all(slots.map(slot => readClaim(claimsDirectory, slot)))
  return claims.flatMap(claim => (typeof claim?.networkFile === 'string' ? [claim.networkFile] : []))
}

/** What clusters have said of themselves: it counts as long as the process lives that said so. */
async function openClaims(directory: string) {
  await mkdir(directory, { recursive: true, mode: 0o755 })
  const lock = join(directory, 'address-ranges.lock')
  /** Who had it last; a cluster that has been deleted needs it no more. */
  const owner = async (slot: number): Promise<Claim | undefined> => {
    const claim = await readClaim(directory, slot)
    return claim && (await readRanges(claim.networkFile))?.slot === slot ? claim : undefined
  }
  /** Whose slot it is, if somebody lives who has claimed it. */
  const holder = async (slot: number): Promise<string | undefined> => {
    const claim = await owner(slot)
    if (!claim || claim.started === '' || (await processStart(claim.pid)) !== claim.started) return undefined
    return claim.networkFile
  }
  const write = async (slot: number, networkFile: string): Promise<void> => {
    const claim: Claim = { pid: process.pid, started: await processStart(process.pid), networkFile }
    await writeFileAtomically(claimFile(directory, slot), `${JSON.stringify(claim)}\n`, 0o644)
  }
  return {
    lock,
    write,
    async taken(networkFile: string): Promise<number[]> {
      const holders = await Promise.all(slots.map(holder))
      return slots.filter(slot => holders[slot] !== undefined && holders[slot] !== networkFile)
    },
    /** Those of other clusters that are on disk. One that is stopped cannot be resumed while somebody else has its slot. */
    async wanted(networkFile: string): Promise<ReadonlySet<number>> {
      const owners = await Promise.all(slots.map(owner))
      return new Set(slots.filter(slot => owners[slot] !== undefined && owners[slot].networkFile !== networkFile))
    },
    /** Throws when another living cluster has it: both would have the same addresses. */
    take: (slot: number, networkFile: string): Promise<void> =>
      withFileLock(lock, async () => {
        const other = await holder(slot)
        if (other === undefined || other === networkFile) return write(slot, networkFile)
        throw new AddressesInUse(
          `the addresses of this cluster (${addressRanges(slot).podCidr}) are in use by the one in ${dirname(other)}. Next: stop that one, or poise down --delete and up again`,
        )
      }),
  }
}

/** Those of other users' clusters, whose directories are not ours to look into. */
async function slotsInUse(networkDevices: string): Promise<number[]> {
  const devices = await readdir(networkDevices).catch(() => [])
  return devices.flatMap(device => /^poise(\d+)-(?:svc|node\d+)$/.exec(device)?.[1] ?? []).map(Number)
}

/** Those that a cluster has claimed; undefined when it has none. */
export async function readRanges(networkFile: string): Promise<AddressRanges | undefined> {
  try {
    const { slot, nodes = 1 } = JSON.parse(await readFile(networkFile, 'utf8')) as { slot: unknown; nodes?: unknown }
    return isBetween(0, slot, SLOTS - 1) && isBetween(1, nodes, NODES_MAX) ? addressRanges(slot, nodes) : undefined
  } catch {
    return undefined
  }
}

const writeRanges = (networkFile: string, { slot, nodeCount }: AddressRanges): Promise<void> =>
  writeFileAtomically(networkFile, `${JSON.stringify({ slot, nodes: nodeCount })}\n`, 0o600)

const isBetween = (min: number, value: unknown, max: number): value is number => Number.isInteger(value) && (value as number) >= min && (value as number) <= max
