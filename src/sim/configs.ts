/** Sandbox and container configurations with nothing unusual in them: what a test or a scenario changes stands out. */
import type { ContainerConfig, PodSandboxConfig } from '../runtime/runtime.ts'

export function sandboxConfig(name: string, over: Partial<PodSandboxConfig> = {}): PodSandboxConfig {
  return {
    metadata: { name, namespace: 'default', uid: `uid-of-${name}`, attempt: 0 },
    hostname: name,
    logDirectory: `/var/log/pods/default_${name}_uid-of-${name}`,
    dns: { servers: ['10.96.0.10'], searches: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local'], options: ['ndots:5'] },
    portMappings: [],
    labels: {},
    annotations: {},
    cgroupParent: '',
    sysctls: {},
    namespaces: { network: 'POD', pid: 'CONTAINER', ipc: 'POD', targetId: '' },
    security: { runAsUser: undefined, runAsGroup: undefined, supplementalGroups: [], readOnlyRootFilesystem: false, privileged: false, seccomp: undefined },
    runtimeHandler: '',
    ...over,
  }
}

export function containerConfig(name: string, image: string, over: Partial<ContainerConfig> = {}): ContainerConfig {
  return {
    metadata: { name, attempt: 0 },
    image,
    command: [],
    args: [],
    workingDir: '',
    env: [],
    mounts: [],
    devices: [],
    labels: {},
    annotations: {},
    logPath: `${name}/${over.metadata?.attempt ?? 0}.log`,
    stdin: false,
    stdinOnce: false,
    tty: false,
    resources: {},
    security: {
      runAsUser: undefined,
      runAsGroup: undefined,
      supplementalGroups: [],
      privileged: false,
      seccomp: undefined,
      runAsUserName: '',
      addCapabilities: [],
      dropCapabilities: [],
      namespaces: { network: 'POD', pid: 'CONTAINER', ipc: 'POD', targetId: '' },
      readOnlyRootFilesystem: false,
      noNewPrivileges: false,
      maskedPaths: [],
      readOnlyPaths: [],
    },
    ...over,
  }
}
