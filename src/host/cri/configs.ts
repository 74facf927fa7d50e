/**
 * What we ask for, in the CRI's words.
 */
import type {
  ContainerConfig,
  ContainerResources,
  ContainerSecurity,
  Mount,
  NamespaceOptions,
  PodSandboxConfig,
  SandboxSecurity,
  SecurityProfile,
} from '../../runtime/runtime.ts'
import type { ContainerConfigInput, PodSandboxConfigInput, ResourcesInput } from './messages.ts'

export function podSandboxConfig(config: PodSandboxConfig): PodSandboxConfigInput {
  return {
    metadata: config.metadata,
    // On the machine's network a Pod has the machine's name too, and runtimes refuse to give it another.
    hostname: config.namespaces.network === 'NODE' ? '' : config.hostname,
    logDirectory: config.logDirectory,
    dnsConfig: config.dns,
    portMappings: config.portMappings.map(mapping => ({
      protocol: PROTOCOLS[mapping.protocol],
      containerPort: mapping.containerPort,
      hostPort: mapping.hostPort,
      hostIp: mapping.hostIP,
    })),
    labels: config.labels,
    annotations: config.annotations,
    linux: {
      cgroupParent: config.cgroupParent,
      sysctls: config.sysctls,
      securityContext: { ...user(config.security), readonlyRootfs: config.security.readOnlyRootFilesystem, namespaceOptions: namespaces(config.namespaces) },
    },
  }
}

export function containerConfig(config: ContainerConfig, unified: boolean): ContainerConfigInput {
  return {
    metadata: config.metadata,
    image: { image: config.image },
    command: config.command,
    args: config.args,
    workingDir: config.workingDir,
    envs: config.env.map(({ name, value }) => ({ key: name, value })),
    mounts: config.mounts.map(mountOf),
    devices: config.devices,
    labels: config.labels,
    annotations: config.annotations,
    logPath: config.logPath,
    stdin: config.stdin,
    stdinOnce: config.stdinOnce,
    tty: config.tty,
    linux: { resources: linuxResources(config.resources, unified), securityContext: containerSecurity(config.security) },
  }
}

/** With cgroup v2 (`unified`) the kubelet asks that a container which exceeds its memory is killed as a whole, not only its largest process. */
export function linuxResources(resources: ContainerResources, unified: boolean): ResourcesInput {
  return {
    cpuPeriod: resources.cpuPeriodUs,
    cpuQuota: resources.cpuQuotaUs,
    cpuShares: resources.cpuShares,
    memoryLimitInBytes: resources.memoryLimitBytes,
    oomScoreAdj: resources.oomScoreAdj,
    ...(unified && { unified: { 'memory.oom.group': '1' } }),
  }
}

function containerSecurity(security: ContainerSecurity) {
  return {
    ...user(security),
    runAsUsername: security.runAsUserName,
    capabilities: { addCapabilities: security.addCapabilities, dropCapabilities: security.dropCapabilities },
    namespaceOptions: namespaces(security.namespaces),
    readonlyRootfs: security.readOnlyRootFilesystem,
    noNewPrivs: security.noNewPrivileges,
    maskedPaths: security.maskedPaths,
    readonlyPaths: security.readOnlyPaths,
    apparmor: security.appArmor && profile(security.appArmor),
  }
}

function user(security: Omit<SandboxSecurity, 'readOnlyRootFilesystem'>) {
  return {
    runAsUser: int64Value(security.runAsUser),
    runAsGroup: int64Value(security.runAsGroup),
    supplementalGroups: security.supplementalGroups,
    supplementalGroupsPolicy: security.supplementalGroupsPolicy === 'Strict' ? 1 : 0,
    selinuxOptions: security.seLinux,
    privileged: security.privileged,
    seccomp: security.seccomp && profile(security.seccomp),
  }
}

const int64Value = (value: number | undefined) => (value === undefined ? undefined : { value })

const profile = ({ type, localhostRef }: SecurityProfile) => ({ profileType: PROFILE_TYPES[type], localhostRef })

const namespaces = (options: NamespaceOptions) => ({
  network: NAMESPACE_MODES[options.network],
  pid: NAMESPACE_MODES[options.pid],
  ipc: NAMESPACE_MODES[options.ipc],
  targetId: options.targetId,
})

const mountOf = (mount: Mount) => ({
  containerPath: mount.containerPath,
  hostPath: mount.hostPath,
  readonly: mount.readOnly,
  recursiveReadOnly: mount.recursiveReadOnly,
  propagation: PROPAGATIONS.indexOf(mount.propagation),
})

const PROTOCOLS = { TCP: 0, UDP: 1, SCTP: 2 }
const NAMESPACE_MODES = { POD: 0, CONTAINER: 1, NODE: 2, TARGET: 3 }
const PROFILE_TYPES = { RuntimeDefault: 0, Unconfined: 1, Localhost: 2 }
/** By their numbers. */
export const PROPAGATIONS: readonly Mount['propagation'][] = ['None', 'HostToContainer', 'Bidirectional']
