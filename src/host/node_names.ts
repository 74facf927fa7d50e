/**
 * Names for the programs of a node in its own network, such as the containerd that pulls images: the machine's
 * /etc/resolv.conf counts there, too, but a name server on the machine's loopback (127.0.0.53, for one) is not there.
 *
 *   node asks 127.0.0.53 ─▶ rule of its namespace ─▶ the cluster's name server on the machine ─▶ 127.0.0.53 of the machine
 */
import { readFile } from 'node:fs/promises'
import { messageOf } from '../base/error_message.ts'
import type { Host } from '../base/host.ts'
import { parseResolverFile } from './machine.ts'
import { runNft } from './nftables.ts'
import type { NodePlace } from './node_places.ts'

/** @param host programs run on the node */
export async function leadNames({ network, networkName }: Pick<NodePlace, 'network' | 'networkName'>, host: Pick<Host, 'processes' | 'log'>): Promise<void> {
  const { servers } = parseResolverFile(await readFile('/etc/resolv.conf', 'utf8').catch(() => ''))
  const onLoopback = servers.filter(server => server.startsWith('127.'))
  if (!network || onLoopback.length === 0) return
  try {
    await runNft(host.processes, renderNames(`${networkName}-names`, onLoopback, network.machineAddress))
    // The answer, with its address set back, comes in by the cable for the loopback.
    await host.processes.run('sh', ['-c', 'echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet'])
  } catch (error) {
    host.log.warn('the node cannot resolve names of registries; next: apt-get install nftables', { error: messageOf(error) })
  }
}

export const renderNames = (table: string, servers: readonly string[], to: string): string => `
  add table ip ${table}
  delete table ip ${table}
  table ip ${table} {
    chain output {
      type nat hook output priority -100; policy accept;
      ip daddr { ${servers.join(', ')} } meta l4proto { tcp, udp } th dport 53 dnat to ${to}
    }
    chain postrouting {
      type nat hook postrouting priority srcnat; policy accept;
      ip saddr 127.0.0.0/8 ip daddr ${to} masquerade
    }
  }
`
