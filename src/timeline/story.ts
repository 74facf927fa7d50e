/**
 * What one wants to know of a Pod without looking for it: which steps its time until Ready consisted of, and how its end went.
 *
 * The steps are the chain that the Pod really waited for, found backwards: what ended last before Ready, what ended last before
 * that began, and so on. What went on beside it did not cost anything and is not told.
 */
import { assert } from '../base/assert.ts'
import type { Millis } from '../base/clock.ts'
import type { Bar, Row } from './model.ts'
import { barsOf, type LaneFacts } from './stages.ts'
import { barLabel, durationText, messageText } from './words.ts'

export interface Story {
  readonly fromMs: Millis
  readonly toMs: Millis
  /** How exact both are. */
  readonly precisionMs: 1 | 1000
  /** `Ready 4.012 s after it was created`. */
  readonly headline: string
  /** One after the other, without overlap. */
  readonly steps: readonly StoryStep[]
  /** Sentences; `bad` is what somebody should look at. */
  readonly remarks: readonly { readonly text: string; readonly isBad: boolean }[]
}

export interface StoryStep {
  /** `image pull web`; empty for a time that no span explains. */
  readonly label: string
  readonly fromMs: Millis
  readonly toMs: Millis
}

/** Undefined: it was never Ready. */
export function readyStory({ rows, beginMs }: LaneFacts): Story | undefined {
  const ready = first(barsOf(rows, 'Ready'))
  if (!ready) return undefined
  const precisionMs = precisionOf(rows)
  const steps = chainTo(ready.fromMs, beginMs, [...setUpSteps(rows), ...answerSteps(rows, ready.fromMs)], precisionMs)
  return {
    fromMs: beginMs,
    toMs: ready.fromMs,
    precisionMs,
    headline: `Ready ${durationText(ready.fromMs - beginMs, precisionMs)} after it was created`,
    steps,
    remarks: [...restartRemarks(rows), ...unreadyRemarks(rows)],
  }
}

/** Undefined: nobody has asked it to go. */
export function endStory({ rows, goneMs, endMs }: LaneFacts): Story | undefined {
  const asked = first(barsOf(rows, 'Deletion')) ?? first(barsOf(rows, 'Terminating'))
  if (!asked) return undefined
  const precisionMs = precisionOf(rows)
  const [fromMs, toMs] = [asked.fromMs, goneMs ?? endMs]
  const isEndKnown = barsOf(rows, 'Deletion').every(({ end }) => end !== 'unknown')
  const stops = rows.filter(({ type }) => type === 'PreStop' || type === 'Term' || type === 'SandboxStop')
  const steps = stops.flatMap(row => row.bars.filter(({ start, end, fromMs: at }) => start === 'known' && end === 'known' && at >= fromMs).map(stepOf(row)))
  return {
    fromMs,
    toMs,
    precisionMs,
    headline: !isEndKnown
      ? 'gone, and nobody can say since when'
      : goneMs === undefined
        ? 'was asked to go and is still there'
        : `gone ${durationText(goneMs - fromMs, precisionMs)} after it was asked to go`,
    steps: goneMs === undefined || !isEndKnown ? [] : chainTo(toMs, fromMs, steps, precisionMs),
    remarks: [...exitRemarks(rows, fromMs), ...routeRemarks(rows, fromMs)],
  }
}

const first = (bars: readonly Bar[]): Bar | undefined => bars.find(({ start }) => start === 'known')
const precisionOf = (rows: readonly Row[]): 1 | 1000 => (rows.some(({ bars }) => bars.some(({ precisionMs }) => precisionMs === 1000)) ? 1000 : 1)
const stepOf =
  ({ name, subject, type, container }: Row) =>
  ({ fromMs, toMs }: Bar): StoryStep => ({
    label: type === 'InitContainer' ? `init container ${container}` : [name, subject].filter(Boolean).join(' '),
    fromMs,
    toMs,
  })

function setUpSteps(rows: readonly Row[]): StoryStep[] {
  const begins = rows
    .filter(({ type }) => type === 'Container' || type === 'InitContainer')
    .flatMap(({ container, bars }) => bars.map(({ fromMs }) => ({ container, fromMs })))
  return rows
    .filter(({ section, type }) => section === 'set-up' || ['ImagePull', 'ContainerStart', 'InitContainer', 'PostStart'].includes(type))
    .flatMap(row =>
      row.bars
        .filter(({ start, end }) => start === 'known' && end === 'known')
        .map(stepOf(row))
        .map(step => {
          // The process runs a little before the call that starts it has returned.
          const begun =
            row.type === 'ContainerStart' && begins.find(({ container, fromMs }) => container === row.container && fromMs > step.fromMs && fromMs < step.toMs)
          return begun ? { ...step, toMs: begun.fromMs } : step
        }),
    )
}

/** From the start of a container's process until its probe says yes for the first time: the program itself takes this long. */
function answerSteps(rows: readonly Row[], readyMs: Millis): StoryStep[] {
  return rows
    .filter(({ type }) => type === 'Probe')
    .flatMap(({ container, probe, bars }) => {
      if (probe === 'liveness') return []
      const yes = bars.find(({ span, start }) => start === 'known' && span.result === 'success')
      const run = rows
        .find(row => row.type === 'Container' && row.container === container)
        ?.bars.findLast(({ fromMs, start }) => start === 'known' && fromMs <= (yes?.fromMs ?? readyMs))
      if (!yes || !run || yes.fromMs <= run.fromMs) return []
      return [{ label: `${container} until its ${probe} probe succeeds`, fromMs: run.fromMs, toMs: yes.fromMs }]
    })
}

/** Two instants of one second cannot be told apart where seconds are all there is. */
function chainTo(toMs: Millis, fromMs: Millis, candidates: readonly StoryStep[], precisionMs: 1 | 1000): StoryStep[] {
  const slackMs = precisionMs === 1 ? 1 : 0
  const chain: StoryStep[] = []
  const left = new Set(candidates.filter(step => step.toMs > step.fromMs))
  let at = toMs
  while (at > fromMs) {
    let best: StoryStep | undefined
    for (const step of left) {
      if (step.toMs > at + slackMs || step.fromMs >= at) continue
      // Of those that end together the longest is what all waited for.
      if (!best || step.toMs > best.toMs + slackMs || (step.toMs > best.toMs - slackMs && step.fromMs < best.fromMs)) best = step
    }
    const stepEnd = best ? Math.min(best.toMs, at) : fromMs
    if (stepEnd < at) chain.unshift({ label: '', fromMs: Math.max(stepEnd, fromMs), toMs: at })
    if (!best) break
    left.delete(best)
    chain.unshift({ label: best.label, fromMs: Math.max(best.fromMs, fromMs), toMs: stepEnd })
    at = Math.max(best.fromMs, fromMs)
  }
  chain.forEach((step, index) => assert(index === 0 || step.fromMs === chain[index - 1]!.toMs, 'the steps follow one another'))
  return chain
}

/** Of a Pod that is not Ready: what keeps it from it, as far as spans tell. */
export function notReadyRemarks(rows: readonly Row[]): Story['remarks'] {
  const last = ({ bars }: Row) => bars.findLast(({ start }) => start === 'known')
  const stuck = rows.flatMap((row): Remarks => {
    const bar = last(row)
    if (!bar) return []
    const { span, end } = bar
    const message = span.message ? `: ${messageText(span)}` : ''
    if (row.type === 'Scheduling' && end === 'open') return [{ text: `no node was found so far${message}`, isBad: true }]
    if (row.type === 'ImagePull' && end === 'open') return [{ text: `the image of ${row.container} is being pulled`, isBad: false }]
    if ((row.type === 'Container' || row.type === 'InitContainer') && end === 'known' && span.exitCode) {
      return [{ text: `${row.container} exited with code ${span.exitCode}${span.reason && span.reason !== 'Error' ? ` (${span.reason})` : ''}`, isBad: true }]
    }
    if (row.type === 'Probe' && row.probe !== 'liveness' && span.result === 'failure') {
      return [{ text: `the ${row.probe} probe of ${row.container} ${barLabel(span)}${message}`, isBad: true }]
    }
    return []
  })
  return [...restartRemarks(rows), ...stuck]
}

type Remarks = { readonly text: string; readonly isBad: boolean }[]

function restartRemarks(rows: readonly Row[]): Remarks {
  return rows.flatMap(({ type, container, bars }) => {
    const restarts = type === 'Container' ? Math.max(0, ...bars.map(({ span }) => span.restart ?? 0)) : 0
    return restarts > 0 ? [{ text: `${container} was restarted ${restarts === 1 ? 'once' : `${restarts} times`}`, isBad: true }] : []
  })
}

function unreadyRemarks(rows: readonly Row[]): Remarks {
  const leftMs = Math.min(...barsOf(rows, 'Deletion', 'Terminating').map(({ fromMs }) => fromMs))
  return barsOf(rows, 'Ready')
    .filter(({ toMs, end }) => end === 'known' && toMs < leftMs)
    .map(({ span, fromMs, toMs, precisionMs }) => ({
      text: `it was Ready for ${durationText(toMs - fromMs, precisionMs)} and then not${span.reason ? ` (${span.reason})` : ''}`,
      isBad: true,
    }))
}

function exitRemarks(rows: readonly Row[], askedMs: Millis): Remarks {
  const remarks: Remarks = []
  for (const row of rows) {
    for (const { type, span, fromMs, toMs, start, end, precisionMs } of row.bars) {
      if (start !== 'known' || (end === 'known' ? toMs : Infinity) < askedMs) continue
      if (type === 'Kill')
        remarks.push({
          text: `${row.container} was killed ${durationText(fromMs - askedMs, precisionMs)} after the deletion: ${span.reason === 'OOMKilled' ? 'out of memory' : 'its grace was over'}`,
          isBad: true,
        })
      if (type === 'Container' && end === 'known' && span.exitCode !== undefined) {
        const killed = span.exitCode === 137 ? ' (killed)' : ''
        remarks.push({
          text: `${row.container} exited with code ${span.exitCode}${killed}, ${durationText(toMs - askedMs, precisionMs)} after the deletion`,
          isBad: span.exitCode !== 0 && span.exitCode !== 143,
        })
      }
    }
  }
  return remarks
}

/** A node that still sends requests to a process that has ended: they are refused. */
function routeRemarks(rows: readonly Row[], askedMs: Millis): Remarks {
  const exits = barsOf(rows, 'Container').filter(({ end, toMs }) => end === 'known' && toMs >= askedMs)
  if (exits.length === 0) return []
  const exitMs = Math.min(...exits.map(({ toMs }) => toMs))
  const services = new Map<string, { node: string; lateMs: Millis }[]>()
  for (const { type, service = '', node = '', bars } of rows) {
    if (type !== 'RulesProgrammed') continue
    const left = bars.find(({ span, toMs, end }) => end === 'known' && toMs >= askedMs && span.reason !== 'EndpointReady' && span.reason !== 'EndpointNotReady')
    if (left) services.set(service, [...(services.get(service) ?? []), { node, lateMs: left.toMs - exitMs }])
  }
  return [...services].flatMap(([service, nodes]): Remarks => {
    const late = nodes.filter(({ lateMs }) => lateMs > 0).sort((a, b) => b.lateMs - a.lateMs)
    const { lateMs: lastMs } = nodes.reduce((a, b) => (b.lateMs > a.lateMs ? b : a))
    if (late.length === 0) {
      const who = nodes.length === 1 ? `${nodes[0]!.node} had` : `${nodes.length} nodes had`
      return [{ text: `${who} stopped sending requests of ${service} there ${durationText(-lastMs)} before the first container exited`, isBad: false }]
    }
    return [
      ...late.slice(0, LATE_NODES_MAX).map(({ node, lateMs }) => ({
        text: `${node} sent requests of ${service} there for ${durationText(lateMs)} after a container had exited`,
        isBad: true,
      })),
      ...(late.length > LATE_NODES_MAX ? [{ text: `so did ${late.length - LATE_NODES_MAX} more nodes`, isBad: true }] : []),
    ]
  })
}

const LATE_NODES_MAX = 3
