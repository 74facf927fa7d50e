/** From verdicts of one cause to the finding that people read. */
import type { Cause } from '../causes.ts'
import { isLost } from '../outcome.ts'
import type { Evidence, Finding } from '../report.ts'
import { adviceFor } from './advice.ts'
import { hookTookAll, tookNewWork } from './causes_kill.ts'
import { isCrash } from './endings.ts'
import { evidenceOf } from './evidence.ts'
import { groupOf, requestsOf, requestsOfWorst, unroutedMs, type Group } from './group.ts'
import type { Scene } from './scene.ts'
import type { Verdict } from './verdict.ts'
import { unknownFacts } from './unknown.ts'
import { milliseconds, plural } from '../words.ts'
import { podsText } from './words.ts'

export function tell(cause: Cause, verdicts: readonly Verdict[], scene: Scene): Finding {
  const group = groupOf(cause, verdicts, scene)
  const requests = requestsOf(group)
  const lost = requests.filter(isLost).length
  return {
    cause,
    summary: `${plural(requests.length, 'request')} ${SUMMARIES[cause](group)}`,
    requests: requests.map(({ id }) => id),
    lost,
    slow: requests.length - lost,
    evidence: evidenceOf(group, factsOf(group)),
    advice: adviceFor(group),
    docs: `causes.md#${cause}`,
  }
}

/** What follows `12 requests`. */
const SUMMARIES: Readonly<Record<Cause, (group: Group) => string>> = {
  'ready-before-listening': group => {
    const { worst, run, scene } = group
    const heard = run && scene.heard(run)
    const ready = worst?.ready[0]?.from
    const when = !heard
      ? ', and nothing was ever heard to listen there'
      : ready
        ? `: Ready ${milliseconds(Math.max(0, heard.atMs - ready.atMs))} before its first answer`
        : ''
    return `${were(group)} refused by ${podsText(group.lives)}, which counted as Ready before its port was open${when}`
  },
  'refused-after-exit': group => {
    const { worst, run, scene } = group
    const { node } = scene.observation.entrance
    const untilMs = worst && unroutedMs(worst, node)
    const gapMs = untilMs !== undefined && run?.ended ? untilMs - run.ended.atMs : 0
    const lag = gapMs > 0 ? `: ${node} sent requests there for another ${milliseconds(gapMs)}` : ''
    const closed = run?.ended && requestsOfWorst(group).some(({ sentMs }) => sentMs >= run.ended!.atMs - run.ended!.marginMs)
    return `${were(group)} sent to ${podsText(group.lives)} after ${closed ? 'its process had exited' : 'it had closed its port'}${lag}`
  },
  'reset-at-term': group =>
    `${were(group)} under way on ${podsText(group.lives)} and ${were(group)} not finished when its process ended at ${group.run?.term?.signal ?? 'its end'}`,
  'killed-at-grace-end': group =>
    `${were(group)} still under way on ${podsText(group.lives)} when its grace of ${milliseconds(group.worst?.graceMs ?? 0)} was over and it was killed`,
  'idle-connection-closed': group =>
    `${were(group)} written to a kept connection that ${group.worst ? podsText(group.lives) : 'the server'} was just closing${group.run?.term ? ' as it had to go' : ''}`,
  'term-not-delivered': group => `${were(group)} cut off by KILL on ${podsText(group.lives)}: ${group.run?.term?.signal ?? 'TERM'} never reached its program`,
  'prestop-exceeds-grace': group =>
    `${were(group)} cut off by KILL on ${podsText(group.lives)}: its preStop hook had used up the grace of ${milliseconds(group.worst?.graceMs ?? 0)}`,
  'liveness-restart': group =>
    `${were(group)} lost while ${group.run?.failedProbe?.probe === 'startup' ? 'a startup' : 'a liveness'} probe had ${podsText(group.lives)} restarted`,
  'no-surge': group => {
    const slow = group.verdicts.every(({ trouble }) => trouble === 'slow')
    const { replicas } = group.scene
    return slow
      ? `${were(group)} late while fewer than ${replicas} replicas did all the work`
      : `found no Pod: none of ${replicas} replicas was Ready${outageText(group)}`
  },
  'slow-start': group => {
    const crashed = group.worst?.runs.some(run => isCrash(group.worst!, run))
    return crashed
      ? `${were(group)} lost as ${podsText(group.lives)} crashed in its first seconds`
      : `${were(group)} late or failed in the first seconds after ${podsText(group.lives)} became Ready`
  },
  'single-replica': group => `found no Pod: the only replica was replaced, and none was Ready${outageText(group)}`,
  'bypassed-service': group => (group.worst ? `went to the address of ${podsText(group.lives)}, which had been told to go` : 'found no Pod by its own address'),
  unknown: group => unknownSummary(group),
}

const were = ({ verdicts }: Group): string => (verdicts.length === 1 ? 'was' : 'were')

function outageText({ verdicts }: Group): string {
  const opened = verdicts.map(({ request }) => request.sentMs)
  const ms = Math.max(...opened) - Math.min(...opened)
  return ms > 0 ? ` for at least ${milliseconds(ms)}` : ''
}

function unknownSummary(group: Group): string {
  const alternatives = [...new Set(group.verdicts.flatMap(verdict => verdict.alternatives))]
  const errors = group.verdicts.every(({ trouble }) => trouble === 'error')
  if (errors) return `got an answer that says that the application failed; no start and no end of a Pod explains it`
  return alternatives.length > 0
    ? `may have been lost by ${alternatives.join(' or ')}: what was seen fits each`
    : `${were(group)} lost or slow for a reason that was not found`
}

/** What only this cause asks. */
function factsOf(group: Group): Evidence[] {
  const { cause, worst, run, scene } = group
  if (cause === 'unknown') return unknownFacts(group)
  if (!worst || !run) return []
  const { name: pod } = worst
  if (cause === 'term-not-delivered') {
    const habits = scene.habitsOf(worst)
    const late = tookNewWork(scene, worst, run)
    const command = habits?.command.join(' ')
    return [
      ...(habits && habits.isCaught !== true
        ? [
            {
              atMs: undefined,
              pod,
              text: `${pod}: the first process of container ${worst.container} is \`${command}\`${habits.isCaught === false ? `, which has no handler for ${habits.stopSignal}` : ', a shell, which passes no signal on'}`,
            },
          ]
        : []),
      ...(late === undefined
        ? []
        : [
            {
              atMs: undefined,
              pod,
              request: late,
              text: `${pod}: took new connections and answered them long after ${run.term!.signal}, such as request ${late}`,
            },
          ]),
    ]
  }
  if (cause === 'killed-at-grace-end' && hookTookAll(worst, run)) return []
  if (cause === 'no-surge' || cause === 'single-replica') return [{ atMs: undefined, text: strategyText(group) }]
  return []
}

function strategyText({ scene }: Group): string {
  const { workload, observation, replicas } = scene
  const { rollout, workload: name } = observation.change
  const spec = workload?.spec as { strategy?: { type?: string; rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string } } } | undefined
  const { type, rollingUpdate } = spec?.strategy ?? {}
  const how =
    type === 'Recreate' ? ', strategy Recreate' : rollingUpdate ? `, maxSurge ${rollingUpdate.maxSurge}, maxUnavailable ${rollingUpdate.maxUnavailable}` : ''
  return `${name}: ${plural(replicas, 'replica')}${how}; the change was: ${rollout}`
}
