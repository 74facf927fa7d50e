/**
 * Where an instant lies on the drawing. A Pod starts in seconds, runs for days and ends in seconds: long times in which nothing
 * begins and nothing ends are cut short, so that both ends can be seen at once.
 */
import type { SpanType } from '../api/types/pod_timeline.ts'
import type { Millis } from '../base/clock.ts'
import { lanesOf, type Bar, type PodLane, type TimelineModel } from './model.ts'

export interface Axis {
  readonly fromMs: Millis
  readonly toMs: Millis
  /** From 0 to 1. */
  place(atMs: Millis): number
  /** Times cut short, in order. */
  readonly cuts: readonly Cut[]
  /** Round instants that are at least `share` of the width apart. */
  ticks(share: number): readonly Millis[]
}

export interface Cut {
  readonly fromMs: Millis
  readonly toMs: Millis
}

/** What part of the drawing a cut takes. */
const CUT_SHARE = 0.06
/** A quiet time is cut when it is longer than this part of all that is not cut yet. */
const QUIET_SHARE = 0.5
const CUTS_MAX = 6
/** What may last without being worth the room: a process that runs, a Pod that is Ready. All else is a step somebody waits for. */
const STEADY: ReadonlySet<SpanType> = new Set(['Container', 'InitContainer', 'Probe', 'Ready', 'Endpoint'])

export interface AxisOptions {
  /** Long quiet times are cut short. Default: true. */
  readonly withCuts?: boolean
  /** Only these, and what is laid over all. Default: the whole model. */
  readonly lanes?: readonly PodLane[]
}

export function createAxis(model: TimelineModel, { withCuts = true, lanes }: AxisOptions = {}): Axis {
  const shown = lanes ?? lanesOf(model)
  const bars = shown.flatMap(({ rows }) => rows.flatMap(row => row.bars))
  const ends = shown.flatMap(({ beginMs, goneMs }) => [beginMs, goneMs ?? model.endMs])
  const { requests, marks } = lanes ? { requests: [], marks: [] } : model
  const overlaid = [...requests.flatMap(({ plannedMs, endedMs }) => [plannedMs, endedMs]), ...marks.map(({ atMs }) => atMs)]
  const instants = [...ends, ...overlaid, ...bars.flatMap(({ fromMs, toMs }) => [fromMs, toMs])]
  const sorted = [...new Set(instants.length === 0 ? [0, model.endMs] : instants)].sort((a, b) => a - b)
  const fromMs = sorted[0]!
  const toMs = Math.max(sorted.at(-1)!, fromMs + 1)
  const cuts = withCuts ? cutsOf(quietTimes(sorted, bars), toMs - fromMs) : []
  const cutMs = cuts.reduce((sum, cut) => sum + cut.toMs - cut.fromMs, 0)
  const perMs = (1 - cuts.length * CUT_SHARE) / Math.max(1, toMs - fromMs - cutMs)

  const place = (atMs: Millis): number => {
    let share = 0
    let from = fromMs
    for (const cut of cuts) {
      if (atMs <= cut.fromMs) break
      share += (cut.fromMs - from) * perMs
      if (atMs < cut.toMs) return share + (CUT_SHARE * (atMs - cut.fromMs)) / (cut.toMs - cut.fromMs)
      share += CUT_SHARE
      from = cut.toMs
    }
    return Math.min(1, Math.max(0, share + (atMs - from) * perMs))
  }
  return {
    fromMs,
    toMs,
    cuts,
    place,
    ticks(share) {
      const stepMs = roundStep(share / perMs)
      const ticks: Millis[] = []
      const pieces = [...cuts, { fromMs: toMs, toMs }]
      let from = fromMs
      for (const piece of pieces) {
        for (let at = Math.ceil(from / stepMs - 1e-9) * stepMs; at <= piece.fromMs; at += stepMs) {
          const last = ticks.at(-1)
          if (last === undefined || place(at) - place(last) >= share * 0.999) ticks.push(at)
        }
        from = piece.toMs
      }
      return ticks
    },
  }
}

/** Between one instant and the next, where nothing but steady things goes on. */
function quietTimes(sorted: readonly Millis[], bars: readonly Bar[]): Cut[] {
  const busy = bars.filter(({ type, tone }) => !STEADY.has(type) && tone !== 'unknown').sort((a, b) => a.fromMs - b.fromMs)
  let next = 0
  let busyUntilMs = -Infinity
  return sorted.slice(1).flatMap((toMs, index) => {
    const fromMs = sorted[index]!
    for (; next < busy.length && busy[next]!.fromMs <= fromMs; next++) busyUntilMs = Math.max(busyUntilMs, busy[next]!.toMs)
    return busyUntilMs > fromMs ? [] : [{ fromMs, toMs }]
  })
}

/** The longest first, for as long as one is a good part of what is left. */
function cutsOf(quiet: readonly Cut[], totalMs: Millis): Cut[] {
  const cuts: Cut[] = []
  let leftMs = totalMs
  for (const { fromMs, toMs } of quiet.toSorted((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs)).slice(0, CUTS_MAX)) {
    const gapMs = toMs - fromMs
    if (gapMs < QUIET_SHARE * leftMs || gapMs >= leftMs) break
    // A little of it stays on both sides, so that what lasts is seen to last.
    const marginMs = Math.min(gapMs * 0.1, (leftMs - gapMs) * 0.1)
    cuts.push({ fromMs: fromMs + marginMs, toMs: toMs - marginMs })
    leftMs -= gapMs - 2 * marginMs
  }
  return cuts.sort((a, b) => a.fromMs - b.fromMs)
}

const STEPS_MS: readonly Millis[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3, 60e3, 120e3, 300e3, 600e3, 900e3, 1800e3, 3600e3]

/** The smallest round step of at least `ms`. */
function roundStep(ms: Millis): Millis {
  return STEPS_MS.find(step => step >= ms) ?? Math.ceil(ms / 3600e3) * 3600e3
}

/** Labels of ticks: `0`, `200 ms`, `1.5 s`, `2 min`, `2:05 min`, `1:30 h`, `1:00:05 h`. */
export function tickText(ms: Millis): string {
  if (ms === 0) return '0'
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 120e3) return `${Number((ms / 1000).toFixed(3))} s`
  const minutes = Math.floor(ms / 60e3)
  const seconds = Math.round((ms % 60e3) / 1000)
  const tail = seconds ? `:${two(seconds)}` : ''
  if (minutes < 60) return tail ? `${minutes}${tail} min` : `${minutes} min`
  return tail || minutes % 60 ? `${Math.floor(minutes / 60)}:${two(minutes % 60)}${tail} h` : `${minutes / 60} h`
}

const two = (value: number): string => String(value).padStart(2, '0')
