/** A Pod's whole life as one line: what it was at each instant. */
import type { Millis } from '../base/clock.ts'
import type { Bar, Row, Stage, StageKind } from './model.ts'

export interface LaneFacts {
  readonly rows: readonly Row[]
  readonly beginMs: Millis
  readonly goneMs: Millis | undefined
  /** When it was gone, or the drawing ends. */
  readonly endMs: Millis
}

export const barsOf = (rows: readonly Row[], ...types: readonly Bar['type'][]): readonly Bar[] =>
  rows.filter(({ type }) => types.includes(type)).flatMap(({ bars }) => bars)

/** Without gaps, from the beginning until the end; each differs from the one before. */
export function stagesOf({ rows, beginMs, endMs }: LaneFacts): Stage[] {
  const inits = barsOf(rows, 'InitContainer').filter(isPlaced)
  const runs = barsOf(rows, 'Container').filter(isPlaced)
  const readies = barsOf(rows, 'Ready').filter(isPlaced)
  const leaves = barsOf(rows, 'Deletion', 'Terminating').filter(isPlaced)
  const leftMs = Math.min(...leaves.map(({ fromMs }) => fromMs))
  const firstReadyMs = Math.min(...readies.map(({ fromMs }) => fromMs))
  const kindAt = (at: Millis): StageKind => {
    const isRunning = runs.some(covers(at))
    if (at >= leftMs) return 'terminating'
    if (readies.some(covers(at))) return 'ready'
    if (at >= firstReadyMs) return isRunning || runs.every(({ toMs }) => toMs > at) ? 'unready' : 'ended'
    if (isRunning) return 'starting'
    if (inits.some(covers(at))) return 'init'
    if (runs.some(({ toMs }) => toMs <= at)) return 'ended'
    return inits.some(({ toMs }) => toMs <= at) ? 'init' : 'pending'
  }
  const edges = [...new Set([beginMs, endMs, ...[...inits, ...runs, ...readies, ...leaves].flatMap(({ fromMs, toMs }) => [fromMs, toMs])])]
    .filter(at => at >= beginMs && at <= endMs)
    .sort((a, b) => a - b)
  const stages: Stage[] = []
  edges.slice(0, -1).forEach((fromMs, index) => {
    const toMs = edges[index + 1]!
    const kind = kindAt(fromMs)
    const last = stages.at(-1)
    if (last?.kind === kind) stages[stages.length - 1] = { ...last, toMs }
    else stages.push({ kind, fromMs, toMs })
  })
  return stages
}

const isPlaced = ({ start }: Bar): boolean => start === 'known'
const covers =
  (at: Millis) =>
  ({ fromMs, toMs, end }: Bar): boolean =>
    fromMs <= at && (at < toMs || end === 'open')
