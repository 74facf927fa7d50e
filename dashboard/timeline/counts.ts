/** How many Pods of an owner are in which stage, from each change to the next. */
import type { Millis } from '../../src/base/clock.ts'
import type { PodGroup, StageKind } from '../../src/timeline/model.ts'

/** From the bottom to the top. */
export const STACK = ['ready', 'terminating', 'starting'] as const
export type Stacked = (typeof STACK)[number]

export interface Counts extends Readonly<Record<Stacked, number>> {
  readonly fromMs: Millis
  readonly toMs: Millis
}

const STACKED: Readonly<Record<StageKind, Stacked | undefined>> = {
  pending: 'starting',
  init: 'starting',
  starting: 'starting',
  unready: 'starting',
  ready: 'ready',
  terminating: 'terminating',
  ended: undefined,
}

export function countsOf({ pods }: PodGroup): Counts[] {
  const changes = pods
    .flatMap(({ stages }) =>
      stages.flatMap(({ kind, fromMs, toMs }) => {
        const stage = STACKED[kind]
        return stage
          ? [
              { atMs: fromMs, stage, by: 1 },
              { atMs: toMs, stage, by: -1 },
            ]
          : []
      }),
    )
    .sort((a, b) => a.atMs - b.atMs)
  const now = { ready: 0, terminating: 0, starting: 0 }
  const counts: Counts[] = []
  changes.forEach(({ atMs, stage, by }, index) => {
    now[stage] += by
    const toMs = changes[index + 1]?.atMs
    if (toMs !== undefined && toMs > atMs) counts.push({ ...now, fromMs: atMs, toMs })
  })
  return counts
}
