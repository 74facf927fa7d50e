/**
 * What joins a cluster on this machine: the address its own servers listen on for Pods, and, where nodes have network
 * namespaces of their own, a cable to each, with routes to its Pods.
 *
 * All of it hangs on devices, namespaces and tables that are named after the cluster: `poise down` takes them away, and
 * touches nothing of the machine's own. What is there already is kept, so that Pods outlive a killed Poise.
 */
import { access, readFile, writeFile } from 'node:fs/promises'
import type { Host } from '../base/host.ts'
import type { AddressRanges } from './address_ranges.ts'
import { defaultRouteMtu, removeMasquerade, removeTable, setUpMasquerade } from './containerd/network.ts'
import { nodeHost } from './node_host.ts'
import { leadNames } from './node_names.ts'
import { onNode, type ClusterPlaces, type NodeNetwork, type NodePlace } from './node_places.ts'

export interface ClusterNetworkOptions {
  readonly ranges: AddressRanges
  readonly places: ClusterPlaces
  readonly host: Pick<Host, 'processes' | 'log'>
}

/** Resolves to whether it was there before, in part or whole. */
export async function setUpClusterNetwork({ ranges, places, host }: ClusterNetworkOptions): Promise<{ readonly wasThere: boolean }> {
  const device = deviceOf(ranges)
  const wasThere = !(await addDevice(device, host))
  await ip(host, [`link set ${device} up`, `address replace ${places.serversAddress}/32 dev ${device}`])
  const nodes = places.nodes.flatMap(({ network, ...place }) => (network ? [{ ...place, network }] : []))
  if (nodes.length === 0) return { wasThere }
  // Programs of the machine reach Services, too, and are seen as coming from its end of the cables.
  await ip(host, [`route replace ${ranges.serviceCidr} dev ${device} src ${places.serversAddress}`])
  await forwardPackets()
  const mtu = await defaultRouteMtu()
  await Promise.all(nodes.map(node => connectNode(node, mtu, host)))
  await Promise.all(nodes.map(node => leadNames(node, nodeHost(host, node))))
  await setUpMasquerade({ networkName: ranges.networkName, podCidr: ranges.podCidr }, host)
  return { wasThere }
}

/** No error when nothing is there. */
export async function removeClusterNetwork({ ranges, places, host }: ClusterNetworkOptions): Promise<void> {
  const devices = places.nodes.flatMap(({ network }) => (network ? [network.namespace] : []))
  for (const device of [...devices, deviceOf(ranges)]) if (await isDevice(device)) await ip(host, [`link delete ${device}`])
  for (const namespace of devices) if (await isThere(namespaceFile(namespace))) await ip(host, [`netns delete ${namespace}`])
  await removeMasquerade(ranges.networkName, host.processes)
  await removeTable(serviceTableOf(ranges), host.processes)
}

/** Rules for Service traffic: of the machine, or of a node in its own namespace. */
export const serviceTableOf = ({ networkName }: Pick<NodePlace, 'networkName'>): string => `${networkName}-proxy`

/** Other users' clusters are known by it, too: see `claimAddressRanges`. */
const deviceOf = ({ networkName }: AddressRanges): string => `${networkName}-svc`

interface ConnectedNode extends Pick<NodePlace, 'podCidr'> {
  readonly network: NodeNetwork
}

async function connectNode({ network, podCidr }: ConnectedNode, mtu: number, host: ClusterNetworkOptions['host']): Promise<void> {
  const { namespace, address, machineAddress } = network
  const [hasNamespace, hasCable] = await Promise.all([isThere(namespaceFile(namespace)), isDevice(namespace)])
  await ip(host, [
    // Its other end is in a namespace without a name, which goes when its last process has ended.
    ...(hasCable && !hasNamespace ? [`link delete ${namespace}`] : []),
    ...(hasNamespace ? [] : [`netns add ${namespace}`]),
    ...(hasCable && hasNamespace ? [] : [`link add ${namespace} mtu ${mtu} type veth peer name ${INTERFACE} mtu ${mtu} netns ${namespace}`]),
    // What is masqueraded on its way into the cable gets the cable's address.
    `address replace ${machineAddress}/32 dev ${namespace}`,
    `link set ${namespace} up`,
  ])
  await ip(
    host,
    [
      'link set lo up',
      `address replace ${address}/32 dev ${INTERFACE}`,
      `link set ${INTERFACE} up`,
      `route replace ${machineAddress} dev ${INTERFACE} scope link`,
      `route replace default via ${machineAddress}`,
    ],
    ['-n', namespace],
  )
  await ip(host, [`route replace ${address} dev ${namespace} src ${machineAddress}`, `route replace ${podCidr} via ${address} src ${machineAddress}`])
  const [program, ...args] = [...onNode({ network }), 'sh', '-c', `echo 1 >${FORWARDING}`]
  const { exitCode, stderr } = await host.processes.run(program!, args)
  if (exitCode !== 0) throw new Error(`the node cannot pass packets on to its Pods: ${stderr.trim()}`)
}

const INTERFACE = 'eth0'
const FORWARDING = '/proc/sys/net/ipv4/ip_forward'

/** Between nodes, as the network plugin sees to it between the Pods of one. */
async function forwardPackets(): Promise<void> {
  if ((await readFile(FORWARDING, 'utf8')).trim() !== '1') await writeFile(FORWARDING, '1')
}

/** Resolves to whether it is new: another process may have been quicker. */
async function addDevice(name: string, { processes }: Pick<Host, 'processes'>): Promise<boolean> {
  const { exitCode, stderr } = await processes.run('ip', ['link', 'add', name, 'type', 'bridge'])
  if (exitCode === 0) return true
  if (/File exists/.test(stderr)) return false
  throw new Error(`ip link add ${name}: ${stderr.trim()}`)
}

/** The first that fails ends it. */
async function ip({ processes }: Pick<Host, 'processes'>, commands: readonly string[], options: readonly string[] = []): Promise<void> {
  const { exitCode, stderr } = await processes.run('ip', [...options, '-batch', '-'], { stdin: `${commands.join('\n')}\n` })
  if (exitCode !== 0) throw new Error(`ip: ${stderr.trim()} (of ${commands.join('; ')})`)
}

export const namespaceFile = (name: string): string => `/run/netns/${name}`
const isDevice = (name: string) => isThere(`/sys/class/net/${name}`)
const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
