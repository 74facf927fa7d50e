import { execFileSync } from 'node:child_process'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Home } from './poise.ts'

/** What the devices, tables and namespaces of this home's cluster are named after. */
export async function networkNameOf(home: Home, cluster = 'poise'): Promise<string> {
  const { slot } = JSON.parse(await readFile(join(home.path, 'state', 'clusters', cluster, 'network.json'), 'utf8'))
  return `poise${slot}`
}

/** Processes, mounts, devices, routes, network namespaces, cgroups and tables of a cluster: each a line, none when nothing is left. */
export async function leftovers(home: Home, networkName: string): Promise<string[]> {
  const found: string[] = []
  for (const pid of (await readdir('/proc')).filter(name => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (line.includes(home.path)) found.push(`process ${line.replaceAll('\0', ' ')}`)
  }
  const mounts = await readFile('/proc/self/mountinfo', 'utf8')
  found.push(...mounts.split('\n').filter(line => line.includes(home.path)))
  found.push(...(await namesIn('/sys/class/net')).filter(device => device.startsWith(networkName)))
  found.push(...(await namesIn('/run/netns')).filter(namespace => namespace.startsWith(networkName)))
  found.push(...(await recordsOf(networkName)))
  const routes = execFileSync('ip', ['-4', 'route'], { encoding: 'utf8' })
  found.push(...routes.split('\n').filter(line => line.includes(`dev ${networkName}`)))
  const cgroups = execFileSync('find', ['/sys/fs/cgroup', '-maxdepth', '2', '-type', 'd', '-name', networkName], { encoding: 'utf8' })
  found.push(...cgroups.split('\n').filter(Boolean))
  const tables = execFileSync('sh', ['-c', 'nft list tables 2>/dev/null || true'], { encoding: 'utf8' })
  found.push(...tables.split('\n').filter(line => new RegExp(`${networkName}(\\b|-)`).test(line)))
  return found
}

/** What the network plugins remember. Records of an earlier cluster of this name, which ended with its machine, are none of ours. */
async function recordsOf(networkName: string): Promise<string[]> {
  const directory = '/var/lib/cni/results'
  const records = (await namesIn(directory)).filter(record => record.startsWith(`${networkName}-`))
  const times = await Promise.all(
    records.map(record =>
      stat(join(directory, record)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  )
  return records.filter((_, index) => times[index]! > performance.timeOrigin)
}

const namesIn = (directory: string): Promise<string[]> => readdir(directory).catch(() => [])
