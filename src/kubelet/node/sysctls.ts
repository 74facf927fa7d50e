/** Kernel settings a Pod may change: those that are the Pod's own and cannot harm its neighbours (Kubernetes' safe set). */
import type { Pod } from '../../api/kinds/pod.ts'

/** By the namespace of the kernel they belong to. */
const SAFE: ReadonlyMap<string, 'ipc' | 'net'> = new Map([
  ['kernel.shm_rmid_forced', 'ipc'],
  ['net.ipv4.ip_local_port_range', 'net'],
  ['net.ipv4.tcp_syncookies', 'net'],
  ['net.ipv4.ping_group_range', 'net'],
  ['net.ipv4.ip_unprivileged_port_start', 'net'],
  ['net.ipv4.ip_local_reserved_ports', 'net'],
  ['net.ipv4.tcp_keepalive_time', 'net'],
  ['net.ipv4.tcp_fin_timeout', 'net'],
  ['net.ipv4.tcp_keepalive_intvl', 'net'],
  ['net.ipv4.tcp_keepalive_probes', 'net'],
  ['net.ipv4.tcp_rmem', 'net'],
  ['net.ipv4.tcp_wmem', 'net'],
])

/** Why the Pod may not have its settings, or undefined. `allowed` are others that this node lets Pods have: `kernel.msg*`. */
export function forbiddenSysctl({ spec }: Pod, allowed: readonly string[] = []): string | undefined {
  for (const { name } of spec.securityContext?.sysctls ?? []) {
    const quoted = `forbidden sysctl: ${JSON.stringify(name)}`
    const namespace =
      SAFE.get(withDots(name)) ?? (allowed.some(pattern => matches(withDots(name), withDots(pattern))) ? namespaceOf(withDots(name)) : undefined)
    if (!namespace) return `${quoted} not allowlisted`
    if (namespace === 'ipc' && spec.hostIPC) return `${quoted} not allowed with host ipc enabled`
    if (namespace === 'net' && spec.hostNetwork) return `${quoted} not allowed with host net enabled`
  }
  return undefined
}

const matches = (name: string, pattern: string): boolean => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern)

/** Others belong to the whole machine: no Pod can have them for itself. */
export function namespaceOf(name: string): 'ipc' | 'net' | undefined {
  if (name.startsWith('net.')) return 'net'
  return name === 'kernel.sem' || /^(kernel\.shm|kernel\.msg|fs\.mqueue\.)/.test(name) ? 'ipc' : undefined
}

/** What may not be allowed, or undefined: names of settings that no Pod can have for itself. */
export const wrongAllowedSysctl = (allowed: readonly string[]): string | undefined => allowed.find(pattern => !namespaceOf(withDots(pattern)))

/** `net/ipv4/tcp_rmem` is the same setting; where the first separator is a slash, dots stand inside of names. */
const withDots = (name: string): string => (/^[^.]*\//.test(name) ? name.replaceAll(/[./]/g, separator => (separator === '/' ? '.' : '/')) : name)
