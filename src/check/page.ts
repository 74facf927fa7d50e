/** The HTML page of checks: a tab for each repetition, or for each of several checks that are to be compared. */
import { stringify } from 'yaml'
import type { PodTimeline } from '../api/kinds/pod_timeline.ts'
import type { PageAdvice, PageDocument, PageFinding, PageRequest, PageRun } from '../timeline/page/document.ts'
import { CAUSE_TITLES } from './causes.ts'
import { worthKeeping } from './figures.ts'
import { patchCommand } from './finding_text.ts'
import type { LoadRequest, RequestOutcome } from './observation.ts'
import { isLost, isSlow, isTrouble } from './outcome.ts'
import type { Advice, CheckReport, Finding, Repetition } from './report.ts'
import { percent, plural, seconds } from './words.ts'

/** So many tabs one can still choose from; those that lost something come first. */
const RUNS_MAX = 16
/** Of all tabs together: about 2 MB. */
const REQUESTS_MAX = 16_000
/** Of one run; a browser still draws them at once. */
const PODS_MAX = 400
/** The beginning shows the cause. */
const EVIDENCE_MAX = 24

export interface NamedReport {
  /** `careless`; left out where there is one report only. */
  readonly name?: string
  readonly report: CheckReport
}

export function checkPage(reports: readonly NamedReport[], { title }: { title?: string } = {}): PageDocument {
  const all = reports.flatMap(({ name, report }) => report.repetitions.map((repetition, index) => ({ name: nameOf(name, report, index), report, repetition })))
  const bad = all.filter(({ repetition }) => repetition.lost > 0)
  const kept = new Set([...bad, ...all.filter(one => !bad.includes(one))].slice(0, RUNS_MAX))
  const shown = all.filter(one => kept.has(one))
  const requestsMax = Math.floor(REQUESTS_MAX / Math.max(1, shown.length))
  const [first] = reports
  return {
    title: title ?? `poise check: ${first?.report.repetitions[0]?.change.workload ?? 'nothing was run'}`,
    ...(first && { subtitle: `${first.report.files.join(', ')} at ${first.report.ratePerSecond} requests a second, on ${first.report.site.description}` }),
    ...(reports.length === 1 && first ? { verdict: { is: first.report.verdict, text: verdictText(first.report) } } : {}),
    notes: [
      ...new Set(reports.flatMap(({ report }) => report.site.blindSpots)),
      ...(shown.length < all.length ? [`${shown.length} of ${all.length} repetitions are shown, those that lost requests first.`] : []),
      ...shown.flatMap(({ name, repetition }) => leftOut(name, repetition, requestsMax)),
    ],
    runs: shown.map(({ name, repetition }) => runOf(name, repetition, requestsMax)),
  }
}

const nameOf = (name: string | undefined, { repetitions }: CheckReport, index: number): string =>
  repetitions.length > 1 ? `${name ? `${name} ` : 'repetition '}${index + 1}` : (name ?? 'the check')

function verdictText({ verdict, repetitions, lossRate }: CheckReport): string {
  const sent = repetitions.reduce((sum, repetition) => sum + repetition.sent, 0)
  const lost = repetitions.reduce((sum, repetition) => sum + repetition.lost, 0)
  const often = repetitions.length > 1 ? ` in ${lossRate.lost} of ${lossRate.of} repetitions` : ''
  if (verdict === 'unfinished') return 'The change never ended, and nothing is proven'
  return verdict === 'lost'
    ? `${lost} of ${plural(sent, 'request')} lost${often}`
    : `None of ${plural(sent, 'request')} lost${repetitions.length > 1 ? ` in ${repetitions.length} repetitions` : ''}`
}

function runOf(name: string, repetition: Repetition, requestsMax: number): PageRun {
  const { change, beganMs, beganWallMs, timelines, sent, lost, slow, slowMs, latencyMs, findings } = repetition
  const causes = new Map(findings.flatMap(({ cause, requests }) => requests.map(id => [id, cause] as const)))
  const pods = new Map(timelines.flatMap(({ pod }) => (pod.ip ? [[pod.ip, pod.name] as const] : [])))
  return {
    name,
    timelines: fewTimelines(timelines),
    marks: [
      { atMs: change.beganMs, label: `${change.rollout} of ${change.workload}` },
      ...(change.settledMs === undefined ? [] : [{ atMs: change.settledMs, label: 'settled' }]),
    ],
    nowWallMs: beganWallMs + (repetition.endedMs - beganMs),
    wallMinusMonotonicMs: beganWallMs - beganMs,
    check: {
      summary: summaryOf(repetition),
      verdict: lost > 0 ? 'lost' : change.settledMs === undefined ? 'unfinished' : 'clean',
      sent,
      lost,
      slow,
      slowMs,
      latencyMs,
      findings: findings.map(findingOf),
      requests: thinned(repetition, requestsMax).map(request => requestOf(request, { slowMs, causes, pods })),
    },
  }
}

function summaryOf({ change, sent, lost, lostBeforeChange, entrance }: Repetition): string {
  const end =
    change.settledMs === undefined ? `never settled${change.stuck ? ` (${change.stuck})` : ''}` : `settled after ${seconds(change.settledMs - change.beganMs)}`
  const what = lost === 0 ? `None of ${plural(sent, 'request')} was lost` : `${lost} of ${plural(sent, 'request')} (${percent(lost / sent)}) were lost`
  const before = lostBeforeChange > 0 ? `, ${lostBeforeChange} of them before the change` : ''
  return `${what}${before}: ${change.rollout} of ${change.workload}, which ${end}. The load went to ${entrance.url}, the ${entrance.through} of Service ${entrance.service}.`
}

const findingOf = ({ cause, summary, lost, slow, evidence, advice, docs }: Finding): PageFinding => ({
  cause,
  title: CAUSE_TITLES[cause],
  summary: evidence.length > EVIDENCE_MAX ? `${summary} (The first ${EVIDENCE_MAX} of ${evidence.length} observations are listed.)` : summary,
  lost,
  slow,
  evidence: evidence
    .slice(0, EVIDENCE_MAX)
    .map(({ atMs, text, pod, node }) => ({ text, ...(atMs !== undefined && { atMs }), ...(pod && { pod }), ...(node && { node }) })),
  advice: advice.flatMap(adviceOf),
  docs: `docs/${docs}`,
})

function adviceOf({ text, patch, create }: Advice): PageAdvice[] {
  const patched: PageAdvice[] = patch ? [{ text, code: { label: `${patch.kind}/${patch.name}, for a shell`, text: patchCommand(patch) } }] : []
  const created: PageAdvice[] = create
    ? [{ text: patch ? 'and this object beside it' : text, code: { label: 'For kubectl apply -f', text: stringify(create) } }]
    : []
  return patch || create ? [...patched, ...created] : [{ text }]
}

interface RequestContext {
  readonly slowMs: number
  readonly causes: ReadonlyMap<number, string>
  readonly pods: ReadonlyMap<string, string>
}

function requestOf(request: LoadRequest, { slowMs, causes, pods }: RequestContext): PageRequest {
  const { id, plannedMs, endedMs, client, target, outcome } = request
  const cause = causes.get(id)
  return {
    id,
    plannedMs,
    endedMs,
    is: isLost(request) ? 'lost' : isSlow(request, slowMs) ? 'slow' : 'answered',
    outcome: outcomeText(outcome),
    client,
    ...(cause && { cause }),
    ...(target && { target: pods.get(target.address) ?? `${target.address}:${target.port}` }),
  }
}

const outcomeText = (outcome: RequestOutcome): string =>
  outcome.is === 'answered' ? `status ${outcome.status}` : `${outcome.symptom}, during ${outcome.during}`

/** The bad ones first, and of the others every so many. */
function thinned({ requests, slowMs }: Repetition, most: number): readonly LoadRequest[] {
  if (requests.length <= most) return requests
  const bad = requests.filter(request => isTrouble(request, slowMs)).length
  return worthKeeping(requests, slowMs, { badMax: most, goodMax: Math.max(0, most - bad) })
}

/** Those that anything happened to last: Pods that were there all the time say least. */
function fewTimelines(timelines: readonly PodTimeline[]): readonly PodTimeline[] {
  if (timelines.length <= PODS_MAX) return timelines
  const kept = new Set(timelines.toSorted((a, b) => b.spans.length - a.spans.length).slice(0, PODS_MAX))
  return timelines.filter(timeline => kept.has(timeline))
}

function leftOut(name: string, repetition: Repetition, requestsMax: number): string[] {
  const { timelines, timelinesLeftOut, requests, slowMs } = repetition
  const bad = requests.filter(request => isTrouble(request, slowMs)).length
  return [
    ...(bad > requestsMax ? [`${name}: of ${bad} lost and slow requests the first ${requestsMax} are drawn; the report as JSON has more.`] : []),
    ...(timelinesLeftOut ? [`${name}: its ${plural(timelinesLeftOut, 'Pod')} are not drawn; the report had no room for all timelines.`] : []),
    ...(timelines.length > PODS_MAX ? [`${name}: ${PODS_MAX} of ${timelines.length} Pods are drawn, those with the most spans.`] : []),
  ]
}
