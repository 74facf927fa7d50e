import type { JSX } from 'preact'
import type { Millis } from '../../src/base/clock.ts'
import type { Bar, PodLane, Stage } from '../../src/timeline/model.ts'
import { cuts, percent, stretch, useChart } from './chart_state.ts'
import { describeBar, describeStage, lengthText, nameOf } from './describe.ts'
import { AlarmMark } from './marks.tsx'
import { Spot } from './spot.tsx'
import { isWithin } from './view.ts'

/** A letter of a label, on the average. */
const LETTER_PX = 6.2
const INSIDE_PX = 14

interface SpanBarProps {
  readonly bar: Bar
  readonly lane: PodLane
  /** Where the next one of its line begins: a label beside it may go so far. */
  readonly nextMs: Millis | undefined
}

/** One span of an opened Pod. What is not known ends in a fading edge, what is not over in an open one. */
export function SpanBar({ bar, lane, nextMs }: SpanBarProps): JSX.Element | null {
  const { run, view, widthPx } = useChart()
  if (!isWithin(view, bar.fromMs, bar.toMs)) return null
  const describe = () => describeBar(run, lane, bar)
  if (bar.isInstant)
    return (
      <Spot
        id={bar.id}
        className={`instant tone-${bar.tone}`}
        style={{ left: `${percent(view, bar.fromMs)}%` }}
        fromMs={bar.fromMs}
        toMs={bar.toMs}
        describe={describe}
      >
        <AlarmMark type={bar.type} />
      </Spot>
    )
  const edges = `${bar.start === 'unknown' ? ' start-unknown' : ''}${bar.end === 'known' ? '' : ` end-${bar.end}`}${bar.precisionMs === 1000 ? ' derived' : ''}`
  const pixels = (fromMs: Millis, toMs: Millis): number => ((percent(view, toMs) - percent(view, fromMs)) / 100) * widthPx
  const question = bar.start === 'unknown' || bar.end === 'unknown' ? '? ' : ''
  const short = question + labelOf(bar)
  const label = bar.durationMs === undefined ? short : `${short} · ${lengthText(bar)}`
  const insidePx = pixels(bar.fromMs, bar.toMs)
  const isInside = insidePx >= short.length * LETTER_PX + INSIDE_PX
  const isBeside = !isInside && pixels(bar.toMs, nextMs ?? view.toMs) >= label.length * LETTER_PX + INSIDE_PX
  return (
    <>
      <Spot
        id={bar.id}
        className={`bar tone-${bar.tone} type-${bar.type}${edges}${cuts(view, bar.fromMs, bar.toMs)}`}
        style={stretch(view, bar.fromMs, bar.toMs)}
        fromMs={bar.fromMs}
        toMs={bar.toMs}
        describe={describe}
      >
        {isInside || (!isBeside && insidePx > 40) ? <span class="bar-label">{insidePx >= label.length * LETTER_PX + INSIDE_PX ? label : short}</span> : null}
      </Spot>
      {isBeside ? (
        <span class="beside" style={{ left: `${percent(view, bar.toMs)}%` }} aria-hidden="true">
          {label}
        </span>
      ) : null}
    </>
  )
}

/** The name of the line says the rest. */
function labelOf(bar: Bar): string {
  switch (bar.type) {
    case 'Ready':
      return 'Ready'
    case 'Endpoint':
    case 'RulesProgrammed':
    case 'Probe':
      return bar.label
    default:
      return [nameOf(bar), bar.label].filter(Boolean).join(', ')
  }
}

/** One part of a Pod's life, while the Pod is one line. */
export function StageBand({ stage, lane, index }: { stage: Stage; lane: PodLane; index: number }): JSX.Element | null {
  const { run, view } = useChart()
  if (!isWithin(view, stage.fromMs, stage.toMs)) return null
  return (
    <Spot
      id={stageId(lane, index)}
      className={`stage stage-${stage.kind}${cuts(view, stage.fromMs, stage.toMs)}`}
      style={stretch(view, stage.fromMs, stage.toMs)}
      fromMs={stage.fromMs}
      toMs={stage.toMs}
      describe={() => describeStage(run, lane, stage)}
    />
  )
}

export const stageId = (lane: PodLane, index: number): string => `${lane.id}/stage/${index}`

export function Alarm({ bar, lane }: { bar: Bar; lane: PodLane }): JSX.Element | null {
  const { run, view } = useChart()
  if (!isWithin(view, bar.fromMs)) return null
  return (
    <Spot
      id={`${bar.id}/alarm`}
      className={`alarm tone-${bar.tone}`}
      style={{ left: `${percent(view, bar.fromMs)}%` }}
      fromMs={bar.fromMs}
      toMs={bar.toMs}
      describe={() => describeBar(run, lane, bar)}
    >
      <AlarmMark type={bar.type} />
    </Spot>
  )
}
