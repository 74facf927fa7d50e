/** Everything, small, with the part that is seen: a scroll bar that shows what it scrolls. */
import type { JSX, TargetedPointerEvent } from 'preact'
import { useMemo, useRef } from 'preact/hooks'
import type { StageKind } from '../../src/timeline/model.ts'
import { useChart } from './chart_state.ts'
import type { RunData } from './run_data.ts'
import { exactOffset } from './ticks.ts'
import { binsOf } from './bins.ts'
import { scrollKeyChange } from './keys.ts'
import { fitInto, placeOf, spanOf, timeAt, type View } from './view.ts'

const HEIGHT = 46
const BINS = 300
const HANDLE_PX = 10

export function Overview({ setView }: { setView: (change: (view: View) => View) => void }): JSX.Element {
  const { run, view } = useChart()
  const drag = useRef<{ kind: 'from' | 'to' | 'both'; offset: number } | undefined>(undefined)
  const { domain } = run
  const thumbnail = useMemo(() => <Thumbnail run={run} />, [run])
  const [from, to] = [placeOf(domain, view.fromMs), placeOf(domain, view.toMs)]
  const placeAt = (event: PointerEvent & { currentTarget: HTMLElement }): number => {
    const box = event.currentTarget.getBoundingClientRect()
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width))
  }
  const onPointerDown = (event: TargetedPointerEvent<HTMLDivElement>): void => {
    if (event.button !== 0) return
    const place = placeAt(event)
    const near = HANDLE_PX / event.currentTarget.getBoundingClientRect().width
    event.currentTarget.setPointerCapture(event.pointerId)
    if (Math.abs(place - from) < near) drag.current = { kind: 'from', offset: 0 }
    else if (Math.abs(place - to) < near) drag.current = { kind: 'to', offset: 0 }
    else {
      drag.current = { kind: 'both', offset: place > from && place < to ? place - from : (to - from) / 2 }
      onPointerMove(event)
    }
  }
  const onPointerMove = (event: TargetedPointerEvent<HTMLDivElement>): void => {
    if (!drag.current) return
    const { kind, offset } = drag.current
    const at = timeAt(domain, placeAt(event) - offset)
    setView(now => {
      if (kind === 'both') return fitInto({ fromMs: at, toMs: at + spanOf(now) }, domain)
      return kind === 'from' ? fitInto({ ...now, fromMs: Math.min(at, now.toMs - 1) }, domain) : fitInto({ ...now, toMs: Math.max(at, now.fromMs + 1) }, domain)
    })
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const change = scrollKeyChange(event.key, domain)
    if (!change) return
    event.preventDefault()
    event.stopPropagation()
    setView(change)
  }
  return (
    <div class="row overview-row">
      <div class="gutter">
        <span class="name">Overview</span>
      </div>
      <div
        class="plot overview"
        role="scrollbar"
        tabIndex={0}
        aria-label="Overview: arrow keys pan, plus and minus zoom, Home and End go to the edges"
        aria-controls="chart-rows"
        aria-orientation="horizontal"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(from * 100)}
        aria-valuetext={`${exactOffset(view.fromMs - run.zeroMs)} to ${exactOffset(view.toMs - run.zeroMs)}`}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={() => (drag.current = undefined)}
        onPointerCancel={() => (drag.current = undefined)}
        onKeyDown={onKeyDown}
      >
        {thumbnail}
        <div class="shade" style={{ left: 0, width: `${from * 100}%` }} />
        <div class="shade" style={{ left: `${to * 100}%`, right: 0 }} />
        <div class="brush" style={{ left: `${from * 100}%`, width: `${(to - from) * 100}%` }}>
          <i class="handle" />
          <i class="handle" />
        </div>
      </div>
    </div>
  )
}

const CLASSES: Partial<Record<StageKind, string>> = {
  ready: 'thumb-ready',
  terminating: 'thumb-terminating',
  starting: 'thumb-starting',
  init: 'thumb-starting',
  pending: 'thumb-starting',
}

function Thumbnail({ run }: { run: RunData }): JSX.Element {
  const { domain, requests, groups } = run
  const lanes = groups.flatMap(({ group }) => group.pods)
  const roof = requests.length > 0 ? 10 : 1
  const rowHeight = (HEIGHT - roof - 1) / Math.max(1, lanes.length)
  const x = (atMs: number) => placeOf(domain, atMs) * 1000
  const paths = new Map<string, string>()
  lanes.forEach(({ stages }, index) => {
    for (const { kind, fromMs, toMs } of stages) {
      const name = CLASSES[kind]
      if (name)
        paths.set(
          name,
          `${paths.get(name) ?? ''}M${x(fromMs).toFixed(1)} ${(roof + index * rowHeight).toFixed(2)}H${x(toMs).toFixed(1)}v${(rowHeight * 0.8).toFixed(2)}H${x(fromMs).toFixed(1)}z`,
        )
    }
  })
  const bins = requests.length > 0 ? binsOf(requests, domain, BINS) : []
  const ticks = bins.map(({ lost }, index) => (lost > 0 ? `M${(index * 1000) / BINS} 0h${1000 / BINS}v8h${-1000 / BINS}z` : '')).join('')
  return (
    <svg class="thumbnail" viewBox={`0 0 1000 ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      {[...paths].map(([name, d]) => (
        <path key={name} class={name} d={d} />
      ))}
      <path class="thumb-lost" d={ticks} />
    </svg>
  )
}
