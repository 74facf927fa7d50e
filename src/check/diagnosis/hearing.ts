/**
 * Since when something has been heard to listen: what a request had an answer from, or a probe. Where nobody sees to which Pod a
 * request went, a Pod that must have had its share of many, of which none was refused, has been heard as well.
 */
import type { LoadRequest } from '../observation.ts'
import type { Attribution, Attributions } from './attribute.ts'
import { RECORDED_MARGIN_MS, type Instant } from './instant.ts'
import type { Life } from './life.ts'
import { isRefusal } from './question.ts'
import { runAt, type Run } from './runs.ts'

/** For each Pod that may have had them: the odds are a hundred and fifty to one against its having had none of so many. */
const SHARES = 5

export function hearingOf(lives: readonly Life[], attributions: Attributions): ReadonlyMap<Run, Instant> {
  const heard = new Map<Run, Instant>()
  const hear = (run: Run | undefined, request: LoadRequest) => {
    const known = run && heard.get(run)
    if (run && (!known || request.endedMs < known.atMs)) heard.set(run, { atMs: request.endedMs, marginMs: RECORDED_MARGIN_MS })
  }
  for (const { runs } of lives) for (const run of runs) if (run.probed) heard.set(run, run.probed)
  const shares = new Map<Run, number>()
  for (const [request, attribution] of attributions) {
    const { by, lives: candidates } = attribution
    if (by === 'stranger') continue
    if (by === 'told') {
      // Whatever it answered, it listened.
      if (request.outcome.is === 'answered') hear(runAt(candidates[0]!, request.sentMs), request)
      continue
    }
    for (const life of candidates) {
      const run = runAt(life, request.sentMs)
      if (!run) continue
      const share = shareOf(request, attribution)
      const sum = share === 'none' ? 0 : (shares.get(run) ?? 0) + share
      shares.set(run, sum)
      if (sum >= SHARES) hear(run, request)
    }
  }
  return heard
}

/** How likely it was for each of them; none: it was refused, perhaps by this one. */
function shareOf({ outcome, idleMs }: LoadRequest, { lives }: Attribution): number | 'none' {
  if (outcome.is === 'failed' && isRefusal(outcome.symptom)) return 'none'
  return outcome.is === 'answered' && idleMs === undefined ? 1 / lives.length : 0
}
