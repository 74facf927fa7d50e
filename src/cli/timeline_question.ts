/** What somebody wants to know of which Pods, and which timelines answer it. */
import type { PodTimeline } from '../api/kinds/pod_timeline.ts'
import type { ContextConnection } from '../host/context_connection.ts'
import { filterOf, type Filter, type Target } from './timeline_target.ts'

export const TIMELINE_FORMATS = ['text', 'json', 'yaml', 'svg', 'html'] as const
export type TimelineFormat = (typeof TIMELINE_FORMATS)[number]

export interface TimelineOptions {
  namespace?: string
  allNamespaces: boolean
  selector?: string
  follow: boolean
  since?: number
  output?: TimelineFormat
  outputFile?: string
  wide: boolean
  ascii: boolean
  context?: string
  kubeconfig?: string
  name?: string
}

/** What was asked for, once it is known which cluster it is. */
export interface Question {
  readonly connection: ContextConnection
  readonly targets: readonly Target[]
  /** Undefined: all. */
  readonly namespace: string | undefined
  readonly options: TimelineOptions
}

/** Which of all that were read. `nowWallMs`: since when `sinceMs` counts back. */
export function chosen(timelines: readonly PodTimeline[], filter: Filter, sinceMs: number | undefined, nowWallMs = Date.now()): readonly PodTimeline[] {
  return timelines.filter(timeline => filter(timeline) && (sinceMs === undefined || lastWallMs(timeline) >= nowWallMs - sinceMs))
}

/** When something began or ended last. That a probe still succeeds is no news. */
const lastWallMs = ({ spans }: PodTimeline): number =>
  Math.max(
    -Infinity,
    ...spans.flatMap(({ type, result, startAt, finishAt }) =>
      [startAt, type === 'Probe' && result === 'success' ? undefined : finishAt].flatMap(at => (at ? Date.parse(at) : [])),
    ),
  )

export const filterFor = ({ connection, namespace, targets }: Question): Promise<Filter> => filterOf(connection.client, namespace ?? '', targets)
