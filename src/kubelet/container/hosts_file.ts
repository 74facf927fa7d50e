/** /etc/hosts of a Pod: its own address and name, and what hostAliases adds. */
import type { Pod } from '../../api/kinds/pod.ts'
import { decodeText } from '../../base/bytes.ts'
import type { KubeletContext } from '../context.ts'
import { fullHostname, shortHostname } from './sandbox_config.ts'

/** Writes it before the first container starts, when the address is known. */
export async function writeHostsFile(context: KubeletContext, pod: Pod, podIPs: readonly string[]): Promise<void> {
  const { disk } = context.host
  const uid = pod.metadata.uid ?? ''
  const ofNode = pod.spec.hostNetwork
    ? await disk
        .readFile('/etc/hosts', { bytesMax: 1 << 20 })
        .then(decodeText)
        .catch(() => '127.0.0.1\tlocalhost\n')
    : undefined
  await disk.makeDirectory(context.directories.pod(uid), { mode: 0o750 })
  await disk.writeFile(context.directories.etcHosts(uid), hostsFile(pod, podIPs, fullHostname(context, pod), ofNode), { mode: 0o644 })
}

export function hostsFile(pod: Pod, podIPs: readonly string[], fullName: string | undefined, ofNode: string | undefined): string {
  const own = podIPs.map(ip => [ip, ...(fullName ? [fullName] : []), shortHostname(pod)].join('\t'))
  const managed =
    ofNode === undefined
      ? `# Kubernetes-managed hosts file.\n${LOCAL}${own.map(line => `${line}\n`).join('')}`
      : `# Kubernetes-managed hosts file (host network).\n${ofNode}`
  const aliases = (pod.spec.hostAliases ?? []).map(({ ip, hostnames }) => `${[ip, ...(hostnames ?? [])].join('\t')}\n`)
  return aliases.length === 0 ? managed : `${managed}\n# Entries added by HostAliases.\n${aliases.join('')}`
}

const LOCAL = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'fe00::0\tip6-mcastprefix',
  'fe00::1\tip6-allnodes',
  'fe00::2\tip6-allrouters',
  '',
].join('\n')
