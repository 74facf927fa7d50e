/** What is known about a Pod. */
import { atomicList, int64, mapList, object, nullableTime, present, required, string, time, type Infer } from '../schema.ts'
import { containerStatus } from './container_status.ts'

export const podCondition = object('io.k8s.api.core.v1.PodCondition', {
  type: required(string()),
  lastProbeTime: nullableTime(),
  lastTransitionTime: time(),
  message: string(),
  observedGeneration: int64(),
  reason: string(),
  status: required(string({ values: ['True', 'False', 'Unknown'] })),
})

export const hostIP = object('io.k8s.api.core.v1.HostIP', {
  ip: required(string()),
})

export const podIP = object('io.k8s.api.core.v1.PodIP', {
  ip: required(string()),
})

export const podResourceClaimStatus = object('io.k8s.api.core.v1.PodResourceClaimStatus', {
  name: required(string()),
  resourceClaimName: string(),
})

export const containerExtendedResourceRequest = object('io.k8s.api.core.v1.ContainerExtendedResourceRequest', {
  containerName: required(string()),
  requestName: required(string()),
  resourceName: required(string()),
})

export const podExtendedResourceClaimStatus = object('io.k8s.api.core.v1.PodExtendedResourceClaimStatus', {
  requestMappings: required(atomicList(containerExtendedResourceRequest)),
  resourceClaimName: required(string()),
})

export const podStatus = object('io.k8s.api.core.v1.PodStatus', {
  conditions: mapList(podCondition, ['type'], { patchMerge: true, patchMergeKey: 'type', doc: 'What is true of the Pod, and since when.' }),
  containerStatuses: atomicList(containerStatus),
  ephemeralContainerStatuses: atomicList(containerStatus),
  extendedResourceClaimStatus: podExtendedResourceClaimStatus,
  hostIP: string({ doc: 'Address of its node.' }),
  hostIPs: atomicList(hostIP, { patchMerge: true, patchMergeKey: 'ip' }),
  initContainerStatuses: atomicList(containerStatus),
  message: string(),
  nominatedNodeName: string(),
  observedGeneration: int64(),
  phase: present(string({ values: ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'], doc: 'Where in its life the Pod is.' })),
  podIP: string({ doc: 'Address of the Pod.' }),
  podIPs: mapList(podIP, ['ip'], { patchMerge: true, patchMergeKey: 'ip' }),
  qosClass: present(string({ values: ['Guaranteed', 'Burstable', 'BestEffort'], doc: 'How well it is treated when the node runs short.' })),
  reason: string(),
  resize: string(),
  resourceClaimStatuses: mapList(podResourceClaimStatus, ['name'], { patchMerge: true, patchMergeKey: 'name', retainKeys: true }),
  startTime: time(),
})

export interface PodCondition extends Infer<typeof podCondition> {}
export interface HostIP extends Infer<typeof hostIP> {}
export interface PodIP extends Infer<typeof podIP> {}
export interface PodResourceClaimStatus extends Infer<typeof podResourceClaimStatus> {}
export interface ContainerExtendedResourceRequest extends Infer<typeof containerExtendedResourceRequest> {}
export interface PodExtendedResourceClaimStatus extends Infer<typeof podExtendedResourceClaimStatus> {}
export interface PodStatus extends Infer<typeof podStatus> {}
