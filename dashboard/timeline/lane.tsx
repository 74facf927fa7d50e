import type { JSX } from 'preact'
import { useMemo, useRef } from 'preact/hooks'
import type { Bar, PodLane } from '../../src/timeline/model.ts'
import { Alarm, SpanBar, StageBand, stageId } from './bar.tsx'
import { plural } from './describe.ts'
import { stretch, useChart, type NavItem, type NavRow } from './chart_state.ts'
import { alarmsOf, linesOf } from './lines.ts'
import { Chevron } from './marks.tsx'
import { useNear } from './near.ts'
import { isWithin } from './view.ts'

interface LaneProps {
  readonly lane: PodLane
  readonly isOpen: boolean
  /** One of many: when it is far from the window, its lines are left empty. */
  readonly isOneOfMany: boolean
  readonly toggle: () => void
}

/** A Pod: one line of stages; opened, one line for each thing that goes on in it. */
export function Lane({ lane, isOpen, isOneOfMany, toggle }: LaneProps): JSX.Element {
  const { focusId, focus } = useChart()
  const element = useRef<HTMLDivElement>(null)
  const isNear = useNear(element, isOpen && isOneOfMany)
  const isDrawn = isNear || focusId.startsWith(`${lane.id}/`)
  const alarms = useMemo(() => alarmsOf(lane), [lane])
  const lines = useMemo(() => linesOf(lane), [lane])
  const header = laneHeader(lane)
  const remarks = [lane.ready, lane.end].flatMap(story => (story ? [{ text: story.headline, isBad: false }, ...story.remarks] : []))
  return (
    <div ref={element} role="rowgroup" class={`lane${isOpen ? ' opened' : ''}`} data-lane={lane.name}>
      <div class="row lane-row" role="row" aria-level={2} aria-expanded={isOpen} aria-label={lane.name}>
        <div class="gutter" role="rowheader">
          <button
            type="button"
            class="lane-name"
            data-id={header}
            tabIndex={focusId === header ? 0 : -1}
            aria-expanded={isOpen}
            title={lane.name}
            onFocus={() => focus(header)}
            onClick={toggle}
          >
            <Chevron open={isOpen} />
            <span class="name">{lane.name}</span>
          </button>
        </div>
        <div class="plot" role="gridcell" aria-label="stages">
          {lane.stages.map((stage, index) => (
            <StageBand key={index} stage={stage} lane={lane} index={index} />
          ))}
          <Traffic lane={lane} />
          {alarms.map(bar => (
            <Alarm key={bar.id} bar={bar} lane={lane} />
          ))}
        </div>
      </div>
      {isOpen ? (
        <>
          <div class="row remarks-row" role="row" aria-level={3} aria-label="remarks">
            <div class="gutter" role="rowheader">
              {lane.node ?? ''}
            </div>
            <div class="remarks" role="gridcell">
              {remarks.map(({ text, isBad }, index) => (
                <span key={index} class={isBad ? 'remark bad' : 'remark'}>
                  {text}
                </span>
              ))}
            </div>
          </div>
          {lines.map(({ key, name, bars }) => (
            <div key={key} class="row line-row" role="row" aria-level={3} aria-label={name}>
              <div class="gutter" role="rowheader" title={name}>
                <span class="name">{name}</span>
              </div>
              <div class="plot" role="gridcell" aria-label={plural(bars.length, 'span')}>
                {isDrawn ? bars.map((bar, index) => <SpanBar key={bar.id} bar={bar} lane={lane} nextMs={bars[index + 1]?.fromMs} />) : null}
              </div>
            </div>
          ))}
        </>
      ) : null}
    </div>
  )
}

/** Below the stages: what EndpointSlices say of it, and how long nodes took to follow. */
function Traffic({ lane }: { lane: PodLane }): JSX.Element {
  const { view } = useChart()
  const bars = useMemo(() => {
    const of = (type: Bar['type']) => lane.rows.filter(row => row.type === type).flatMap(row => row.bars)
    // How long nodes took lies over the state they had to learn of.
    return [...of('Endpoint'), ...of('RulesProgrammed')]
  }, [lane])
  return (
    <div class="traffic" aria-hidden="true">
      {bars.map(({ id, type, tone, fromMs, toMs }) =>
        isWithin(view, fromMs, toMs) ? <i key={id} class={`tone-${type === 'Endpoint' ? tone : 'rules'}`} style={stretch(view, fromMs, toMs)} /> : null,
      )}
    </div>
  )
}

export const laneHeader = (lane: PodLane): string => `${lane.id}/header`

/** What the arrow keys find in it, in the order in which it is drawn. */
export function laneRows(lane: PodLane, isOpen: boolean): NavRow[] {
  const stages = lane.stages.map(({ fromMs, toMs }, index): NavItem => ({ id: stageId(lane, index), fromMs, toMs }))
  const alarms = alarmsOf(lane).map(({ id, fromMs, toMs }): NavItem => ({ id: `${id}/alarm`, fromMs, toMs }))
  const first: NavRow = { header: laneHeader(lane), items: [...stages, ...alarms].sort((a, b) => a.fromMs - b.fromMs) }
  return isOpen ? [first, ...linesOf(lane).map(({ bars }): NavRow => ({ header: undefined, items: bars }))] : [first]
}
