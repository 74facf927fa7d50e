/** A line for each thing that has ended, and for the beginning of what lasts: for logs and pipes. */
import type { PodTimeline } from '../api/kinds/pod_timeline.ts'
import type { SpanType, TimelineSpan } from '../api/types/pod_timeline.ts'
import { timelineModel } from './model.ts'
import { durationText, messageText, timeOfDayText } from './words.ts'

export interface SpanLine {
  /** The same for the same thing, however often it is asked for. */
  readonly key: string
  /** `12:00:03.903  web-0  image pull web  1.566 s  Pulled`. */
  readonly text: string
  readonly timeline: PodTimeline
  readonly span: TimelineSpan
}

/** Their beginning is news; of all else the end is. */
const BEGINNINGS: ReadonlySet<SpanType> = new Set(['Container', 'InitContainer', 'Ready', 'Endpoint', 'Deletion'])

/** In the order of time. What nobody can say when is left out. */
export function spanLines(timelines: readonly PodTimeline[]): SpanLine[] {
  const lines: (SpanLine & { atMs: number })[] = []
  for (const timeline of timelines) {
    const { zeroWallMs = 0, groups } = timelineModel([timeline])
    const lane = groups[0]?.pods[0]
    for (const { name, subject, bars } of lane?.rows ?? []) {
      for (const { span, fromMs, toMs, start, end, type, label, durationMs, isInstant, precisionMs } of bars) {
        const tell = (at: number, what: 'began' | 'ended', words: string) => {
          const rest = [words, label, type === 'Term' ? '' : messageText(span)].filter(Boolean).join('  ')
          const text = `${timeOfDayText(zeroWallMs + at, precisionMs)}  ${timeline.pod.name}  ${[name, subject].filter(Boolean).join(' ')}  ${rest}`
          const of = [
            span.type,
            span.container,
            span.restart,
            span.probe,
            span.service,
            span.node,
            span.reason,
            span.result,
            span.startAt ?? span.finishAt,
          ].join('/')
          lines.push({
            atMs: zeroWallMs + at,
            key: `${timeline.pod.uid}/${what}/${what === 'began' ? of.replace(span.reason ?? '', '') : of}`,
            text: text.trimEnd(),
            timeline,
            span,
          })
        }
        if (start === 'known' && BEGINNINGS.has(type) && !isInstant) tell(fromMs, 'began', 'began')
        if (end === 'known') tell(toMs, 'ended', isInstant ? '' : durationMs === undefined ? 'ended' : durationText(durationMs, precisionMs))
      }
    }
  }
  return lines.sort((a, b) => a.atMs - b.atMs)
}
