import type { JSX } from 'preact'
import type { Millis } from '../../src/base/clock.ts'
import type { TimelineModel } from '../../src/timeline/model.ts'
import { timeOfDayText } from '../../src/timeline/words.ts'
import { percent, useChart } from './chart_state.ts'
import { ticksIn } from './ticks.ts'
import { isWithin, placeOf, type View } from './view.ts'

/** Stays on top while one scrolls. The whole instant is said once, at its left end. */
export function Axis(): JSX.Element {
  const { run, view, widthPx } = useChart()
  const { zeroWallMs, marks } = run.model
  return (
    <div class="row axis-row" aria-hidden="true">
      <div class="gutter">
        <span class="name">{zeroWallMs === undefined ? '' : `0 = ${timeOfDayText(zeroWallMs + run.zeroMs)} UTC`}</span>
      </div>
      <div class="plot" data-plot>
        {ticksIn(view, run.zeroMs, widthPx).map(({ atMs, label }) => (
          <span key={atMs} class="tick" style={{ '--at': placeOf(view, atMs) }}>
            {label}
          </span>
        ))}
        {flagsOf(marks, view, widthPx).map(({ label, place, room, isToLeft }, index) => (
          <span key={index} class={`flag${isToLeft ? ' to-left' : ''}`} style={{ '--at': place, '--room': room }} title={label}>
            {label}
          </span>
        ))}
      </div>
    </div>
  )
}

interface Flag {
  readonly label: string
  /** From 0 to 1, as are all shares of the width. */
  readonly place: number
  readonly room: number
  /** It ends at its mark: there is more room on its left. */
  readonly isToLeft: boolean
}

/** A letter, on the average, and what is around a label. */
const LETTER_PX = 5.6
const AROUND_PX = 14

/** None reaches beyond an edge, or over its neighbour: of two that come towards each other the shorter one is cut last. */
function flagsOf(marks: TimelineModel['marks'], view: View, widthPx: number): Flag[] {
  const need = ({ length }: string): number => (length * LETTER_PX + AROUND_PX) / widthPx
  const places = marks
    .filter(({ atMs }) => isWithin(view, atMs))
    .map(({ atMs, label }) => ({ label, place: placeOf(view, atMs), isToLeft: placeOf(view, atMs) > 0.5 }))
    .sort((a, b) => a.place - b.place)
  return places.map(({ label, place, isToLeft }, index) => {
    const next = places[index + (isToLeft ? -1 : 1)]
    if (!next) return { label, place, isToLeft, room: isToLeft ? place : 1 - place }
    const apart = Math.abs(next.place - place)
    if (next.isToLeft === isToLeft) return { label, place, isToLeft, room: apart }
    return { label, place, isToLeft, room: need(label) <= apart / 2 ? need(label) : Math.max(apart / 2, apart - need(next.label)) }
  })
}

/** Lines through all rows: ticks, marks, and the instant somebody has jumped to. */
export function Guides({ spotlight }: { spotlight: Millis | undefined }): JSX.Element {
  const { run, view, widthPx } = useChart()
  return (
    <div class="guides" aria-hidden="true">
      {ticksIn(view, run.zeroMs, widthPx).map(({ atMs }) => (
        <i key={atMs} class="guide" style={{ left: `${percent(view, atMs)}%` }} />
      ))}
      {run.model.marks
        .filter(({ atMs }) => isWithin(view, atMs))
        .map(({ atMs }, index) => (
          <i key={index} class="guide guide-mark" style={{ left: `${percent(view, atMs)}%` }} />
        ))}
      {spotlight !== undefined && isWithin(view, spotlight) ? <i class="guide guide-spotlight" style={{ left: `${percent(view, spotlight)}%` }} /> : null}
    </div>
  )
}
