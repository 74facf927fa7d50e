/**
 * What Pods need of the machine to reach the world outside: one masquerading rule for all of them.
 */
import { readFile } from 'node:fs/promises'
import type { Log } from '../../base/log.ts'
import type { Processes } from '../../base/processes.ts'

export interface PodNetwork {
  readonly networkName: string
  /** Between these, addresses stay as they are. */
  readonly podCidr: string
}

export async function setUpMasquerade({ networkName, podCidr }: PodNetwork, { processes, log }: { processes: Processes; log: Log }): Promise<void> {
  const table = `ip ${tableName(networkName)}`
  const rules = `
    add table ${table}
    delete table ${table}
    table ${table} {
      chain postrouting {
        type nat hook postrouting priority srcnat; policy accept;
        ip saddr ${podCidr} ip daddr != ${podCidr} masquerade
      }
    }
  `
  const why = await nft(processes, rules)
  if (why !== undefined) log.warn('Pods cannot reach beyond this machine; next: apt-get install nftables', { why })
}

export const removeMasquerade = (networkName: string, processes: Processes): Promise<void> => removeTable(tableName(networkName), processes)

/** No error when it is not there. */
export async function removeTable(name: string, processes: Processes): Promise<void> {
  await nft(processes, `add table ip ${name}\ndelete table ip ${name}\n`)
}

/** A Pod's cable may not carry more than the machine's way out does. */
export async function defaultRouteMtu(): Promise<number> {
  const ETHERNET = 1500
  const routes = await readFile('/proc/net/route', 'utf8').catch(() => '')
  const fields = routes.split('\n').map(line => line.split('\t'))
  const [name] = fields.find(([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000') ?? []
  if (!name) return ETHERNET
  return Number(await readFile(`/sys/class/net/${name}/mtu`, 'utf8').catch(() => '')) || ETHERNET
}

const tableName = (networkName: string) => `poise-masquerade-${networkName}`

async function nft(processes: Processes, rules: string): Promise<string | undefined> {
  try {
    const { exitCode, stderr } = await processes.run('nft', ['-f', '-'], { stdin: rules })
    return exitCode === 0 ? undefined : stderr.trim()
  } catch (error) {
    return String(error)
  }
}
