/** Security contexts, of the Pod and of the container, as the runtime takes them. The container's own word goes first. */
import type { Pod } from '../../api/kinds/pod.ts'
import type { Container } from '../../api/types/container.ts'
import type { ContainerSecurity, ImageStatus, NamespaceOptions, SandboxSecurity, SecurityProfile } from '../../runtime/runtime.ts'
import { configError } from './start_failure.ts'

/** What the runtime hides or makes read-only of /proc and /sys in a container that is not privileged. */
const MASKED_PATHS = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
]
const READ_ONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']

export function podNamespaces(pod: Pod): NamespaceOptions {
  return {
    network: pod.spec.hostNetwork ? 'NODE' : 'POD',
    pid: pod.spec.hostPID ? 'NODE' : pod.spec.shareProcessNamespace ? 'POD' : 'CONTAINER',
    ipc: pod.spec.hostIPC ? 'NODE' : 'POD',
    targetId: '',
  }
}

export function sandboxSecurity(pod: Pod): SandboxSecurity {
  const context = pod.spec.securityContext ?? {}
  return {
    runAsUser: context.runAsUser,
    runAsGroup: context.runAsGroup,
    ...groupsAndLabels(pod, context.seLinuxOptions),
    readOnlyRootFilesystem: false,
    privileged: pod.spec.containers.some(container => container.securityContext?.privileged === true),
    seccomp: { type: 'RuntimeDefault', localhostRef: '' },
  }
}

/** Throws StartError when the container would run as root and may not. */
export function containerSecurity(
  pod: Pod,
  container: Container,
  image: ImageStatus | undefined,
  namespaces: NamespaceOptions,
  seccompRoot: string,
): ContainerSecurity {
  const ofPod = pod.spec.securityContext ?? {}
  const own = container.securityContext ?? {}
  const runAsUser = own.runAsUser ?? ofPod.runAsUser
  const privileged = own.privileged === true
  if (own.runAsNonRoot ?? ofPod.runAsNonRoot) checkNonRoot(runAsUser, image, container.name, pod)
  return {
    runAsUser: runAsUser ?? (image?.userName ? undefined : image?.uid),
    runAsGroup: own.runAsGroup ?? ofPod.runAsGroup,
    runAsUserName: runAsUser === undefined ? (image?.userName ?? '') : '',
    ...groupsAndLabels(pod, own.seLinuxOptions ?? ofPod.seLinuxOptions),
    privileged,
    seccomp: seccompOf(own.seccompProfile ?? ofPod.seccompProfile, seccompRoot),
    appArmor: appArmorOf(pod, container),
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
    namespaces,
    readOnlyRootFilesystem: own.readOnlyRootFilesystem === true,
    noNewPrivileges: own.allowPrivilegeEscalation === false,
    maskedPaths: privileged || own.procMount === 'Unmasked' ? [] : MASKED_PATHS,
    readOnlyPaths: privileged || own.procMount === 'Unmasked' ? [] : READ_ONLY_PATHS,
  }
}

function checkNonRoot(runAsUser: number | undefined, image: ImageStatus | undefined, container: string, pod: Pod): void {
  const who = `pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})", container: ${container}`
  if (runAsUser !== undefined) {
    if (runAsUser === 0) throw configError(`container's runAsUser breaks non-root policy (${who})`)
    return
  }
  if (image?.userName)
    throw configError(`container has runAsNonRoot and image has non-numeric user (${image.userName}), cannot verify user is non-root (${who})`)
  if (image?.uid === undefined || image.uid === 0) throw configError(`container has runAsNonRoot and image will run as root (${who})`)
}

const groupsAndLabels = (pod: Pod, seLinux: SeLinux | undefined): Pick<SandboxSecurity, 'supplementalGroups' | 'supplementalGroupsPolicy' | 'seLinux'> => ({
  supplementalGroups: groupsOf(pod),
  supplementalGroupsPolicy: pod.spec.securityContext?.supplementalGroupsPolicy === 'Strict' ? 'Strict' : 'Merge',
  ...(seLinux && { seLinux: { user: seLinux.user ?? '', role: seLinux.role ?? '', type: seLinux.type ?? '', level: seLinux.level ?? '' } }),
})

type SeLinux = NonNullable<NonNullable<Container['securityContext']>['seLinuxOptions']>

const groupsOf = (pod: Pod): number[] => {
  const { supplementalGroups = [], fsGroup } = pod.spec.securityContext ?? {}
  return fsGroup === undefined ? [...supplementalGroups] : [...supplementalGroups, fsGroup]
}

/** No profile named means none: Kubernetes' default unless the node is told otherwise. */
function seccompOf(profile: { type: string; localhostProfile?: string } | undefined, root: string): SecurityProfile {
  if (profile?.type === 'Localhost') return { type: 'Localhost', localhostRef: `${root}/${profile.localhostProfile ?? ''}` }
  return { type: profile?.type === 'RuntimeDefault' ? 'RuntimeDefault' : 'Unconfined', localhostRef: '' }
}

const APP_ARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/'

/**
 * The container's own, or the one its annotation names, as it was before there was a field, or the Pod's. None leaves the choice
 * to the runtime. Those on the machine go by their names, not by files.
 */
export function appArmorOf(pod: Pod, { name, securityContext }: Pick<Container, 'name' | 'securityContext'>): SecurityProfile | undefined {
  const own = securityContext?.appArmorProfile
  const annotation = own ? undefined : pod.metadata.annotations?.[`${APP_ARMOR_ANNOTATION}${name}`]
  if (annotation === 'unconfined') return { type: 'Unconfined', localhostRef: '' }
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault', localhostRef: '' }
  if (annotation?.startsWith('localhost/')) return { type: 'Localhost', localhostRef: annotation.slice('localhost/'.length) }
  const profile = own ?? pod.spec.securityContext?.appArmorProfile
  return profile && { type: profile.type, localhostRef: profile.localhostProfile ?? '' }
}
