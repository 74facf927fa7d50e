/** Finding containers among what was observed. An instance is one container of the runtime; a restart makes another. */
import type { Millis } from '../../base/clock.ts'
import type { ContainerStatus } from '../../runtime/runtime.ts'
import { containerNameOf, restartCountOf } from '../container/labels.ts'
import type { ObservedPod } from './pod_state.ts'

/** Newest first. */
export const instancesOf = (observed: ObservedPod, name: string): ContainerStatus[] => observed.containers.filter(c => containerNameOf(c) === name)

export const newestOf = (observed: ObservedPod, name: string): ContainerStatus | undefined => observed.containers.find(c => containerNameOf(c) === name)

export const runningOf = (observed: ObservedPod): ContainerStatus[] => observed.containers.filter(c => c.state === 'running')

export const hasExited = (container: ContainerStatus): boolean => container.state === 'exited' || container.state === 'unknown'

/** Exits with the same clock reading as a creation come out in the order they were made. */
export const newestFirst = (a: ContainerStatus, b: ContainerStatus): Millis => b.createdAt - a.createdAt || restartCountOf(b) - restartCountOf(a)
