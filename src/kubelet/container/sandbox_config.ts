/** A Pod's sandbox as the runtime takes it: names, name resolution, ports of the host, namespaces. */
import type { Pod } from '../../api/kinds/pod.ts'
import type { PodSandboxConfig } from '../../runtime/runtime.ts'
import type { KubeletContext } from '../context.ts'
import { podLogsOf } from '../directories.ts'
import { regularContainersOf, initContainersOf } from '../pod/pod_nouns.ts'
import { podDns } from './dns.ts'
import { sandboxAnnotations, sandboxLabels } from './labels.ts'
import { podNamespaces, sandboxSecurity } from './security.ts'

/** Throws when the host name that the Pod asks for is too long for the kernel, and when it asks for users of its own. */
export function sandboxConfig(context: KubeletContext, pod: Pod, attempt: number): PodSandboxConfig {
  if (pod.spec.hostUsers === false) throw new Error("can't set `spec.hostUsers: false`, runtime does not support user namespaces")
  return {
    metadata: { name: pod.metadata.name ?? '', namespace: pod.metadata.namespace ?? '', uid: pod.metadata.uid ?? '', attempt },
    hostname: hostnameOf(context, pod),
    logDirectory: podLogsOf(context.directories, pod),
    dns: podDns(context, pod).dns,
    portMappings: portMappings(pod),
    labels: sandboxLabels(pod),
    annotations: sandboxAnnotations(pod),
    cgroupParent: cgroupParent(context.cgroupRoot, pod),
    sysctls: Object.fromEntries((pod.spec.securityContext?.sysctls ?? []).map(({ name, value }) => [name, value])),
    namespaces: podNamespaces(pod),
    security: sandboxSecurity(pod),
    runtimeHandler: '',
  }
}

/** A host name may not be longer than the kernel takes, nor end in a dash or a dot. */
export function shortHostname(pod: Pod): string {
  return (pod.spec.hostname || pod.metadata.name || '').slice(0, 63).replace(/[-.]+$/, '')
}

/** `web-0.web.default.svc.cluster.local`, or undefined without a subdomain. */
export function fullHostname({ clusterDomain }: KubeletContext, pod: Pod): string | undefined {
  return pod.spec.subdomain ? `${shortHostname(pod)}.${pod.spec.subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}` : undefined
}

/** The Pod's cgroup: Guaranteed Pods stand directly below the root, the others below their class. '' when the runtime decides. */
export function cgroupParent(root: string, pod: Pod): string {
  if (!root) return ''
  const qosClass = pod.status.qosClass
  const qosDirectory = qosClass === 'BestEffort' ? '/besteffort' : qosClass === 'Burstable' ? '/burstable' : ''
  return `${root}${qosDirectory}/pod${pod.metadata.uid}`
}

function hostnameOf(context: KubeletContext, pod: Pod): string {
  if (pod.spec.hostNetwork) return context.machine.hostname
  const full = pod.spec.setHostnameAsFQDN ? fullHostname(context, pod) : undefined
  if (full && full.length > HOSTNAME_CHARACTERS_MAX)
    throw new Error(
      `Failed to construct FQDN from pod hostname and cluster domain, FQDN ${full} is too long (${HOSTNAME_CHARACTERS_MAX} is the max characters allowed, ${full.length} characters requested)`,
    )
  return full ?? shortHostname(pod)
}

/** As the kernel has it. */
const HOSTNAME_CHARACTERS_MAX = 64

function portMappings(pod: Pod): PodSandboxConfig['portMappings'] {
  if (pod.spec.hostNetwork) return []
  return [...initContainersOf(pod).filter(({ role }) => role === 'sidecar'), ...regularContainersOf(pod)].flatMap(({ container }) =>
    (container.ports ?? [])
      .filter(port => port.hostPort)
      .map(port => ({ protocol: (port.protocol ?? 'TCP') as 'TCP', containerPort: port.containerPort, hostPort: port.hostPort!, hostIP: port.hostIP ?? '' })),
  )
}
