/** What a Pod shall be. */
import { atomicList, boolean, int32, int64, map, mapList, object, present, quantity, required, string, type Infer } from '../schema.ts'
import { affinity } from './affinity.ts'
import { container } from './container.ts'
import { ephemeralContainer } from './ephemeral_container.ts'
import { localObjectReference } from './reference.ts'
import { resourceRequirements } from './resource_requirements.ts'
import { podReadinessGate, podSchedulingGate, toleration, topologySpreadConstraint } from './scheduling.ts'
import { podSecurityContext } from './security_context.ts'
import { volume } from './volume.ts'

export const podDNSConfigOption = object('io.k8s.api.core.v1.PodDNSConfigOption', {
  name: string(),
  value: string(),
})

export const podDNSConfig = object('io.k8s.api.core.v1.PodDNSConfig', {
  nameservers: atomicList(string()),
  options: atomicList(podDNSConfigOption),
  searches: atomicList(string()),
})

export const hostAlias = object('io.k8s.api.core.v1.HostAlias', {
  hostnames: atomicList(string()),
  ip: required(string()),
})

export const podOS = object('io.k8s.api.core.v1.PodOS', {
  name: required(string({ values: ['linux', 'windows'] })),
})

export const podResourceClaim = object('io.k8s.api.core.v1.PodResourceClaim', {
  name: required(string()),
  resourceClaimName: string(),
  resourceClaimTemplateName: string(),
})

export const podSpec = object('io.k8s.api.core.v1.PodSpec', {
  activeDeadlineSeconds: int64(),
  affinity,
  automountServiceAccountToken: boolean(),
  containers: required(mapList(container, ['name'], { patchMerge: true, patchMergeKey: 'name' })),
  dnsConfig: podDNSConfig,
  dnsPolicy: string({ values: ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'], default: 'ClusterFirst' }),
  enableServiceLinks: boolean({ default: true }),
  ephemeralContainers: mapList(ephemeralContainer, ['name'], { patchMerge: true, patchMergeKey: 'name' }),
  hostAliases: mapList(hostAlias, ['ip'], { patchMerge: true, patchMergeKey: 'ip' }),
  hostIPC: boolean(),
  hostNetwork: boolean(),
  hostPID: boolean(),
  hostUsers: boolean(),
  hostname: string(),
  hostnameOverride: string(),
  imagePullSecrets: mapList(localObjectReference, ['name'], { patchMerge: true, patchMergeKey: 'name' }),
  initContainers: mapList(container, ['name'], { patchMerge: true, patchMergeKey: 'name' }),
  nodeName: string(),
  nodeSelector: map(string(), { atomic: true }),
  os: podOS,
  overhead: map(quantity()),
  preemptionPolicy: string({ values: ['PreemptLowerPriority', 'Never'] }),
  priority: int32(),
  priorityClassName: string(),
  readinessGates: atomicList(podReadinessGate),
  resourceClaims: mapList(podResourceClaim, ['name'], { patchMerge: true, patchMergeKey: 'name', retainKeys: true }),
  resources: resourceRequirements,
  restartPolicy: string({ values: ['Always', 'OnFailure', 'Never'], default: 'Always' }),
  runtimeClassName: string(),
  schedulerName: string({ default: 'default-scheduler' }),
  schedulingGates: mapList(podSchedulingGate, ['name'], { patchMerge: true, patchMergeKey: 'name' }),
  securityContext: present(podSecurityContext),
  serviceAccount: string(),
  serviceAccountName: string(),
  setHostnameAsFQDN: boolean(),
  shareProcessNamespace: boolean(),
  subdomain: string(),
  terminationGracePeriodSeconds: int64({ default: 30 }),
  tolerations: atomicList(toleration),
  topologySpreadConstraints: mapList(topologySpreadConstraint, ['topologyKey', 'whenUnsatisfiable'], { patchMerge: true, patchMergeKey: 'topologyKey' }),
  volumes: mapList(volume, ['name'], { patchMerge: true, patchMergeKey: 'name', retainKeys: true }),
})

export interface PodDNSConfigOption extends Infer<typeof podDNSConfigOption> {}
export interface PodDNSConfig extends Infer<typeof podDNSConfig> {}
export interface HostAlias extends Infer<typeof hostAlias> {}
export interface PodOS extends Infer<typeof podOS> {}
export interface PodResourceClaim extends Infer<typeof podResourceClaim> {}
export interface PodSpec extends Infer<typeof podSpec> {}
