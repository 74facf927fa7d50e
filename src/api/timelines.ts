/** Timelines as somebody has recorded them: the data of timeline.poise.dev. */
import type { PodTimeline } from './kinds/pod_timeline.ts'

export interface TimelineReadings {
  /** Grows with every change of any timeline. */
  readonly revision: number
  /** Frozen; of one namespace, or of all. metadata.resourceVersion is the revision of its last change. */
  list(namespace?: string): readonly PodTimeline[]
  get(namespace: string, name: string): PodTimeline | undefined
  /** Told of changes, at most every fraction of a second for one timeline; `gone` when it had to make room. */
  onChange(listener: (change: { readonly timeline: PodTimeline; readonly is: 'added' | 'changed' | 'gone' }) => void): { stop(): void }
}
