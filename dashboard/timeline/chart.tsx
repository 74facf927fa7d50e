/** The chart: one axis, above it everything small, below it requests and Pods. */
import type { JSX } from 'preact'
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Millis } from '../../src/base/clock.ts'
import { Axis, Guides } from './axis.tsx'
import { ChartContext, nextFocus, type ChartState, type Hint, type NavRow, type Step } from './chart_state.ts'
import { plural } from './describe.ts'
import { Pinned, Tooltip } from './details.tsx'
import { useGestures } from './gestures.ts'
import { GroupHeader, groupHeader } from './group.tsx'
import { keyChange, ZOOM_STEP, zoomBy } from './keys.ts'
import { Lane, laneRows } from './lane.tsx'
import { Legend } from './legend.tsx'
import type { CauseLook } from './marks.tsx'
import { Overview } from './overview.tsx'
import { causeLinesOf, requestNavRows, RequestRows } from './requests.tsx'
import type { RunData } from './run_data.ts'
import { exactOffset } from './ticks.ts'
import { Toolbar } from './toolbar.tsx'
import { around, fitInto, isWithin, reveal, spanOf, type View } from './view.ts'

/** An instant somebody has asked to see; a new object each time. */
export interface Jump {
  readonly atMs: Millis
  readonly pod: string | undefined
  readonly text: string
}

/** More Pods than these are drawn in low lines. */
const ROOMY_PODS = 16
const STEPS: Readonly<Record<string, Step>> = { ArrowLeft: 'left', ArrowRight: 'right', ArrowUp: 'up', ArrowDown: 'down', Home: 'first', End: 'last' }

export function Chart({ run, looks, jump }: { run: RunData; looks: ReadonlyMap<string, CauseLook>; jump: Jump | undefined }): JSX.Element {
  const { domain, groups } = run
  const chart = useRef<HTMLDivElement>(null)
  const [view, setRawView] = useState(run.opening)
  const [widthPx, setWidthPx] = useState(900)
  const [open, setOpen] = useState<ReadonlySet<string>>(() => openAtFirst(run))
  const [closedGroups, setClosedGroups] = useState<ReadonlySet<string>>(new Set())
  const home = groups[0] ? groupHeader(groups[0].group) : ''
  const [focusId, setFocusId] = useState(home)
  const [hint, show] = useState<Hint | undefined>(undefined)
  const [pinned, pin] = useState<Hint | undefined>(undefined)
  const wantsFocus = useRef<string | undefined>(undefined)
  const wantsScroll = useRef<{ lane: string | undefined } | undefined>(undefined)
  const setView = useCallback((change: (view: View) => View) => {
    show(undefined)
    setRawView(change)
  }, [])
  useGestures(chart, domain, setView)

  useLayoutEffect(() => {
    const plot = chart.current!.querySelector('[data-plot]')!
    const observer = new ResizeObserver(() => setWidthPx(plot.getBoundingClientRect().width))
    observer.observe(plot)
    return () => observer.disconnect()
  }, [])

  const lines = useMemo(() => causeLinesOf(run, looks), [run, looks])
  const navRows = (): NavRow[] => [
    ...requestNavRows(lines, view, widthPx),
    ...groups.flatMap(({ group }) => [
      { header: groupHeader(group), items: [] },
      ...(closedGroups.has(groupHeader(group)) ? [] : group.pods.flatMap(lane => laneRows(lane, open.has(lane.id)))),
    ]),
  ]

  const zoomTo = (fromMs: Millis, toMs: Millis): void => setView(() => around(fromMs, Math.max(toMs, fromMs + 5), domain))
  const state: ChartState = { run, view, widthPx, focusId, pinned, show, pin, focus: setFocusId, zoomTo }

  useEffect(() => {
    if (!jump) return
    const lane = groups.flatMap(({ group }) => group.pods).find(({ name }) => name === jump.pod)
    if (lane) setOpen(now => new Set([...now, lane.id]))
    const owner = lane && groups.find(({ group }) => group.pods.includes(lane))
    if (owner) setClosedGroups(now => new Set([...now].filter(header => header !== groupHeader(owner.group))))
    setView(now => {
      const span = Math.min(spanOf(now), Math.max(spanOf(domain) / 12, 400))
      return fitInto({ fromMs: jump.atMs - span / 2, toMs: jump.atMs + span / 2 }, domain)
    })
    wantsScroll.current = { lane: lane?.name }
  }, [jump])

  // Its group and its lines are drawn by now.
  useLayoutEffect(() => {
    const wanted = wantsScroll.current
    if (!wanted) return
    wantsScroll.current = undefined
    const target = [...chart.current!.querySelectorAll<HTMLElement>('.lane')].find(element => element.dataset['lane'] === wanted.lane)
    ;(target ?? chart.current)!.scrollIntoView({ block: target ? 'center' : 'start' })
  })

  const hadFocus = chart.current?.querySelector('.rows')?.contains(document.activeElement) ?? false
  // What is no longer drawn cannot have the focus: Tab must find something, and keys must go on to work.
  useLayoutEffect(() => {
    const buttons = [...chart.current!.querySelectorAll<HTMLElement>('.rows [data-id]')]
    const isDrawn = buttons.some(({ dataset }) => dataset['id'] === focusId)
    if (!isDrawn && focusId !== home) setFocusId(home)
    const isLost = hadFocus && wantsFocus.current === undefined && !chart.current!.contains(document.activeElement)
    if (isLost) buttons.find(({ dataset }) => dataset['id'] === (isDrawn ? focusId : home))?.focus({ preventScroll: true })
  })

  useLayoutEffect(() => {
    const id = wantsFocus.current
    if (id === undefined) return
    wantsFocus.current = undefined
    const target = [...chart.current!.querySelectorAll<HTMLElement>('[data-id]')].find(element => element.dataset['id'] === id)
    // First, because what the focus shows is put where it stands then.
    target?.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' })
    target?.focus({ preventScroll: true })
  })

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'Escape') {
      pin(undefined)
      return show(undefined)
    }
    const id = (event.target as HTMLElement).dataset['id']
    const change = keyChange(event.key, event.shiftKey, domain)
    const step = STEPS[event.key]
    if (change || (step && id !== undefined)) event.preventDefault()
    if (change) return setView(change)
    const next = step && id !== undefined ? nextFocus(navRows(), id, step) : undefined
    if (next === undefined) return
    wantsFocus.current = typeof next === 'string' ? next : next.id
    setFocusId(wantsFocus.current)
    if (typeof next !== 'string') setRawView(now => reveal(now, next.fromMs, next.toMs, domain))
  }

  const pods = groups.flatMap(({ group }) => group.pods)
  const toggled = (set: ReadonlySet<string>, id: string): ReadonlySet<string> =>
    set.has(id) ? new Set([...set].filter(other => other !== id)) : new Set([...set, id])
  return (
    <ChartContext.Provider value={state}>
      <section class={`chart${pods.length > ROOMY_PODS ? ' dense' : ''}`} ref={chart} aria-label="Timeline" onKeyDown={onKeyDown}>
        <Toolbar
          zoomIn={() => setView(zoomBy(ZOOM_STEP, domain))}
          zoomOut={() => setView(zoomBy(1 / ZOOM_STEP, domain))}
          showAll={() => setView(() => domain)}
          showLoad={run.requests.length > 0 ? () => setView(() => run.opening) : undefined}
          openAll={() => setOpen(new Set(pods.map(({ id }) => id)))}
          closeAll={() => setOpen(new Set())}
        />
        <div class="sticky">
          <Overview setView={setView} />
          <Axis />
        </div>
        <div
          class="rows"
          id="chart-rows"
          role="treegrid"
          aria-label={`${plural(pods.length, 'Pod')} and ${plural(run.requests.length, 'request')} over time. Arrow keys move between spans, Enter pins details.`}
        >
          <Guides spotlight={jump?.atMs} />
          <RequestRows lines={lines} />
          {groups.map(aged => {
            const header = groupHeader(aged.group)
            const isOpen = !closedGroups.has(header)
            return (
              <div key={header} class="group">
                <GroupHeader aged={aged} isOpen={isOpen} toggle={() => setClosedGroups(now => toggled(now, header))} />
                {isOpen
                  ? aged.group.pods.map(lane => (
                      <Lane
                        key={lane.id}
                        lane={lane}
                        isOpen={open.has(lane.id)}
                        isOneOfMany={pods.length > ROOMY_PODS}
                        toggle={() => setOpen(now => toggled(now, lane.id))}
                      />
                    ))
                  : null}
              </div>
            )
          })}
        </div>
        <p class="sr-only" aria-live="polite" data-live>
          {jump && isWithin(view, jump.atMs) && spanOf(view) < spanOf(domain) ? `${jump.text}. ` : ''}
          Shown: {exactOffset(view.fromMs - run.zeroMs)} to {exactOffset(view.toMs - run.zeroMs)}
        </p>
        <Legend lines={lines} />
        {hint && hint.id !== pinned?.id ? <Tooltip hint={hint} /> : null}
        {pinned ? <Pinned hint={pinned} zoomTo={() => zoomTo(pinned.range.fromMs, pinned.range.toMs)} close={() => pin(undefined)} /> : null}
      </section>
    </ChartContext.Provider>
  )
}

/** A Pod alone is opened; of several, the first that a finding speaks of. */
function openAtFirst({ groups, findings }: RunData): ReadonlySet<string> {
  const pods = groups.flatMap(({ group }) => group.pods)
  if (pods.length === 1) return new Set([pods[0]!.id])
  const named = findings.flatMap(({ evidence }) => evidence.flatMap(({ pod }) => pod ?? []))[0]
  return new Set(pods.filter(({ name }) => name === named).map(({ id }) => id))
}
