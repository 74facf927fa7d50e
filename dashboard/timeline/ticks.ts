/** Round instants for the axis, and how instants are written on it. */
import type { Millis } from '../../src/base/clock.ts'
import { spanOf, type View } from './view.ts'

const STEPS_MS: readonly Millis[] = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000,
  7_200_000, 21_600_000, 43_200_000, 86_400_000,
]

export interface Tick {
  readonly atMs: Millis
  readonly label: string
}

/** A letter of a label, on the average, and what must lie between two labels. */
const LETTER_PX = 6.6
const GAP_PX = 8
const TICK_PX_MIN = 90

/** As many as have room in `widthPx` with their labels, of which one at an edge is moved inward by up to half of its width. */
export function ticksIn(view: View, zeroMs: Millis, widthPx: number): Tick[] {
  const ticks = ticksOf(view, zeroMs, Math.max(2, widthPx / TICK_PX_MIN))
  const longest = Math.max(0, ...ticks.map(({ label }) => label.length))
  const tickPx = 1.5 * longest * LETTER_PX + GAP_PX
  return tickPx <= TICK_PX_MIN ? ticks : ticksOf(view, zeroMs, widthPx / tickPx)
}

/** Counted from `zeroMs`, at most `count` of them. */
export function ticksOf(view: View, zeroMs: Millis, count: number): Tick[] {
  const wanted = spanOf(view) / Math.max(count, 1)
  const stepMs = STEPS_MS.find(step => step >= wanted) ?? Math.ceil(wanted / 86_400_000) * 86_400_000
  const first = Math.ceil((view.fromMs - zeroMs) / stepMs)
  const last = Math.floor((view.toMs - zeroMs) / stepMs)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => ({
    atMs: zeroMs + (first + index) * stepMs,
    label: offsetText((first + index) * stepMs, stepMs),
  }))
}

/** `+1.25 s`, `−200 ms`, `+2:05`: as exact as the step asks for. */
export function offsetText(ms: Millis, stepMs: Millis = 1): string {
  const sign = ms < -1e-9 ? '−' : ms > 1e-9 ? '+' : ''
  const size = Math.abs(ms)
  if (sign === '') return '0'
  if (stepMs < 1_000 && size < 1_000) return `${sign}${trim(size.toFixed(stepMs < 1 ? 1 : 0))} ms`
  if (stepMs >= 60_000 || size >= 600_000) return sign + clock(size, stepMs)
  return `${sign}${stepMs >= 1_000 ? Math.round(size / 1_000) : (size / 1_000).toFixed(stepMs >= 100 ? 1 : stepMs >= 10 ? 2 : stepMs >= 1 ? 3 : 4)} s`
}

/** As exact as what was recorded. */
export const exactOffset = (ms: Millis): string => `${Math.round(ms) < 0 ? '−' : '+'}${(Math.abs(ms) / 1000).toFixed(3)} s`

function clock(ms: Millis, stepMs: Millis): string {
  const seconds = ms / 1_000
  const hours = Math.floor(seconds / 3_600)
  const minutes = Math.floor((seconds % 3_600) / 60)
  const rest =
    stepMs >= 1_000 ? String(Math.round(seconds % 60)).padStart(2, '0') : (seconds % 60).toFixed(stepMs < 1 ? 4 : 3).padStart(stepMs < 1 ? 7 : 6, '0')
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`
}

const trim = (text: string): string => text.replace(/\.0$/, '')
