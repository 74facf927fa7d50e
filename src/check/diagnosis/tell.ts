/** From verdicts of one cause to the finding that people read. */
import type { Cause } from '../causes.ts'
import { isLost } from '../outcome.ts'
import type { Finding } from '../report.ts'
import { adviceFor } from './advice.ts'
import { isCrash } from './endings.ts'
import { evidenceOf } from './evidence.ts'
import { factsOf, inPeace } from './facts.ts'
import { groupOf, requestsOf, requestsOfWorst, unroutedMs, type Group } from './group.ts'
import type { Scene } from './scene.ts'
import type { Verdict } from './verdict.ts'
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
        ? `: Ready ${milliseconds(Math.max(0, heard.atMs - ready.atMs))} before the first answer`
        : ''
    return `${were(group)} refused by ${podsText(group.lives)}, which counted as Ready before the port was open${when}`
  },
  'refused-after-exit': group => {
    const { worst, run, scene } = group
    const { node } = scene.observation.entrance
    const untilMs = worst && unroutedMs(worst, node)
    const gapMs = untilMs !== undefined && run?.ended ? untilMs - run.ended.atMs : 0
    const lag = gapMs > 0 ? `: ${node} sent requests there for another ${milliseconds(gapMs)}` : ''
    const closed = run?.ended && requestsOfWorst(group).some(({ sentMs }) => sentMs >= run.ended!.atMs - run.ended!.marginMs)
    return `${were(group)} sent to ${podsText(group.lives)} after ${closed ? 'the process there had exited' : 'the port there had been closed'}${lag}`
  },
  'reset-at-term': group =>
    `${were(group)} under way on ${podsText(group.lives)} and ${were(group)} not finished when the process ended at ${group.run?.term?.signal ?? 'its end'}`,
  'killed-at-grace-end': group =>
    `${were(group)} still under way on ${podsText(group.lives)} when the grace of ${milliseconds(group.worst?.graceMs ?? 0)} was over and the process was killed`,
  'idle-connection-closed': group =>
    `${were(group)} written to a kept connection just as ${group.worst ? podsText(group.lives) : 'the server'} closed it${everyOneAtTheEnd(group) ? ' in order to end' : ''}`,
  'term-not-delivered': group => `${were(group)} cut off by KILL on ${podsText(group.lives)}: ${group.run?.term?.signal ?? 'TERM'} never reached the program`,
  'prestop-exceeds-grace': group =>
    `${were(group)} cut off by KILL on ${podsText(group.lives)}: the preStop hook had used up the grace of ${milliseconds(group.worst?.graceMs ?? 0)}`,
  'liveness-restart': group =>
    `${were(group)} lost while ${group.run?.failedProbe?.probe === 'startup' ? 'a startup' : 'a liveness'} probe had ${podsText(group.lives)} restarted`,
  'no-surge': group => {
    const slow = group.verdicts.every(({ trouble }) => trouble === 'slow')
    const { replicas } = group.scene
    return slow
      ? `${were(group)} late while fewer than ${replicas} replicas did all the work`
      : `found no Pod${outageText(group)}: none of ${replicas} replicas was Ready`
  },
  'slow-start': group => {
    const crashed = group.worst?.runs.some(run => isCrash(group.worst!, run))
    return crashed
      ? `${were(group)} lost as ${podsText(group.lives)} crashed in the first seconds`
      : `${were(group)} late or failed in the first seconds after ${podsText(group.lives)} became Ready`
  },
  'single-replica': group => `found no Pod${outageText(group)}: the only replica had been taken away, and no other was Ready`,
  'bypassed-service': group => (group.worst ? `went to the address of ${podsText(group.lives)}, which had been told to go` : 'found no Pod by its own address'),
  unknown: group => unknownSummary(group),
}

/** And not in peace, because its time was over. */
const everyOneAtTheEnd = (group: Group): boolean => inPeace(group).length === 0

const were = ({ verdicts }: Group): string => (verdicts.length === 1 ? 'was' : 'were')

function outageText({ verdicts }: Group): string {
  const opened = verdicts.map(({ request }) => request.sentMs)
  const ms = Math.max(...opened) - Math.min(...opened)
  return ms > 0 ? ` for ${milliseconds(ms)}` : ''
}

function unknownSummary(group: Group): string {
  const alternatives = [...new Set(group.verdicts.flatMap(verdict => verdict.alternatives))]
  const errors = group.verdicts.every(({ trouble }) => trouble === 'error')
  if (errors) return `got an answer that says that the application failed; no start and no end of a Pod explains it`
  return alternatives.length > 0
    ? `may have been lost by ${alternatives.join(' or ')}: what was seen fits each`
    : `${were(group)} lost or slow for a reason that was not found`
}
