/** What ended a run, and since when it could be felt: told by the timeline, or reckoned from what it tells. */
import type { Millis } from '../../base/clock.ts'
import { sleepSeconds } from './command.ts'
import type { Instant, When } from './instant.ts'
import type { Life } from './life.ts'
import { rulesAt } from './routes.ts'
import type { Run } from './runs.ts'
import type { Scene } from './scene.ts'

/** What the kubelet leaves between TERM and KILL when a hook has taken all. */
export const LEAST_GRACE_MS: Millis = 2_000

/**
 * Since when the Pod may have closed its port: the signal, the end of its process, or a hook that does something to it. Only of
 * Pods that have to go.
 */
export function closingOf(life: Life, run: Run): Instant | undefined {
  if (!life.deleted) return undefined
  const instants = [isWait(life) ? undefined : run.preStop?.began, run.term?.at ?? (run.ended && feltSince(run.ended))].filter(instant => instant !== undefined)
  const first = instants.toSorted((a, b) => a.atMs - b.atMs)[0]
  return first && first.atMs < life.deleted.atMs ? life.deleted : first
}

/** A hook that does nothing to the program. Of one that nobody knows this cannot be said. */
function isWait({ pod, container }: Life): boolean {
  const preStop = pod?.spec.containers.find(({ name }) => name === container)?.lifecycle?.preStop
  return preStop?.sleep !== undefined || sleepSeconds(preStop?.exec?.command ?? []) !== undefined
}

/**
 * Since when the end of a process could be felt. Clients see it at once; whoever runs it hears of it through others, on a busy
 * machine a good while later.
 */
export const feltSince = (ended: Instant): Instant => ({ ...ended, atMs: ended.atMs - TOLD_WITHIN_MS })

const TOLD_WITHIN_MS: Millis = 500

/** The kernel ended the process because its time was over; read off the exit code where nobody told of it. */
export function killOf({ deleted, graceMs, isVague }: Life, { kill, exitCode, reason, term, ended }: Run): Instant | undefined {
  if (kill) return kill.reason === 'OOMKilled' ? undefined : kill.at
  if (exitCode !== KILLED || reason === 'OOMKilled' || !ended) return undefined
  const lasted = term ? ended.atMs - term.at.atMs >= LEAST_GRACE_MS / 2 : isVague && deleted && ended.atMs - deleted.atMs >= graceMs - LEAST_GRACE_MS
  return lasted ? ended : undefined
}

/** 128 and the number of KILL. */
export const KILLED = 137

/** When the kubelet began to end this run because of a probe; undefined: it did not, or the Pod had to go anyway. */
export function failedByProbe(life: Life, { ended, term, kill, failedProbe, started }: Run): Instant | undefined {
  // Of Pods whose life is read off objects nobody tells of signals.
  const began = term?.at ?? kill?.at ?? (life.isVague ? ended : undefined)
  if (!began || !failedProbe || failedProbe.from.atMs < (started?.atMs ?? -Infinity)) return undefined
  return life.deleted && life.deleted.atMs <= began.atMs ? undefined : began
}

/** It ended by itself: nobody had sent it a signal, and no probe had failed it. */
export const isCrash = (life: Life, run: Run): boolean =>
  run.ended !== undefined &&
  !run.term &&
  (!run.kill || run.reason === 'OOMKilled') &&
  !failedByProbe(life, run) &&
  !(life.deleted && life.deleted.atMs <= run.ended.atMs)

/** Of those that had been Ready, the last that no longer was; undefined when it was not deleted, but failed. */
export function lastToLeave({ lives }: Pick<Scene, 'lives'>, atMs: Millis, when: When): Life | undefined {
  const left = lives.flatMap(life => {
    if (life.ready.length === 0) return []
    const ended = life.ready.at(-1)!.to
    const leave = [life.deleted, ended].filter(instant => instant !== undefined).toSorted((a, b) => a.atMs - b.atMs)[0]
    return leave && when.since(atMs, leave) ? [{ life, leave }] : []
  })
  const last = left.toSorted((a, b) => a.leave.atMs - b.leave.atMs).at(-1)
  if (!last?.life.deleted || last.leave.atMs < last.life.deleted.atMs - last.life.deleted.marginMs) return undefined
  return last.life.runs.some(run => isCrash(last.life, run) && run.ended!.atMs >= last.leave.atMs) ? undefined : last.life
}

/**
 * Nobody was Ready, now or when this one closed its port. In the second case somebody may be by now, and the entrance is told of
 * it in its own time; that it had nobody meanwhile is not for that.
 */
export function leftNobody(scene: Pick<Scene, 'lives' | 'isAvailable' | 'observation'>, last: Life, atMs: Millis, when: When): boolean {
  const run = last.runs.at(-1)
  const closing = run && closingOf(last, run)
  return isNobodyKnown(scene, atMs, when) || (closing !== undefined && isNobody(scene, closing.atMs, when))
}

/** Nobody is Ready, or nobody was before the first of those of whom the rules of the entrance's node have not heard. */
export function isNobodyKnown(scene: Pick<Scene, 'lives' | 'isAvailable' | 'observation'>, atMs: Millis, when: When): boolean {
  const unheard = scene.lives.flatMap(life => {
    const since = life.ready.findLast(({ from }) => when.since(atMs, from))?.from
    const rules = rulesAt(life, scene.observation.entrance.node)
    if (!since || !rules || !scene.isAvailable(life, atMs, when)) return []
    const isHeard = rules.some(({ state, from, to }) => state === 'EndpointReady' && from.atMs >= since.atMs - since.marginMs && when.since(atMs, to))
    return isHeard ? [] : [since.atMs - since.marginMs]
  })
  return isNobody(scene, atMs, when) || (unheard.length > 0 && isNobody(scene, Math.min(...unheard) - 1, when))
}

const isNobody = ({ lives, isAvailable }: Pick<Scene, 'lives' | 'isAvailable'>, atMs: Millis, when: When): boolean =>
  !lives.some(life => isAvailable(life, atMs, when.denied))
