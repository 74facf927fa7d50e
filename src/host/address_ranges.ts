/**
 * The addresses of a cluster. Clusters on one machine must not overlap, so each takes the first free slot and keeps it:
 * slot 0 has Pods in 10.244.0.0/16 and Services in 10.96.0.0/16 (kubeadm's usual ones), slot 1 the next, and so on.
 */
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { writeFileAtomically } from './atomic_file.ts'
import { withFileLock } from './file_lock.ts'

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
}

const SLOTS = 10
const LOAD_BALANCERS = 200

export const addressRanges = (slot: number): AddressRanges => ({
  slot,
  podCidr: `10.${244 + slot}.0.0/16`,
  serviceCidr: `10.${96 + slot}.0.0/16`,
  gateway: `10.${244 + slot}.0.1`,
  apiServerIP: `10.${96 + slot}.0.1`,
  dnsIP: `10.${96 + slot}.0.10`,
  loadBalancerAddresses: Array.from({ length: LOAD_BALANCERS }, (_, index) => `127.0.${100 + slot}.${index + 1}`),
  networkName: `poise${slot}`,
})

/** Of its own, so that clusters on one machine, and a real kubelet, do not meet in /kubepods. */
export const cgroupRootOf = ({ networkName }: AddressRanges): string => `/${networkName}`

/** The ranges a cluster has had before, or the first that no other cluster of this machine has. */
export async function claimAddressRanges(clustersDirectory: string, networkFile: string, networkDevices = '/sys/class/net'): Promise<AddressRanges> {
  const own = await slotIn(networkFile)
  if (own !== undefined) return addressRanges(own)
  await mkdir(dirname(networkFile), { recursive: true, mode: 0o700 })
  await mkdir(clustersDirectory, { recursive: true, mode: 0o700 })
  // Two clusters that start at the same time would both see the same slot free.
  return withFileLock(join(clustersDirectory, '.address-ranges.lock'), async () => {
    const taken = new Set<number | undefined>()
    for (const slot of await slotsInUse(networkDevices)) taken.add(slot)
    for (const name of await readdir(clustersDirectory)) taken.add(await slotIn(join(clustersDirectory, name, 'network.json')))
    const free = Array.from({ length: SLOTS }, (_, slot) => slot).find(slot => !taken.has(slot))
    if (free === undefined) throw new Error(`all ${SLOTS} address ranges are taken by other clusters; remove one with: poise down --delete --name NAME`)
    await writeFileAtomically(networkFile, `${JSON.stringify({ slot: free })}\n`, 0o600)
    return addressRanges(free)
  })
}

/** Those of other users' clusters, whose directories are not ours to look into. */
async function slotsInUse(networkDevices: string): Promise<number[]> {
  const devices = await readdir(networkDevices).catch(() => [])
  return devices.flatMap(device => /^poise(\d+)-svc$/.exec(device)?.[1] ?? []).map(Number)
}

async function slotIn(file: string): Promise<number | undefined> {
  try {
    const { slot } = JSON.parse(await readFile(file, 'utf8')) as { slot: unknown }
    return Number.isInteger(slot) && (slot as number) >= 0 && (slot as number) < SLOTS ? (slot as number) : undefined
  } catch {
    return undefined
  }
}
