import type { Millis } from './clock.ts'

/** How long to wait after the n-th failure in a row (n from 1): doubled each time, up to the cap. Without jitter. */
export function backoffMs(failures: number, { baseMs, maxMs }: BackoffRange): Millis {
  if (failures <= 0) return 0
  return Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 52))
}

export interface BackoffRange {
  readonly baseMs: Millis
  readonly maxMs: Millis
}
