/**
 * What all requests together tell of how a program ends: whether it breaks what it has begun, and whether it goes on taking new
 * work. Reckoned once, because it is asked of each request.
 */
import type { Millis } from '../../base/clock.ts'
import type { LoadRequest, Observation } from '../observation.ts'
import type { Attributions } from './attribute.ts'
import { RECORDED_MARGIN_MS } from './instant.ts'
import type { Life } from './life.ts'
import { isBreak, SEEN_WITHIN_MS, troubleOf } from './question.ts'
import type { Run } from './runs.ts'

/** Runs in which a request was under way before the signal came, and broke as the process went: they do not finish what they have begun. */
export function breakingRuns(suspects: readonly LoadRequest[], attributions: Attributions, observation: Observation): ReadonlySet<Run> {
  const breaking = new Set<Run>()
  for (const request of suspects) {
    const life = seenFor(attributions, request)
    if (!life || !isBreak(troubleOf(request, observation))) continue
    for (const run of life.runs) {
      if (!run.term) continue
      const fromMs = run.term.at.atMs - RECORDED_MARGIN_MS
      const toMs = (run.ended?.atMs ?? Infinity) + SEEN_WITHIN_MS
      if (request.sentMs < fromMs && request.endedMs >= fromMs && request.endedMs <= toMs) breaking.add(run)
    }
  }
  return breaking
}

const HEARD_WITHIN_MS: Millis = 1_000

/**
 * A program that had heard the signal would long have closed its port, and have answered each kept connection once more at most.
 * The first request that a run took all the same.
 */
export function deafRuns(attributions: Attributions): ReadonlyMap<Run, number> {
  const deaf = new Map<Run, number>()
  const answered = new Map<Run, Set<number>>()
  for (const [request] of attributions) {
    const { id, connection, sentMs, idleMs, outcome } = request
    if (outcome.is !== 'answered' || outcome.status >= 500) continue
    for (const run of seenFor(attributions, request)?.runs ?? []) {
      if (!run.term || sentMs < run.term.at.atMs + HEARD_WITHIN_MS || deaf.has(run)) continue
      const once = answered.get(run) ?? new Set()
      answered.set(run, once)
      if (idleMs === undefined || once.has(connection)) deaf.set(run, id)
      once.add(connection)
    }
  }
  return deaf
}

/** The Pod that a request was seen to be for, where its instants are known well enough. */
function seenFor(attributions: Attributions, request: LoadRequest): Life | undefined {
  const { by, lives } = attributions.get(request)!
  const [life] = lives
  return by === 'told' && !life!.isVague ? life : undefined
}
