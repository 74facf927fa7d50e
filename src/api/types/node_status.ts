/** What the kubelet reports about its node. */
import { atomicList, boolean, int32, int64, map, mapList, object, present, quantity, required, string, time, type Infer } from '../schema.ts'
import { nodeConfigSource } from './node_spec.ts'

export const nodeCondition = object('io.k8s.api.core.v1.NodeCondition', {
  type: required(string()),
  lastHeartbeatTime: time(),
  lastTransitionTime: time(),
  message: string(),
  reason: string(),
  status: required(string({ values: ['True', 'False', 'Unknown'] })),
})

export const nodeAddress = object('io.k8s.api.core.v1.NodeAddress', {
  type: required(string({ values: ['Hostname', 'InternalIP', 'ExternalIP', 'InternalDNS', 'ExternalDNS'] })),
  address: required(string()),
})

export const attachedVolume = object('io.k8s.api.core.v1.AttachedVolume', {
  name: required(string()),
  devicePath: required(string()),
})

export const containerImage = object('io.k8s.api.core.v1.ContainerImage', {
  names: atomicList(string()),
  sizeBytes: int64(),
})

export const daemonEndpoint = object('io.k8s.api.core.v1.DaemonEndpoint', {
  Port: required(int32({ default: 0 })),
})

export const nodeDaemonEndpoints = object('io.k8s.api.core.v1.NodeDaemonEndpoints', {
  kubeletEndpoint: present(daemonEndpoint),
})

export const nodeSwapStatus = object('io.k8s.api.core.v1.NodeSwapStatus', {
  capacity: int64(),
})

export const nodeSystemInfo = object('io.k8s.api.core.v1.NodeSystemInfo', {
  architecture: required(string()),
  bootID: required(string()),
  containerRuntimeVersion: required(string()),
  kernelVersion: required(string()),
  kubeProxyVersion: required(string()),
  kubeletVersion: required(string()),
  machineID: required(string()),
  operatingSystem: required(string()),
  osImage: required(string()),
  swap: nodeSwapStatus,
  systemUUID: required(string()),
})

export const nodeFeatures = object('io.k8s.api.core.v1.NodeFeatures', {
  supplementalGroupsPolicy: boolean(),
})

export const nodeRuntimeHandlerFeatures = object('io.k8s.api.core.v1.NodeRuntimeHandlerFeatures', {
  recursiveReadOnlyMounts: boolean(),
  userNamespaces: boolean(),
})

export const nodeRuntimeHandler = object('io.k8s.api.core.v1.NodeRuntimeHandler', {
  name: string(),
  features: nodeRuntimeHandlerFeatures,
})

export const nodeConfigStatus = object('io.k8s.api.core.v1.NodeConfigStatus', {
  active: nodeConfigSource,
  assigned: nodeConfigSource,
  error: string(),
  lastKnownGood: nodeConfigSource,
})

export const nodeStatus = object('io.k8s.api.core.v1.NodeStatus', {
  addresses: mapList(nodeAddress, ['type'], { patchMerge: true, patchMergeKey: 'type' }),
  allocatable: map(quantity()),
  capacity: map(quantity()),
  conditions: mapList(nodeCondition, ['type'], { patchMerge: true, patchMergeKey: 'type' }),
  config: nodeConfigStatus,
  daemonEndpoints: present(nodeDaemonEndpoints),
  features: nodeFeatures,
  images: atomicList(containerImage),
  nodeInfo: nodeSystemInfo,
  phase: string(),
  runtimeHandlers: atomicList(nodeRuntimeHandler),
  volumesAttached: atomicList(attachedVolume),
  volumesInUse: atomicList(string()),
})

export interface NodeCondition extends Infer<typeof nodeCondition> {}
export interface NodeAddress extends Infer<typeof nodeAddress> {}
export interface AttachedVolume extends Infer<typeof attachedVolume> {}
export interface ContainerImage extends Infer<typeof containerImage> {}
export interface DaemonEndpoint extends Infer<typeof daemonEndpoint> {}
export interface NodeDaemonEndpoints extends Infer<typeof nodeDaemonEndpoints> {}
export interface NodeSwapStatus extends Infer<typeof nodeSwapStatus> {}
export interface NodeSystemInfo extends Infer<typeof nodeSystemInfo> {}
export interface NodeFeatures extends Infer<typeof nodeFeatures> {}
export interface NodeRuntimeHandlerFeatures extends Infer<typeof nodeRuntimeHandlerFeatures> {}
export interface NodeRuntimeHandler extends Infer<typeof nodeRuntimeHandler> {}
export interface NodeConfigStatus extends Infer<typeof nodeConfigStatus> {}
export interface NodeStatus extends Infer<typeof nodeStatus> {}
