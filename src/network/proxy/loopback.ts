import type { Service } from '../../api/kinds/service.ts'
import type { Target } from './service_ports.ts'

/**
 * Ports of the machine's own loopback that lead into the cluster: node ports at 127.0.0.1, and the addresses of load
 * balancers. The kernel's NAT cannot do it: it would have to let packets from outside reach every loopback address.
 */
export interface LoopbackForward {
  readonly listen: Target
  readonly to: Target
}

/** TCP only. `nodeAddress` is where node ports are reached from the machine. */
export function loopbackForwards({ spec, status }: Service, nodeAddress: string): LoopbackForward[] {
  const addresses = (status.loadBalancer.ingress ?? []).flatMap(({ ip }) => (ip?.startsWith('127.') ? [ip] : []))
  return (spec.ports ?? [])
    .filter(({ protocol, nodePort }) => protocol === 'TCP' && nodePort)
    .flatMap(({ port, nodePort }) => {
      const to = { address: nodeAddress, port: nodePort! }
      return [{ listen: { address: '127.0.0.1', port: nodePort! }, to }, ...addresses.map(address => ({ listen: { address, port }, to }))]
    })
}
