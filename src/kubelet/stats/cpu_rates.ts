/** How fast a counter of CPU time grows: what it was at an earlier reading is kept for each source. */
import type { Millis } from '../../base/clock.ts'
import type { CpuStats } from './stats.ts'

export interface CpuRates {
  with(source: string, reading: { readonly at: Millis; readonly usageNanoSeconds: number }): CpuStats
  /** Forgets all other sources. */
  keep(sources: ReadonlySet<string>): void
}

/** Over less than this a rate says little: the counters move in steps. */
const WINDOW_MIN_MS = 5_000

export function createCpuRates(): CpuRates {
  const marks = new Map<string, { readonly at: Millis; readonly usageNanoSeconds: number; readonly usageNanoCores: number | undefined }>()
  return {
    with(source, { at, usageNanoSeconds }) {
      const mark = marks.get(source)
      const restarted = mark !== undefined && usageNanoSeconds < mark.usageNanoSeconds
      if (mark && !restarted && at - mark.at < WINDOW_MIN_MS && at >= mark.at) return { at, usageNanoSeconds, usageNanoCores: mark.usageNanoCores }
      const usageNanoCores = mark && !restarted && at > mark.at ? Math.round(((usageNanoSeconds - mark.usageNanoSeconds) * 1000) / (at - mark.at)) : undefined
      marks.set(source, { at, usageNanoSeconds, usageNanoCores })
      return { at, usageNanoSeconds, usageNanoCores }
    },
    keep(sources) {
      for (const source of marks.keys()) if (!sources.has(source)) marks.delete(source)
    },
  }
}
