import type { JSX } from 'preact'
import type { Millis } from '../../src/base/clock.ts'
import { timeOfDayText } from '../../src/timeline/words.ts'
import { percent, useChart } from './chart_state.ts'
import { ticksOf } from './ticks.ts'
import { isWithin } from './view.ts'

const LABEL_PX = 90

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
        {ticksOf(view, run.zeroMs, Math.max(2, widthPx / LABEL_PX)).map(({ atMs, label }) => (
          <span key={label} class="tick" style={{ left: `${percent(view, atMs)}%` }}>
            {label}
          </span>
        ))}
        {marks
          .filter(({ atMs }) => isWithin(view, atMs))
          .map(({ atMs, label }) => (
            <span key={label} class={`flag${percent(view, atMs) > 80 ? ' to-left' : ''}`} style={{ left: `${percent(view, atMs)}%` }}>
              {label}
            </span>
          ))}
      </div>
    </div>
  )
}

/** Lines through all rows: ticks, marks, and the instant somebody has jumped to. */
export function Guides({ spotlight }: { spotlight: Millis | undefined }): JSX.Element {
  const { run, view, widthPx } = useChart()
  return (
    <div class="guides" aria-hidden="true">
      {ticksOf(view, run.zeroMs, Math.max(2, widthPx / LABEL_PX)).map(({ atMs }) => (
        <i key={atMs} class="guide" style={{ left: `${percent(view, atMs)}%` }} />
      ))}
      {run.model.marks
        .filter(({ atMs }) => isWithin(view, atMs))
        .map(({ atMs, label }) => (
          <i key={label} class="guide guide-mark" style={{ left: `${percent(view, atMs)}%` }} />
        ))}
      {spotlight !== undefined && isWithin(view, spotlight) ? <i class="guide guide-spotlight" style={{ left: `${percent(view, spotlight)}%` }} /> : null}
    </div>
  )
}
