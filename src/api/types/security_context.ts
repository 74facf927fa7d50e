/** The rights a Pod and its containers run with. */
import { atomicList, boolean, int64, object, required, string, type Infer } from '../schema.ts'

export const capabilities = object('io.k8s.api.core.v1.Capabilities', {
  add: atomicList(string()),
  drop: atomicList(string()),
})

export const seLinuxOptions = object('io.k8s.api.core.v1.SELinuxOptions', {
  type: string(),
  level: string(),
  role: string(),
  user: string(),
})

export const windowsSecurityContextOptions = object('io.k8s.api.core.v1.WindowsSecurityContextOptions', {
  gmsaCredentialSpec: string(),
  gmsaCredentialSpecName: string(),
  hostProcess: boolean(),
  runAsUserName: string(),
})

export const seccompProfile = object('io.k8s.api.core.v1.SeccompProfile', {
  type: required(string({ values: ['Unconfined', 'RuntimeDefault', 'Localhost'] })),
  localhostProfile: string(),
})

export const appArmorProfile = object('io.k8s.api.core.v1.AppArmorProfile', {
  type: required(string({ values: ['Unconfined', 'RuntimeDefault', 'Localhost'] })),
  localhostProfile: string(),
})

export const securityContext = object('io.k8s.api.core.v1.SecurityContext', {
  allowPrivilegeEscalation: boolean(),
  appArmorProfile,
  capabilities,
  privileged: boolean(),
  procMount: string({ values: ['Default', 'Unmasked'] }),
  readOnlyRootFilesystem: boolean(),
  runAsGroup: int64(),
  runAsNonRoot: boolean(),
  runAsUser: int64(),
  seLinuxOptions,
  seccompProfile,
  windowsOptions: windowsSecurityContextOptions,
})

export const sysctl = object('io.k8s.api.core.v1.Sysctl', {
  name: required(string()),
  value: required(string()),
})

export const podSecurityContext = object('io.k8s.api.core.v1.PodSecurityContext', {
  appArmorProfile,
  fsGroup: int64(),
  fsGroupChangePolicy: string({ values: ['OnRootMismatch', 'Always'] }),
  runAsGroup: int64(),
  runAsNonRoot: boolean(),
  runAsUser: int64(),
  seLinuxChangePolicy: string({ values: ['MountOption', 'Recursive'] }),
  seLinuxOptions,
  seccompProfile,
  supplementalGroups: atomicList(int64()),
  supplementalGroupsPolicy: string({ values: ['Merge', 'Strict'] }),
  sysctls: atomicList(sysctl),
  windowsOptions: windowsSecurityContextOptions,
})

export interface Capabilities extends Infer<typeof capabilities> {}
export interface SELinuxOptions extends Infer<typeof seLinuxOptions> {}
export interface WindowsSecurityContextOptions extends Infer<typeof windowsSecurityContextOptions> {}
export interface SeccompProfile extends Infer<typeof seccompProfile> {}
export interface AppArmorProfile extends Infer<typeof appArmorProfile> {}
export interface SecurityContext extends Infer<typeof securityContext> {}
export interface Sysctl extends Infer<typeof sysctl> {}
export interface PodSecurityContext extends Infer<typeof podSecurityContext> {}
