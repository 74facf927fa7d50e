/** Lost while a Pod begins: it is among the endpoints, and not yet able to answer. */
import type { Millis } from '../../base/clock.ts'
import { closingOf, feltSince, isCrash } from './endings.ts'
import type { Life } from './life.ts'
import { isBreak, isRefusal, type Fit, type Question } from './question.ts'

/** Its first seconds: so long after it became Ready slowness is put down to its start. */
export const FIRST_SECONDS_MS: Millis = 15_000

/** Nearly every program listens within this. */
const START_MS_MAX: Millis = 30_000

/**
 *   container runs ──▶ Ready ──▶ in the rules ──●──────▶ listens
 *                                            refused
 */
export function readyBeforeListening({ life, run, when, scene, isKept, trouble, openedMs, request }: Question): Fit | undefined {
  if (!life || !run || isKept || !isRefusal(trouble)) return undefined
  if (run.restart > 0 || !when.since(openedMs, run.started)) return undefined
  if (when.denied.since(openedMs, closingOf(life, run)) || when.denied.since(openedMs, run.ended)) return undefined
  // Of a Pod that nobody saw it go to, or whose probes nobody told of, silence says nothing when it has run for long.
  const isSeen = scene.attributions.get(request)!.by === 'told' && !life.isVague
  if (!isSeen && !when.until(openedMs, { ...run.started!, atMs: run.started!.atMs + START_MS_MAX })) return undefined
  const heard = scene.heard(run)
  return heard === undefined || when.until(openedMs, heard) ? { life } : undefined
}

/**
 *   Ready ──▶ in the rules ──●──────●────▶ warm          slow, 5xx, or it crashes and begins again
 */
export function slowStart(question: Question): Fit | undefined {
  const { life, run, when, trouble, request } = question
  if (!life || !run) return undefined
  if (crashedAtStart(question, life)) return { life }
  if (trouble !== 'slow' && trouble !== 'error' && trouble !== 'timeout') return undefined
  if (when.denied.since(request.sentMs, life.deleted)) return undefined
  return readySince(life, request.sentMs, question) ? { life } : undefined
}

/** It was Ready for no longer than its first seconds. */
function readySince(life: Life, atMs: Millis, { when }: Question): boolean {
  return life.ready.some(({ from }) => from !== undefined && when.since(atMs, from) && when.until(atMs, { ...from, atMs: from.atMs + FIRST_SECONDS_MS }))
}

function crashedAtStart({ scene, when, trouble, request }: Question, life: Life): boolean {
  if (trouble === 'slow' || trouble === 'name') return false
  const crashed = life.runs.filter(run => isCrash(life, run))
  return crashed.some((run, index) => {
    const readyMs = life.ready[0]?.from?.atMs ?? run.started?.atMs ?? -Infinity
    if (index === 0 && run.ended!.atMs > readyMs + FIRST_SECONDS_MS) return false
    const next = life.runs[life.runs.indexOf(run) + 1]
    const resumed = next && scene.heard(next)
    const broke = isBreak(trouble) || isRefusal(trouble) || trouble === 'timeout'
    return broke && when.since(request.endedMs, feltSince(run.ended!)) && (resumed === undefined || when.until(request.sentMs, resumed))
  })
}
