/** What shows a cause: the steps of the Pod that matter to it, and requests as examples, in the order of time. */
import type { Millis } from '../../base/clock.ts'
import type { Cause } from '../causes.ts'
import { latencyMs } from '../outcome.ts'
import type { Evidence } from '../report.ts'
import { closingOf, killOf } from './endings.ts'
import { unroutedMs, type Group } from './group.ts'
import { isVague, type Instant } from './instant.ts'
import type { Life } from './life.ts'
import { isGateway } from './question.ts'
import { runAt, type Run } from './runs.ts'
import type { Scene } from './scene.ts'
import type { Verdict } from './verdict.ts'
import { milliseconds, plural } from '../words.ts'
import { connectionText, podsText, troubleText } from './words.ts'

const EVIDENCE_MAX = 8
const EXAMPLES_MAX = 2

type Step = 'started' | 'ready' | 'routed' | 'heard' | 'failing' | 'deleted' | 'preStop' | 'term' | 'kill' | 'exit' | 'again' | 'unrouted'

/** The most telling first, for when there is no room for all. */
const STEPS: Readonly<Record<Cause, readonly Step[]>> = {
  'ready-before-listening': ['routed', 'heard', 'ready', 'started'],
  'refused-after-exit': ['exit', 'unrouted', 'deleted', 'term'],
  'reset-at-term': ['term', 'exit', 'deleted'],
  'killed-at-grace-end': ['kill', 'term', 'deleted', 'exit'],
  'idle-connection-closed': ['term', 'exit'],
  'term-not-delivered': ['kill', 'term', 'deleted', 'exit'],
  'prestop-exceeds-grace': ['preStop', 'kill', 'term', 'deleted'],
  'liveness-restart': ['failing', 'term', 'exit', 'again', 'kill'],
  'no-surge': ['deleted', 'exit'],
  'slow-start': ['ready', 'routed', 'exit', 'started'],
  'single-replica': ['deleted', 'exit'],
  'bypassed-service': ['deleted', 'unrouted', 'exit'],
  unknown: ['started', 'ready', 'deleted', 'term', 'exit'],
}

/** @param facts of the cause itself; they stand before steps where there is no room for all. */
export function evidenceOf(group: Group, facts: readonly Evidence[]): Evidence[] {
  const { worst, run, cause } = group
  const examples = examplesOf(group)
  const last = [...otherPods(group), ...doubts(group)]
  const steps = worst && run ? STEPS[cause].flatMap(step => stepOf(step, worst, run, group) ?? []) : []
  const room = EVIDENCE_MAX - facts.length - examples.length - last.length
  const timed = [...facts, ...steps.slice(0, Math.max(0, room)), ...examples]
  return [...timed.toSorted((a, b) => (a.atMs ?? Infinity) - (b.atMs ?? Infinity)), ...last]
}

function stepOf(step: Step, life: Life, run: Run, { scene }: Group): Evidence | undefined {
  const { node } = scene.observation.entrance
  const { name, container } = life
  const next = life.runs[life.runs.indexOf(run) + 1]
  const at = (instant: Instant | undefined, text: string): Evidence | undefined =>
    instant && { atMs: instant.atMs, text: `${name}: ${text}${isVague(instant) ? ' (within a second)' : ''}`, pod: name }
  switch (step) {
    case 'started':
      return at(run.started, `container ${container} started`)
    case 'ready':
      return at(life.ready[0]?.from, 'became Ready')
    case 'routed': {
      const toMs = life.rules.get(node ?? '')?.find(({ state }) => state === 'EndpointReady')?.to?.atMs
      return toMs === undefined ? undefined : { atMs: toMs, text: `${node}: its rules lead to ${name}, too`, pod: name, node: node! }
    }
    case 'heard': {
      const heard = scene.heard(run)
      return (
        heard &&
        at(heard, `answered for the first time${run.started ? `, ${milliseconds(heard.atMs - run.started.atMs)} after its container had started` : ''}`)
      )
    }
    case 'failing':
      return at(
        run.failedProbe?.from,
        `the ${run.failedProbe?.probe} probe of container ${container} ${run.failedProbe?.count === 1 ? 'failed' : `began to fail, ${run.failedProbe?.count} times in a row`}`,
      )
    case 'deleted':
      return at(life.deleted, `was told to go, with a grace of ${milliseconds(life.graceMs)}`)
    case 'preStop':
      return at(
        run.preStop?.began,
        `its preStop hook began${run.preStop?.ended ? `, and ended after ${milliseconds(run.preStop.ended.atMs - run.preStop.began.atMs)}` : ', and had not ended when the grace was over'}`,
      )
    case 'term':
      return at(run.term?.at, `${run.term?.signal} was sent to container ${container}`)
    case 'kill':
      return at(killOf(life, run), `container ${container} was killed, because its grace of ${milliseconds(life.graceMs)} was over`)
    case 'exit':
      return at(run.ended, exitText(life, run))
    case 'again':
      return at(next?.started, `container ${container} started again`)
    case 'unrouted': {
      const untilMs = unroutedMs(life, node)
      return untilMs === undefined
        ? undefined
        : { atMs: untilMs, text: `${node}: its rules no longer lead to ${name}${lagText(life, run, untilMs)}`, pod: name, node: node! }
    }
  }
}

function exitText({ container }: Life, { exitCode, term, ended, reason }: Run): string {
  const code = exitCode === undefined ? '' : ` with code ${exitCode}`
  const after = term && ended ? `, ${milliseconds(ended.atMs - term.at.atMs)} after ${term.signal}` : ''
  const by = !term && reason && reason !== 'Completed' && reason !== 'Error' ? ` (${reason})` : ''
  return `container ${container} exited${code}${by}${after}`
}

function lagText(life: Life, run: Run, untilMs: Millis): string {
  const gapMs = untilMs - (run.ended?.atMs ?? Infinity)
  if (gapMs > 0) return `, ${milliseconds(gapMs)} after it had exited`
  return life.deleted ? `, ${milliseconds(untilMs - life.deleted.atMs)} after it was told to go` : ''
}

/** The first, and the last or, of late ones, the latest. */
function examplesOf({ verdicts, cause, worst, scene }: Group): Evidence[] {
  const ofWorst = worst ? verdicts.filter(({ lives }) => lives.includes(worst)) : verdicts
  const slowest = ofWorst.toSorted((a, b) => latencyMs(b.request) - latencyMs(a.request))[0]
  const last = cause === 'slow-start' || slowest?.trouble === 'slow' ? slowest : ofWorst.at(-1)
  return [...new Set([ofWorst[0], last])]
    .flatMap(verdict => verdict ?? [])
    .slice(0, EXAMPLES_MAX)
    .map(verdict => exampleOf(verdict, scene))
}

function exampleOf({ request, trouble, lives }: Verdict, scene: Scene): Evidence {
  const [life] = lives
  const { by, lives: asked } = scene.attributions.get(request)!
  const address = request.target && `${request.target.address}:${request.target.port}`
  const wasForNobody = asked.length === 0 && by !== 'stranger'
  const to = wasForNobody
    ? ' to nobody, as the rules held no endpoint,'
    : life
      ? ` to ${podsText(lives)}${address ? ` (${address})` : ''}`
      : address
        ? ` to ${address}`
        : ''
  const run = life && runAt(life, request.sentMs)
  const distance = life && run ? distanceText(life, run, request.sentMs) : ''
  return {
    atMs: request.sentMs,
    text: `request ${request.id}${to} ${connectionText(request)}${wasForNobody ? '' : distance}: ${troubleText(request, trouble)}`,
    request: request.id,
    ...(lives.length === 1 && !wasForNobody && { pod: life!.name }),
  }
}

function distanceText(life: Life, run: Run, sentMs: Millis): string {
  const about = isVague(run.ended ?? life.deleted) ? 'about ' : ''
  if (run.ended && sentMs >= run.ended.atMs) return `, ${about}${milliseconds(sentMs - run.ended.atMs)} after its process had ended`
  const closing = closingOf(life, run)
  if (run.term && sentMs >= run.term.at.atMs) return `, ${about}${milliseconds(sentMs - run.term.at.atMs)} after ${run.term.signal}`
  const ready = life.ready.findLast(({ from }) => from && from.atMs <= sentMs)?.from
  if (!closing && ready) return `, ${isVague(ready) ? 'about ' : ''}${milliseconds(sentMs - ready.atMs)} after it became Ready`
  return closing && closing.atMs - sentMs < 60_000 ? `, ${about}${milliseconds(closing.atMs - sentMs)} before ${run.term ? run.term.signal : 'its end'}` : ''
}

function otherPods({ lives, verdicts, worst }: Group): Evidence[] {
  const others = lives.filter(life => life !== worst)
  const sure = others.filter(life => verdicts.some(verdict => verdict.lives.length === 1 && verdict.lives[0] === life))
  if (sure.length === 0) return []
  const each = sure.slice(0, 4).map(life => `${life.name} (${plural(verdicts.filter(verdict => verdict.lives.includes(life)).length, 'request')})`)
  return [{ atMs: undefined, text: `the same with ${each.join(', ')}${sure.length > 4 ? ` and ${sure.length - 4} more Pods` : ''}` }]
}

/** What was reckoned and not seen. */
function doubts({ verdicts, scene, cause }: Group): Evidence[] {
  const { entrance } = scene.observation
  const reckoned = verdicts.filter(({ request, lives }) => lives.length > 0 && ['rules', 'slices'].includes(scene.attributions.get(request)!.by))
  const told: string[] = []
  if (reckoned.length > 0 && cause !== 'no-surge' && cause !== 'single-replica')
    told.push(
      `which Pod ${reckoned.length === verdicts.length ? 'these' : `${reckoned.length} of these`} were for was not seen; it is reckoned from ${scene.attributions.get(reckoned[0]!.request)!.by === 'rules' ? `the rules of ${entrance.node} at that instant` : 'the EndpointSlices, which say nothing of when a node follows'}`,
    )
  if (isGateway(entrance) && verdicts.some(({ request }) => request.outcome.is === 'answered' && request.outcome.status >= 500))
    told.push('a gateway stands before the Pods: 502 is read as a broken connection, 503 as a refused one, 504 as no answer')
  if (verdicts.some(verdict => verdict.isVague))
    told.push('the instants of these Pods were read off objects, which count in seconds: what lies closer together has no order')
  return told.map(text => ({ atMs: undefined, text }))
}
