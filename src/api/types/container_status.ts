/** What the kubelet reports about one container. */
import { atomicList, boolean, int32, int64, map, mapList, nullableTime, object, present, quantity, required, string, time, type Infer } from '../schema.ts'
import { resourceRequirements } from './resource_requirements.ts'

export const containerStateWaiting = object('io.k8s.api.core.v1.ContainerStateWaiting', {
  message: string(),
  reason: string(),
})

export const containerStateRunning = object('io.k8s.api.core.v1.ContainerStateRunning', {
  startedAt: time(),
})

export const containerStateTerminated = object('io.k8s.api.core.v1.ContainerStateTerminated', {
  containerID: string(),
  exitCode: required(int32()),
  finishedAt: nullableTime(),
  message: string(),
  reason: string(),
  signal: int32(),
  startedAt: nullableTime(),
})

export const containerState = object('io.k8s.api.core.v1.ContainerState', {
  running: containerStateRunning,
  terminated: containerStateTerminated,
  waiting: containerStateWaiting,
})

export const linuxContainerUser = object('io.k8s.api.core.v1.LinuxContainerUser', {
  gid: required(int64()),
  supplementalGroups: atomicList(int64()),
  uid: required(int64()),
})

export const containerUser = object('io.k8s.api.core.v1.ContainerUser', {
  linux: linuxContainerUser,
})

export const volumeMountStatus = object('io.k8s.api.core.v1.VolumeMountStatus', {
  name: required(string()),
  mountPath: required(string()),
  readOnly: boolean(),
  recursiveReadOnly: string(),
})

export const resourceHealth = object('io.k8s.api.core.v1.ResourceHealth', {
  health: string(),
  resourceID: required(string()),
})

export const resourceStatus = object('io.k8s.api.core.v1.ResourceStatus', {
  name: required(string()),
  resources: mapList(resourceHealth, ['resourceID']),
})

export const containerStatus = object('io.k8s.api.core.v1.ContainerStatus', {
  name: required(string()),
  allocatedResources: map(quantity()),
  allocatedResourcesStatus: mapList(resourceStatus, ['name'], { patchMerge: true, patchMergeKey: 'name' }),
  containerID: string(),
  image: required(string()),
  imageID: required(string()),
  lastState: present(containerState),
  ready: required(boolean()),
  resources: resourceRequirements,
  restartCount: required(int32()),
  started: boolean(),
  state: present(containerState),
  stopSignal: string(),
  user: containerUser,
  volumeMounts: mapList(volumeMountStatus, ['mountPath'], { patchMerge: true, patchMergeKey: 'mountPath' }),
})

export interface ContainerStateWaiting extends Infer<typeof containerStateWaiting> {}
export interface ContainerStateRunning extends Infer<typeof containerStateRunning> {}
export interface ContainerStateTerminated extends Infer<typeof containerStateTerminated> {}
export interface ContainerState extends Infer<typeof containerState> {}
export interface LinuxContainerUser extends Infer<typeof linuxContainerUser> {}
export interface ContainerUser extends Infer<typeof containerUser> {}
export interface VolumeMountStatus extends Infer<typeof volumeMountStatus> {}
export interface ResourceHealth extends Infer<typeof resourceHealth> {}
export interface ResourceStatus extends Infer<typeof resourceStatus> {}
export interface ContainerStatus extends Infer<typeof containerStatus> {}
