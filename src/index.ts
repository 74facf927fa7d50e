/**
 * Poise as a library: a cluster inside a test.
 *
 *   await using cluster = await startCluster()
 *   await using cluster = await startCluster({ time: 'virtual', seed: 7 })
 */
export { startCluster, type TestCluster, type StartClusterOptions } from './launch/start_cluster.ts'
export { startVirtualCluster, type VirtualCluster, type VirtualClusterOptions, type VirtualNode } from './launch/virtual_cluster.ts'
export { kinds } from './api/kinds/index.ts'
export { ConfigMap } from './api/kinds/config_map.ts'
export { Deployment } from './api/kinds/deployment.ts'
export { Endpoints } from './api/kinds/endpoints.ts'
export { EndpointSlice } from './api/kinds/endpoint_slice.ts'
export { Event } from './api/kinds/event.ts'
export { Lease } from './api/kinds/lease.ts'
export { LimitRange } from './api/kinds/limit_range.ts'
export { Namespace } from './api/kinds/namespace.ts'
export { Node } from './api/kinds/node.ts'
export { PersistentVolume } from './api/kinds/persistent_volume.ts'
export { PersistentVolumeClaim } from './api/kinds/persistent_volume_claim.ts'
export { Pod } from './api/kinds/pod.ts'
export { PodDisruptionBudget } from './api/kinds/pod_disruption_budget.ts'
export { PodTemplate } from './api/kinds/pod_template.ts'
export { PriorityClass } from './api/kinds/priority_class.ts'
export { ResourceQuota } from './api/kinds/resource_quota.ts'
export { RuntimeClass } from './api/kinds/runtime_class.ts'
export { Secret } from './api/kinds/secret.ts'
export { Service } from './api/kinds/service.ts'
export { ServiceAccount } from './api/kinds/service_account.ts'
export { StorageClass } from './api/kinds/storage_class.ts'
export { ApiError, isReason, type Status, type StatusReason } from './api/status.ts'
export type { Kind } from './api/kind.ts'
export type { KubernetesObject, ObjectKey } from './api/meta.ts'
export type { Client, DeleteOptions, Draft, ListOptions, ObjectList, Patch, WatchOptions, WriteOptions } from './client/client.ts'
