/** What only one cause asks: signals, strategies, idle times. */
import type { Cause } from '../causes.ts'
import type { LoadRequest } from '../observation.ts'
import type { Evidence } from '../report.ts'
import { milliseconds, plural } from '../words.ts'
import { closingOf, failedByProbe } from './endings.ts'
import type { Group } from './group.ts'
import { runAt } from './runs.ts'
import { unknownFacts } from './unknown.ts'

const FACTS: Readonly<Partial<Record<Cause, (group: Group) => Evidence[]>>> = {
  'idle-connection-closed': idleTimes,
  'term-not-delivered': signalFacts,
  'liveness-restart': answeredMeanwhile,
  'no-surge': group => [...nextReady(group), strategyFact(group)],
  'single-replica': group => [...nextReady(group), strategyFact(group)],
  unknown: unknownFacts,
}

export const factsOf = (group: Group): Evidence[] => FACTS[group.cause]?.(group) ?? []

function signalFacts({ worst, run, scene }: Group): Evidence[] {
  if (!worst || !run) return []
  const { name: pod, container } = worst
  const habits = scene.habitsOf(worst)
  const late = scene.tookNewWork(run)
  const why = habits?.isCaught === false ? `, which has no handler for ${habits.stopSignal}` : ', a shell, which passes no signal on'
  return [
    ...(habits && habits.isCaught !== true
      ? [{ atMs: undefined, pod, text: `${pod}: the first process of container ${container} is \`${habits.command.join(' ')}\`${why}` }]
      : []),
    ...(late === undefined
      ? []
      : [{ atMs: undefined, pod, request: late, text: `${pod}: took new requests and answered them long after ${run.term!.signal}, such as request ${late}` }]),
  ]
}

/** Requests to Pods that did not have to go by then. */
export const inPeace = ({ verdicts }: Group): readonly LoadRequest[] =>
  verdicts
    .filter(({ lives: [life], request }) => {
      const run = life && runAt(life, request.sentMs)
      const closing = life && run && closingOf(life, run)
      return closing === undefined || request.endedMs < closing.atMs
    })
    .map(({ request }) => request)

/** Of a server in peace: the time after which it closes connections shows in them. */
function idleTimes(group: Group): Evidence[] {
  const idle = inPeace(group).map(({ idleMs = 0 }) => idleMs)
  if (idle.length === 0) return []
  const [least, most] = [idle.reduce((a, b) => Math.min(a, b)), idle.reduce((a, b) => Math.max(a, b))]
  const times = least === most ? milliseconds(least) : `${milliseconds(least)} to ${milliseconds(most)}`
  return [{ atMs: undefined, text: `these connections had been idle for ${times}: the server closes them after about that time` }]
}

/** Whoever answers is alive, whatever the probe says. */
function answeredMeanwhile({ worst, run, scene }: Group): Evidence[] {
  const began = worst && run && failedByProbe(worst, run)
  if (!began || !run.failedProbe) return []
  const fromMs = run.failedProbe.from.atMs
  const answered = scene.observation.requests.filter(({ sentMs, endedMs, outcome }) => outcome.is === 'answered' && sentMs >= fromMs && endedMs <= began.atMs)
  const own = answered.filter(request => scene.attributions.get(request)!.lives[0] === worst && scene.attributions.get(request)!.by === 'told')
  return own.length === 0
    ? []
    : [{ atMs: began.atMs, pod: worst.name, text: `${worst.name}: had answered ${plural(own.length, 'request')} since the probe began to fail` }]
}

/** Who ended the outage. */
function nextReady({ scene, verdicts }: Group): Evidence[] {
  const fromMs = verdicts[0]!.request.sentMs
  const next = scene.lives
    .flatMap(({ name, ready }) => ready.flatMap(({ from }) => (from && from.atMs >= fromMs ? [{ name, atMs: from.atMs }] : [])))
    .toSorted((a, b) => a.atMs - b.atMs)[0]
  return next ? [{ atMs: next.atMs, pod: next.name, text: `${next.name}: became Ready, the first after that` }] : []
}

function strategyFact({ scene }: Group): Evidence {
  const { workload, observation, replicas } = scene
  const { rollout, workload: name } = observation.change
  const spec = workload?.spec as { strategy?: { type?: string; rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string } } } | undefined
  const { type, rollingUpdate } = spec?.strategy ?? {}
  const how =
    type === 'Recreate' ? ', strategy Recreate' : rollingUpdate ? `, maxSurge ${rollingUpdate.maxSurge}, maxUnavailable ${rollingUpdate.maxUnavailable}` : ''
  return { atMs: undefined, text: `${name}: ${plural(replicas, 'replica')}${how}; the change was: ${rollout}` }
}
