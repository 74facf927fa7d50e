/**
 * Why each request was lost or slow. From an observation to findings, by pure functions:
 *
 *   observation ─▶ lives of the Pods ─▶ which Pod was it for ─▶ which cause fits ─▶ one finding for each cause
 *
 * Causes are asked in this order, and the first that fits is the one. Each stands before those it would be mistaken for.
 *
 * | cause                  | the request                                | the Pod it was for                                    | before, because |
 * |------------------------|--------------------------------------------|-------------------------------------------------------|---|
 * | liveness-restart       | broken or refused                          | between the signal after failed probes and the answer of the next start; it had not to go | to the client it is a start or an end like any other |
 * | single-replica, no-surge | no connection                            | had closed its port, or there was none; no other was Ready | rules that follow at once would not have helped |
 * | bypassed-service       | no connection, sent to a Pod's own address | had been told to go                                   | no rules concern it |
 * | term-not-delivered     | broken by KILL                             | its first process drops the signal, or took new work long after it | a longer grace only makes the wait longer |
 * | prestop-exceeds-grace  | broken by KILL                             | its hook had left less than the least grace           | the program had no time to show whether it finishes |
 * | killed-at-grace-end    | broken by KILL                             | was told, and worked on                               | |
 * | refused-after-exit     | no connection, or one nobody accepted      | had closed its port; another one was Ready            | |
 * | reset-at-term          | begun before TERM, broken as it ended      | did not finish what it had begun                      | whether a server drains is seen by what it had accepted |
 * | idle-connection-closed | broken upon being written                  | runs, or drains: it closed a connection nobody used   | |
 * | ready-before-listening | refused                                    | was Ready, and had never been heard                   | |
 * | slow-start             | late, 5xx, or broken by a crash            | had been Ready for seconds                            | |
 * | no-surge               | late                                       | fewer were Ready than wanted, and none was late before | |
 * | unknown                | none of these, or several with equal right | told with everything that is known                    | |
 *
 * Where it is not known which Pod a request was for, all are asked that it may have been for; only if they agree is the cause taken.
 * Where instants are only known to the second, a cause must be the only one that can fit.
 */
import { CAUSES, type Cause } from './causes.ts'
import { idleConnectionClosed, refusedAfterExit, resetAtTerm } from './diagnosis/causes_end.ts'
import { killedAtGraceEnd, preStopExceedsGrace, termNotDelivered } from './diagnosis/causes_kill.ts'
import { bypassedService, livenessRestart, noneLeft, singleReplica, tooFew } from './diagnosis/causes_missing.ts'
import { readyBeforeListening, slowStart } from './diagnosis/causes_start.ts'
import { strict, tolerant, type When } from './diagnosis/instant.ts'
import type { Life } from './diagnosis/life.ts'
import { troubleOf, type Rule } from './diagnosis/question.ts'
import { runAt } from './diagnosis/runs.ts'
import { sceneOf, type Scene } from './diagnosis/scene.ts'
import { tell } from './diagnosis/tell.ts'
import type { Verdict } from './diagnosis/verdict.ts'
import type { LoadRequest, Observation } from './observation.ts'
import type { Finding } from './report.ts'

const RULES: readonly (readonly [Cause, Rule])[] = [
  ['liveness-restart', livenessRestart],
  ['single-replica', singleReplica],
  ['no-surge', noneLeft],
  ['bypassed-service', bypassedService],
  ['term-not-delivered', termNotDelivered],
  ['prestop-exceeds-grace', preStopExceedsGrace],
  ['killed-at-grace-end', killedAtGraceEnd],
  ['refused-after-exit', refusedAfterExit],
  ['reset-at-term', resetAtTerm],
  ['idle-connection-closed', idleConnectionClosed],
  ['ready-before-listening', readyBeforeListening],
  ['slow-start', slowStart],
  ['no-surge', tooFew],
]

/** Every request that was lost or slow is in exactly one finding, and no other is in any. In the order of CAUSES. */
export function diagnose(observation: Observation): readonly Finding[] {
  const scene = sceneOf(observation)
  const verdicts = scene.suspects.map(request => judge(scene, request))
  return CAUSES.flatMap(cause => {
    const own = verdicts.filter(verdict => verdict.cause === cause)
    return own.length > 0 ? [tell(cause, own, scene)] : []
  })
}

/** All Pods it may have been for are heard, and nobody, where the rules may have held none. */
function judge(scene: Scene, request: LoadRequest): Verdict {
  const { lives, mayBeNobody, by } = scene.attributions.get(request)!
  const trouble = troubleOf(request, scene.observation)
  const asked: (Life | undefined)[] = mayBeNobody || lives.length === 0 ? [...lives, undefined] : [...lives]
  let fits = asked.flatMap(life => causeFor(scene, request, life))
  // Of a kept connection to nobody knows whom, its end is all there is.
  if (fits.length === 0 && by !== 'told' && request.idleMs !== undefined) fits = causeFor(scene, request, undefined)
  const causes = [...new Set(fits.flatMap(fit => fit.causes))]
  const about = [...new Set(fits.flatMap(({ life }) => life ?? []))]
  const isVague = fits.some(fit => fit.isVague)
  if (causes.length === 1) return { cause: causes[0]!, request, trouble, lives: about, isVague, alternatives: [] }
  return { cause: 'unknown', request, trouble, lives: about.length > 0 ? about : lives, isVague, alternatives: causes }
}

/** The first that fits for sure; and those before it that can only not be ruled out. */
function causeFor(scene: Scene, request: LoadRequest, life: Life | undefined): { causes: Cause[]; life: Life | undefined; isVague: boolean }[] {
  const { openedMs } = scene.attributions.get(request)!
  const run = life && runAt(life, request.sentMs)
  const question = { scene, request, trouble: troubleOf(request, scene.observation), isKept: request.idleMs !== undefined, openedMs, life, run }
  const possible: Cause[] = []
  let about = life
  for (const [cause, rule] of RULES) {
    const [surely, perhaps] = ([strict, tolerant] satisfies When[]).map(when => rule({ ...question, when }))
    const fit = surely ?? perhaps
    if (!fit) continue
    about ??= fit.life
    if (!possible.includes(cause)) possible.push(cause)
    if (surely) break
  }
  // To the second there is an order of causes only where a single one is possible.
  return possible.length === 0 ? [] : [{ causes: possible, life: about, isVague: possible.length > 1 || (about?.isVague ?? false) }]
}
