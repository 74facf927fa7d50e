import { goDuration } from '../../base/go_duration.ts'
import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, required, type Infer } from '../schema.ts'
import { spans, timelinePod, type TimelineSpan } from '../types/pod_timeline.ts'
import { ageColumn, integerColumn, nameColumn, orNone, textColumn, wideColumn } from './columns.ts'
import { declareVirtualKind } from './declare.ts'

const schema = object(
  'dev.poise.timeline.v1alpha1.PodTimeline',
  {
    ...objectFields,
    pod: required(timelinePod),
    spans: required(spans),
  },
  { doc: 'What happened to a Pod, and when: kept for a while after the Pod is gone. Nobody writes it; Poise records it.' },
)

export interface PodTimeline extends Infer<typeof schema> {}

/** Named after the Pod and the beginning of its uid, because a name may come again: `web-0.1f0c2d3e`. It has the Pod's labels. */
export const PodTimeline: Kind<PodTimeline> = declareVirtualKind<PodTimeline>({
  group: 'timeline.poise.dev',
  version: 'v1alpha1',
  kind: 'PodTimeline',
  plural: 'podtimelines',
  namespaced: true,
  verbs: ['get', 'list', 'watch'],
  schema,
  fieldSelectors: {
    'pod.name': ({ pod }) => pod.name,
    'pod.uid': ({ pod }) => pod.uid,
  },
  columns: [
    nameColumn,
    textColumn('Status', 'The phase of the Pod; Terminating once it was asked to go, and Gone when it is.', statusOf),
    textColumn('Node', 'The node it was bound to.', ({ pod }) => orNone(pod.node)),
    textColumn('Scheduled', 'From its creation until a node was chosen.', timeline => sinceCreation(timeline, endOf(first(timeline, 'Scheduling')))),
    textColumn('Started', 'From its creation until the last of its containers ran for the first time.', timeline =>
      sinceCreation(timeline, startOf(timeline.spans.findLast(({ type, restart }) => type === 'Container' && !restart))),
    ),
    textColumn('Ready', 'From its creation until it was Ready for the first time.', timeline => sinceCreation(timeline, startOf(first(timeline, 'Ready')))),
    textColumn('Terminated', 'From the request to delete it until it was gone; with a + while that goes on.', terminated),
    ageColumn,
    wideColumn('IP', 'The address of the Pod.', ({ pod }) => orNone(pod.ip)),
    wideColumn('Owner', 'Its controller.', ({ pod }) => orNone(pod.owner)),
    { ...integerColumn<PodTimeline>('Spans', 'How many spans the timeline has.', ({ spans: all }) => all.length), priority: 1 },
  ],
})

const first = ({ spans: all }: PodTimeline, type: TimelineSpan['type']): TimelineSpan | undefined => all.find(span => span.type === type)

function statusOf(timeline: PodTimeline): string {
  const deletion = first(timeline, 'Deletion')
  return deletion ? (deletion.finishAt ? 'Gone' : 'Terminating') : orNone(timeline.pod.phase)
}

interface Instant {
  readonly ms: number | undefined
  readonly wallMs: number
}

const startOf = (span: TimelineSpan | undefined): Instant | undefined => (span?.startAt ? { ms: span.startMs, wallMs: Date.parse(span.startAt) } : undefined)
const endOf = (span: TimelineSpan | undefined): Instant | undefined => (span?.finishAt ? { ms: span.finishMs, wallMs: Date.parse(span.finishAt) } : undefined)

const sinceCreation = (timeline: PodTimeline, to: Instant | undefined): string => {
  const from = startOf(first(timeline, 'Scheduling'))
  return from && to ? duration(from, to) : '<none>'
}

function terminated(timeline: PodTimeline, nowMs: number): string {
  const deletion = first(timeline, 'Deletion')
  const from = startOf(deletion)
  if (!from) return '<none>'
  const to = endOf(deletion)
  return to ? duration(from, to) : `${duration(from, { ms: undefined, wallMs: nowMs })}+`
}

/** By the clock that never goes back where both know it. */
function duration(from: Instant, to: Instant): string {
  const ms = from.ms !== undefined && to.ms !== undefined ? to.ms - from.ms : to.wallMs - from.wallMs
  return goDuration(Math.max(0, Math.round(ms)))
}
