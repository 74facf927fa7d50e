/** Timelines as somebody has recorded them: the data of timeline.poise.dev. */
import type { PodTimeline } from './kinds/pod_timeline.ts'

export interface TimelineChange {
  readonly timeline: PodTimeline
  readonly is: 'added' | 'changed' | 'gone'
}

export interface TimelineReadings {
  /** Grows with every change of any timeline. */
  readonly revision: number
  /** Frozen; of one namespace, or of all. metadata.resourceVersion is the revision of its last change. */
  list(namespace?: string): readonly PodTimeline[]
  get(namespace: string, name: string): PodTimeline | undefined
  /** The last change of each timeline after that revision, oldest first; undefined when that is longer ago than is known. */
  since(revision: number): readonly TimelineChange[] | undefined
  /** Told of changes, at most every fraction of a second for one timeline, oldest first; `gone` when it had to make room. */
  onChange(listener: (change: TimelineChange) => void): { stop(): void }
}
