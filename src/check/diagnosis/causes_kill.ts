/**
 * Lost because the grace was over and the kernel ended the process:
 *
 *   deletion ─▶ preStop ─▶ TERM ─────────────▶ KILL
 *   ├──────────── grace ─────────────────────┤   ●   still under way
 *
 * Three things can have taken the grace: nobody heard the signal, the hook needed all of it, or the work itself was too long.
 */
import { isShell } from './command.ts'
import { feltSince, killOf, LEAST_GRACE_MS } from './endings.ts'
import type { Life } from './life.ts'
import { isBreak, SEEN_WITHIN_MS, type Fit, type Question } from './question.ts'
import type { Run } from './runs.ts'
import type { Scene } from './scene.ts'

export function termNotDelivered(question: Question): Fit | undefined {
  const { life, run, scene } = question
  if (!wasKilled(question)) return undefined
  // Of a Pod whose signals nobody could look at it cannot be ruled out.
  const perhaps = !question.when.isStrict && life!.isVague && !scene.habitsOf(life!)
  return perhaps || hearsNothing(scene, life!, run!) ? { life: life! } : undefined
}

export function preStopExceedsGrace(question: Question): Fit | undefined {
  const { life, run } = question
  return wasKilled(question) && hookTookAll(life!, run!) ? { life: life! } : undefined
}

export function killedAtGraceEnd(question: Question): Fit | undefined {
  return wasKilled(question) ? { life: question.life! } : undefined
}

function wasKilled({ life, run, when, isKept, trouble, request }: Question): boolean {
  if (!life?.deleted || !run || !(isBreak(trouble) || trouble === 'timeout')) return false
  const kill = killOf(life, run)
  if (!kill || !when.since(request.endedMs, feltSince(kill)) || when.denied.until(request.endedMs, run.term?.at)) return false
  if (run.ended === undefined || when.until(request.sentMs, run.ended)) return true
  // The kernel had closed it with all others, and the client had not heard of that yet.
  return isKept && request.sentMs <= run.ended.atMs + SEEN_WITHIN_MS
}

/** The program was never told: its first process drops the signal, or it went on taking new work long after. */
export function hearsNothing(scene: Scene, life: Life, run: Run): boolean {
  const habits = scene.habitsOf(life)
  if (habits?.isCaught === false) return true
  if (habits?.isCaught === undefined && habits && isShell(habits.command)) return true
  return scene.tookNewWork(run) !== undefined
}

/** So much that less was left for the program than the kubelet gives at the very least. */
export function hookTookAll({ graceMs }: Life, { preStop, term, kill, ended }: Run): boolean {
  const over = preStop?.ended ?? term?.at ?? kill?.at ?? ended
  if (!preStop || !over) return false
  const tookMs = over.atMs - preStop.began.atMs
  return tookMs >= Math.max(graceMs - LEAST_GRACE_MS, graceMs / 2)
}
