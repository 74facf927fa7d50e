import type { Clock, Millis } from '../base/clock.ts'
import { sleep } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { RuleProgrammer } from '../network/proxy/proxy.ts'
import type { Destination, Protocol, ServicePort, Target } from '../network/proxy/service_ports.ts'
import { within, type Range } from './latency.ts'

/** The rules for Service traffic of one simulated machine. They are the machine's: a kubelet that crashes leaves them. */
export interface ServiceRoutes extends RuleProgrammer {
  /** Where a new connection is sent; undefined when the address is no Service's. */
  route(connection: { readonly address: string; readonly port: number; readonly protocol?: Protocol; readonly from?: string }): Routed | undefined
}

export type Routed = { readonly is: 'target'; readonly target: Target } | { readonly is: 'refuse' } | { readonly is: 'drop' }

export interface ServiceRoutesParts {
  readonly clock: Clock
  readonly random: Random
  /** Where node ports are. */
  readonly nodeAddress: string
  readonly programMs: Range
}

export function createServiceRoutes({ clock, random, nodeAddress, programMs }: ServiceRoutesParts): ServiceRoutes {
  const ports = new Map<string, ServicePort>()
  const byAddress = new Map<string, { readonly port: ServicePort; readonly destination: Destination }>()
  /** Which client went where, and until when that counts. */
  const affinity = new Map<string, { readonly target: Target; until: Millis }>()

  const apply = (port: ServicePort) => {
    ports.set(port.name, port)
    for (const [key, destination] of keysOf(port, nodeAddress)) byAddress.set(key, { port, destination })
  }
  const remove = (name: string) => {
    const port = ports.get(name)
    if (!port) return
    ports.delete(name)
    for (const [key] of keysOf(port, nodeAddress)) byAddress.delete(key)
  }

  return {
    async replace(all) {
      await sleep(clock, within(random, programMs), undefined, 'service rules')
      ports.clear()
      byAddress.clear()
      all.forEach(apply)
    },
    async change(changes) {
      await sleep(clock, within(random, programMs), undefined, 'service rules')
      // All that goes first: an address may pass from one Service to another.
      for (const name of changes.keys()) remove(name)
      for (const port of changes.values()) if (port) apply(port)
    },
    route({ address, port: number, protocol = 'tcp', from = '' }) {
      const found = byAddress.get(`${address} ${protocol} ${number}`)
      if (!found) return undefined
      const { destination, port } = found
      if (destination.is !== 'targets') return { is: destination.is }
      const { affinitySeconds } = port
      const client = `${port.name} ${from}`
      const remembered = affinitySeconds === undefined ? undefined : affinity.get(client)
      const target =
        remembered && remembered.until > clock.now() && destination.targets.some(each => isSame(each, remembered.target))
          ? remembered.target
          : destination.targets[random.below(destination.targets.length)]!
      if (affinitySeconds !== undefined) affinity.set(client, { target, until: clock.now() + affinitySeconds * 1000 })
      return { is: 'target', target }
    },
  }
}

const isSame = (a: Target, b: Target): boolean => a.address === b.address && a.port === b.port

function keysOf({ protocol, clusterIP, port, internal, external, externalAddresses, nodePort }: ServicePort, nodeAddress: string): [string, Destination][] {
  return [
    [`${clusterIP} ${protocol} ${port}`, internal],
    ...externalAddresses.map((address): [string, Destination] => [`${address} ${protocol} ${port}`, external]),
    ...(nodePort === undefined ? [] : [[`${nodeAddress} ${protocol} ${nodePort}`, external] as [string, Destination]]),
  ]
}
