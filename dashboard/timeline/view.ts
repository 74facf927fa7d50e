/** Which part of time is seen, and how it is moved. */
import type { Millis } from '../../src/base/clock.ts'

export interface View {
  readonly fromMs: Millis
  readonly toMs: Millis
}

/** Nothing happens here that a tenth of a millisecond would tell apart. */
const SPAN_MS_MIN = 1

export const spanOf = ({ fromMs, toMs }: View): Millis => toMs - fromMs
/** 0 at the left edge, 1 at the right one. */
export const placeOf = (view: View, atMs: Millis): number => (atMs - view.fromMs) / spanOf(view)
export const timeAt = (view: View, place: number): Millis => view.fromMs + place * spanOf(view)
export const isWithin = (view: View, fromMs: Millis, toMs: Millis = fromMs): boolean => toMs >= view.fromMs && fromMs <= view.toMs

/** Never wider than everything, never beyond its edges. */
export function fitInto(view: View, domain: View): View {
  const span = Math.min(Math.max(spanOf(view), SPAN_MS_MIN), spanOf(domain))
  const middle = (view.fromMs + view.toMs) / 2
  const fromMs = Math.min(Math.max(middle - span / 2, domain.fromMs), domain.toMs - span)
  return { fromMs, toMs: fromMs + span }
}

/** A factor of 2 shows half as much; `atMs` stays where it is. */
export function zoom(view: View, factor: number, atMs: Millis, domain: View): View {
  const span = Math.min(Math.max(spanOf(view) / factor, SPAN_MS_MIN), spanOf(domain))
  const fromMs = atMs - placeOf(view, atMs) * span
  return fitInto({ fromMs, toMs: fromMs + span }, domain)
}

export const pan = (view: View, byMs: Millis, domain: View): View => fitInto({ fromMs: view.fromMs + byMs, toMs: view.toMs + byMs }, domain)

/** Moves as little as needed to see it with some room around; what is wider than the view is seen from its beginning. */
export function reveal(view: View, fromMs: Millis, toMs: Millis, domain: View): View {
  const room = spanOf(view) / 10
  if (fromMs >= view.fromMs && fromMs <= view.toMs - room / 2) return view
  if (fromMs < view.fromMs && toMs > view.fromMs + room && toMs <= view.toMs) return view
  return pan(view, fromMs < view.fromMs ? fromMs - room - view.fromMs : fromMs + room * 3 - view.toMs, domain)
}

/** With some room left and right. */
export function around(fromMs: Millis, toMs: Millis, domain: View): View {
  const room = Math.max((toMs - fromMs) * 0.08, SPAN_MS_MIN)
  return fitInto({ fromMs: fromMs - room, toMs: toMs + room }, domain)
}
