/** Lost because there was no Pod that could have answered, or none that was asked to. */
import { closingOf, failedByProbe, isNobodyKnown, lastToLeave, leftNobody } from './endings.ts'
import type { Life } from './life.ts'
import { isBreak, isRefusal, type Fit, type Question } from './question.ts'

/**
 *   liveness fails n times ─▶ TERM ─▶ exit ─▶ started again ─▶ listens
 *                              ●──────────●──────────────────┤
 */
export function livenessRestart(question: Question): Fit | undefined {
  const { life, scene, trouble } = question
  if (trouble === 'slow' || trouble === 'name') return undefined
  // Asked of nobody: of those that could have been asked, one was just being restarted.
  const found = (life ? [life] : scene.lives).find(one => wasRestarting(one, question))
  return found && (life || isNobodyKnown(scene, question.openedMs, question.when)) ? { life: found } : undefined
}

function wasRestarting(life: Life, { scene, when, request, isKept, openedMs, trouble }: Question): boolean {
  return life.runs.some((run, index) => {
    const began = failedByProbe(life, run)
    if (!began) return false
    const underWay = (isBreak(trouble) || trouble === 'timeout') && when.since(request.endedMs, began) && (!run.ended || when.until(request.sentMs, run.ended))
    const next = life.runs[index + 1]
    const resumed = next && scene.heard(next)
    const between = !isKept && when.since(openedMs, began) && (resumed === undefined || when.until(openedMs, resumed))
    return underWay || between
  })
}

/** Whom nobody could have helped: no Pod was Ready, because the last one had been taken away before another was. */
export function singleReplica(question: Question): Fit | undefined {
  return question.scene.replicas <= 1 ? takenAway(question) : undefined
}

export function noneLeft(question: Question): Fit | undefined {
  return question.scene.replicas > 1 ? takenAway(question) : undefined
}

function takenAway({ life, run, scene, when, isKept, trouble, openedMs }: Question): Fit | undefined {
  if (isKept || trouble === 'slow' || trouble === 'error' || trouble === 'other') return undefined
  // What a Pod has accepted before it had to go is another matter.
  if (life && !(run && when.since(openedMs, closingOf(life, run) ?? life.deleted))) return undefined
  if (!life && isBreak(trouble)) return undefined
  const last = lastToLeave(scene, openedMs, when)
  return last && leftNobody(scene, last, openedMs, when) ? { life: last } : undefined
}

/** Answered late while fewer Pods than wanted had all the work; and never late before. */
export function tooFew({ scene, when, trouble, request }: Question): Fit | undefined {
  const { lives, replicas, observation, suspects } = scene
  if ((trouble !== 'slow' && trouble !== 'timeout') || replicas < 2 || request.sentMs < observation.change.beganMs) return undefined
  const available = lives.filter(life => scene.isAvailable(life, request.sentMs, when)).length
  if (available === 0 || available >= replicas || suspects[0]!.plannedMs < observation.change.beganMs) return undefined
  const gone = lives.find(life => when.since(request.sentMs, life.deleted))
  return gone && { life: gone }
}

/** The client asks Pods by their own addresses: it hears of no change that a Service would follow. */
export function bypassedService({ life, scene, when, trouble, request, openedMs, isKept }: Question): Fit | undefined {
  const { through } = scene.observation.entrance
  if (request.client !== 'direct' && through !== 'headless' && through !== 'pod') return undefined
  if (trouble === 'slow' || trouble === 'error') return undefined
  if (trouble === 'name') return {}
  if (!life) return isRefusal(trouble) || trouble === 'timeout' ? {} : undefined
  const atMs = isKept ? openedMs : request.sentMs
  return when.since(atMs, life.deleted) ? { life } : undefined
}
