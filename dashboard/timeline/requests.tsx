/** The load over time: how many were answered, each cause of loss on a line of its own, and how long answers took. */
import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import { durationText } from '../../src/timeline/words.ts'
import { binsOf, clustersOf, slice, type Bin } from './bins.ts'
import { percent, useChart, type NavRow } from './chart_state.ts'
import { describeCluster } from './describe.ts'
import { CauseMark, SLOW_LOOK, UNKNOWN_LOOK, type CauseLook } from './marks.tsx'
import type { DrawnRequest, RunData } from './run_data.ts'
import { Spot } from './spot.tsx'
import { spanOf, type View } from './view.ts'

const BIN_PX = 4
/** Bins with fewer show how requests fall into bins, and not how many there are. */
const REQUESTS_PER_BIN = 4
const BINS_MIN = 24
const MARK_PX = 12
/** So many answers are drawn one by one; more as bins. */
const DOTS_MAX = 300

export interface CauseLine {
  readonly key: string
  readonly name: string
  readonly look: CauseLook
  readonly requests: readonly DrawnRequest[]
}

export function causeLinesOf({ requests }: RunData, looks: ReadonlyMap<string, CauseLook>): CauseLine[] {
  const lines = new Map<string, CauseLine & { requests: DrawnRequest[] }>()
  for (const request of requests) {
    if (request.is === 'answered') continue
    const name = request.is === 'slow' ? `slow${request.cause ? `: ${request.cause}` : ''}` : (request.cause ?? 'unknown')
    const line = lines.get(name) ?? { key: name, name, look: request.is === 'slow' ? SLOW_LOOK : (looks.get(name) ?? UNKNOWN_LOOK), requests: [] }
    lines.set(name, line)
    line.requests.push(request)
  }
  return [...lines.values()]
}

const clustersIn = (line: CauseLine, view: View, widthPx: number) => clustersOf(line.requests, view, MARK_PX / Math.max(widthPx, 200))

export function RequestRows({ lines }: { lines: readonly CauseLine[] }): JSX.Element | null {
  const { run, view, widthPx } = useChart()
  if (run.requests.length === 0) return null
  const count = Math.min(widthPx / BIN_PX, slice(run.requests, view).length / REQUESTS_PER_BIN)
  const bins = binsOf(run.requests, view, Math.max(BINS_MIN, Math.floor(count)))
  return (
    <div role="rowgroup" class="requests">
      <div class="row rate-row" role="row" aria-level={1} aria-label="requests answered">
        <div class="gutter" role="rowheader">
          <span class="name">
            <strong>Requests</strong> answered
          </span>
        </div>
        <div class="plot" role="gridcell">
          <RateChart bins={bins} />
          <span class="most" aria-hidden="true">
            {rateText(run, bins, spanOf(view))}
          </span>
          <span class="sr-only">{inView(bins)}</span>
        </div>
      </div>
      {lines.map(line => (
        <div key={line.key} class="row cause-row" role="row" aria-level={2} aria-label={line.name}>
          <div class="gutter" role="rowheader">
            <span class="name" title={line.name}>
              <CauseMark look={line.look} /> {line.name}
            </span>
            <span class="group-count">{line.requests.length.toLocaleString('en')}</span>
          </div>
          <div class="plot" role="gridcell">
            {clustersIn(line, view, widthPx).map(cluster => (
              <Spot
                key={`${cluster.id} ${cluster.requests.length}`}
                id={cluster.id}
                className="cluster"
                style={{ left: `${percent(view, cluster.atMs)}%` }}
                fromMs={cluster.atMs}
                toMs={Math.max(...cluster.requests.map(({ endMs }) => endMs))}
                describe={() => describeCluster(run, line.name, cluster)}
              >
                <CauseMark look={line.look} size={cluster.requests.length > 4 ? 13 : 10} />
              </Spot>
            ))}
          </div>
        </div>
      ))}
      <LatencyRow bins={bins} />
    </div>
  )
}

/** What the arrow keys find in them. */
export const requestNavRows = (lines: readonly CauseLine[], view: View, widthPx: number): NavRow[] =>
  lines.map(line => ({ header: undefined, items: clustersIn(line, view, widthPx).map(({ id, atMs }) => ({ id, fromMs: atMs, toMs: atMs })) }))

function RateChart({ bins }: { bins: readonly Bin[] }): JSX.Element {
  const most = Math.max(1, ...bins.map(({ answered, slow, lost }) => answered + slow + lost))
  const step = 1000 / bins.length
  const bars = (count: (bin: Bin) => number, below: (bin: Bin) => number) =>
    bins
      .map((bin, index) => {
        const height = (count(bin) / most) * 34
        return height === 0
          ? ''
          : `M${(index * step).toFixed(1)} ${(36 - (below(bin) / most) * 34).toFixed(1)}h${(step * 0.86).toFixed(2)}v${(-height).toFixed(1)}h${(-step * 0.86).toFixed(2)}z`
      })
      .join('')
  return (
    <svg class="rate" viewBox="0 0 1000 36" preserveAspectRatio="none" aria-hidden="true">
      <path
        class="rate-answered"
        d={bars(
          bin => bin.answered,
          () => 0,
        )}
      />
      <path
        class="rate-slow"
        d={bars(
          bin => bin.slow,
          bin => bin.answered,
        )}
      />
      <path
        class="rate-lost"
        d={bars(
          bin => bin.lost,
          bin => bin.answered + bin.slow,
        )}
      />
    </svg>
  )
}

const HEIGHT = 64

/** Logarithmic, because a lost rollout has answers of 2 ms and of 2 s. */
function LatencyRow({ bins }: { bins: readonly Bin[] }): JSX.Element {
  const { run, view } = useChart()
  const { answered, low, high } = useMemo(() => {
    const all = run.requests.filter(({ is }) => is !== 'lost')
    const latencies = all.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b)
    const least = Math.max(0.1, (latencies[0] ?? 1) * 0.8)
    return { answered: all, low: least, high: Math.max(least * 10, (latencies.at(-1) ?? 10) * 1.3) }
  }, [run])
  const y = (ms: number) => HEIGHT - ((Math.log(Math.max(ms, low)) - Math.log(low)) / (Math.log(high) - Math.log(low))) * (HEIGHT - 4) - 2
  const visible = slice(answered, view)
  const grid = [0.1, 1, 10, 100, 1_000, 10_000].filter(ms => ms > low && ms < high)
  const step = 1000 / bins.length
  const seen = bins.map((bin, index) => ({ ...bin, x: (index + 0.5) * step })).filter(bin => bin.medianMs !== undefined)
  return (
    <div class="row latency-row" role="row" aria-level={1} aria-label="latency">
      <div class="gutter" role="rowheader">
        <span class="name">
          <strong>Latency</strong> from the planned instant
        </span>
      </div>
      <div class="plot" role="gridcell">
        <svg class="latency" viewBox={`0 0 1000 ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          {grid.map(ms => (
            <path key={ms} class="grid-line" d={`M0 ${y(ms)}H1000`} vector-effect="non-scaling-stroke" />
          ))}
          {run.check?.slowMs !== undefined && run.check.slowMs < high && run.check.slowMs > low ? (
            <path class="slow-line" d={`M0 ${y(run.check.slowMs)}H1000`} vector-effect="non-scaling-stroke" />
          ) : null}
          {visible.length <= DOTS_MAX ? (
            <path
              class="latency-dots"
              vector-effect="non-scaling-stroke"
              d={visible.map(({ atMs, latencyMs }) => `M${percent(view, atMs) * 10} ${y(latencyMs)}h.01`).join('')}
            />
          ) : (
            <>
              <path
                class="latency-range"
                vector-effect="non-scaling-stroke"
                d={seen.map(({ x, medianMs, longestMs }) => `M${x.toFixed(1)} ${y(medianMs!).toFixed(1)}V${(y(longestMs!) - 0.5).toFixed(1)}`).join('')}
              />
              <path
                class="latency-dots"
                vector-effect="non-scaling-stroke"
                d={seen.map(({ x, medianMs }) => `M${x.toFixed(1)} ${y(medianMs!).toFixed(1)}h.01`).join('')}
              />
            </>
          )}
        </svg>
        {grid.map(ms => (
          <span key={ms} class="grid-label" style={{ top: `clamp(0.6em, ${(y(ms) / HEIGHT) * 100}%, 100% - 0.6em)` }} aria-hidden="true">
            {durationText(ms).replace('.000', '')}
          </span>
        ))}
        <span class="sr-only">Longest answer in view: {durationText(visible.reduce((longest, { latencyMs }) => Math.max(longest, latencyMs), 0))}.</span>
      </div>
    </div>
  )
}

/** At the top of the drawing: what the fullest bin means in a second, those that are not drawn counted in. */
function rateText({ check, requests }: RunData, bins: readonly Bin[], spanMs: number): string {
  const most = Math.max(...bins.map(({ answered, slow, lost }) => answered + slow + lost))
  const perSecond = (most / (spanMs / bins.length)) * 1000 * ((check?.sent ?? requests.length) / Math.max(1, requests.length))
  return most < 3 ? '' : `${Math.round(perSecond).toLocaleString('en')}/s`
}

function inView(bins: readonly Bin[]): string {
  const sum = (of: (bin: Bin) => number) => bins.reduce((total, bin) => total + of(bin), 0)
  return `In view: ${sum(bin => bin.answered)} answered, ${sum(bin => bin.slow)} slow, ${sum(bin => bin.lost)} lost.`
}
