/**
 * Lost while a Pod ends, by its own program. Two chains begin at the same instant and do not wait for each other:
 *
 *                ┌─▶ preStop ─▶ TERM ──▶ port closed ──▶ exit
 *   deletion ────┤                 ●            ●
 *                │             under way    came too late
 *                └─▶ endpoint changes ─▶ rules of every node follow
 */
import type { Millis } from '../../base/clock.ts'
import { closingOf, feltSince, KILLED, lastToLeave, leftNobody } from './endings.ts'
import type { When } from './instant.ts'
import { isBreak, isRefusal, SEEN_WITHIN_MS, type Fit, type Question } from './question.ts'
import type { Scene } from './scene.ts'

/** The connection was begun when the Pod had closed its port: the entrance did not know yet. */
export function refusedAfterExit({ life, run, when, scene, isKept, trouble, openedMs, request }: Question): Fit | undefined {
  if (isKept) return undefined
  if (!life) return isRefusal(trouble) || trouble === 'timeout' ? heardOnlyOfTheEnd(scene, openedMs, when) : undefined
  if (!run) return undefined
  // Where nobody tells of signals, TERM may have come as soon as it had to go.
  const closing = life.isVague && !when.isStrict ? life.deleted : closingOf(life, run)
  if (!when.since(openedMs, closing)) return undefined
  const wasLate = isRefusal(trouble) || trouble === 'error' || (trouble === 'timeout' && (isConnecting(request) || when.since(openedMs, run.ended)))
  // Taken by the kernel and never accepted: closing the port breaks it, though the process lives on.
  return wasLate || (isBreak(trouble) && !scene.breaksWork(run)) ? { life } : undefined
}

/** The rules held nobody, though somebody was Ready: the entrance knew that one Pod had ended, and not yet of the other. */
function heardOnlyOfTheEnd(scene: Scene, openedMs: Millis, when: When): Fit | undefined {
  const last = lastToLeave(scene, openedMs, when)
  const run = last?.runs.at(-1)
  return last && run && when.since(openedMs, closingOf(last, run)) && !leftNobody(scene, last, openedMs, when) ? { life: last } : undefined
}

/** The request was under way, and the process did not finish it. */
export function resetAtTerm({ life, run, when, scene, isKept, trouble, request }: Question): Fit | undefined {
  if (!life?.deleted || !run) return undefined
  if (!isBreak(trouble) && trouble !== 'error' && trouble !== 'timeout') return undefined
  if (run.exitCode === KILLED) return undefined
  const signal = run.term?.at ?? (run.ended && feltSince(run.ended))
  if (!when.since(request.endedMs, signal)) return undefined
  if (run.ended && !when.until(request.sentMs, run.ended)) return undefined
  // The answer never came, and the process was there all the time: that is not its end.
  if (trouble === 'timeout' && !when.since(request.endedMs, run.ended)) return undefined
  if (when.clearlyBefore(request.sentMs, signal)) return { life }
  if (trouble === 'error') return isKept ? { life } : undefined
  return scene.breaksWork(run) ? { life } : undefined
}

/** Written to a connection that stood idle, and that the server was just closing: its time was over, or it had to go. */
export function idleConnectionClosed({ life, run, when, scene, isKept, trouble, request }: Question): Fit | undefined {
  if (!isKept || !isBreak(trouble) || (request.idleMs ?? 0) <= 0) return undefined
  if (request.endedMs - request.sentMs > SEEN_WITHIN_MS) return undefined
  if (!life || !run) return scene.attributions.get(request)!.by === 'told' ? undefined : {}
  const closing = closingOf(life, run)
  if (closing) return when.since(request.endedMs, closing) || when.clearlyBefore(request.endedMs, closing) ? { life } : undefined
  return run.ended === undefined || when.clearlyBefore(request.endedMs, run.ended) ? { life } : undefined
}

const isConnecting = ({ outcome }: Question['request']): boolean => outcome.is === 'failed' && outcome.during === 'connect'
