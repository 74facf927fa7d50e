/** Where the kubelet keeps things on its node: the layout of a Kubernetes node, below a root of our own. */
import type { Pod } from '../api/kinds/pod.ts'

export interface Directories {
  readonly root: string
  readonly pods: string
  /** One directory a Pod, named `<namespace>_<name>_<uid>`. */
  readonly logs: string
  /** Where Secrets and tokens are, by UID: on no disk. */
  readonly memory: string
  /** Where profiles for `seccompProfile.localhostProfile` are looked for. */
  readonly seccomp: string
  /** PersistentVolumes of poise.dev/local-path, a directory each. They outlive every Pod. */
  readonly localPath: string
  pod(uid: string): string
  /** `plugin` is Kubernetes' name of the kind of volume: `kubernetes.io~empty-dir`. */
  volume(uid: string, plugin: string, name: string): string
  subPath(uid: string, volume: string, container: string, index: number): string
  etcHosts(uid: string): string
  /** Where the containers' termination messages are. */
  container(uid: string, name: string): string
  podLogs(pod: { namespace: string; name: string; uid: string }): string
}

export function createDirectories(rootDirectory: string): Directories {
  const pods = `${rootDirectory}/pods`
  const logs = `${rootDirectory}/logs`
  const memory = `${rootDirectory}/memory`
  const pod = (uid: string) => `${pods}/${uid}`
  return {
    root: rootDirectory,
    pods,
    logs,
    memory,
    seccomp: `${rootDirectory}/seccomp`,
    localPath: `${rootDirectory}/local-path`,
    pod,
    volume: (uid, plugin, name) => (IN_MEMORY.has(plugin) ? `${memory}/${uid}/${plugin}/${name}` : `${pod(uid)}/volumes/${plugin}/${name}`),
    subPath: (uid, volume, container, index) => `${pod(uid)}/volume-subpaths/${volume}/${container}/${index}`,
    etcHosts: uid => `${pod(uid)}/etc-hosts`,
    container: (uid, name) => `${pod(uid)}/containers/${name}`,
    podLogs: ({ namespace, name, uid }) => `${logs}/${namespace}_${name}_${uid}`,
  }
}

/** Kubernetes keeps these in a tmpfs each; here one holds them all. */
const IN_MEMORY: ReadonlySet<string> = new Set(['kubernetes.io~secret', 'kubernetes.io~projected', 'kubernetes.io~downward-api'])

export const podLogsOf = (directories: Directories, pod: Pod): string =>
  directories.podLogs({ namespace: pod.metadata.namespace ?? '', name: pod.metadata.name ?? '', uid: pod.metadata.uid ?? '' })

/** Below the Pod's log directory: one file an instance. */
export const containerLogPath = (container: string, restartCount: number): string => `${container}/${restartCount}.log`
