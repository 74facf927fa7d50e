/** One run on one axis: the model of its timelines, with requests, findings and marks at the same zero. */
import type { Millis } from '../../src/base/clock.ts'
import { createInstants } from '../../src/timeline/instants.ts'
import { timelineModel, type PodGroup, type PodLane, type TimelineModel } from '../../src/timeline/model.ts'
import type { PageAdvice, PageCheck, PageRun } from '../../src/timeline/page/document.ts'
import { around, type View } from './view.ts'

export interface DrawnRequest {
  readonly id: number
  /** When it was planned. */
  readonly atMs: Millis
  readonly endMs: Millis
  readonly latencyMs: Millis
  readonly is: 'answered' | 'slow' | 'lost'
  readonly outcome: string
  readonly cause: string | undefined
  readonly client: string
  readonly target: string | undefined
}

export interface DrawnEvidence {
  readonly atMs: Millis | undefined
  readonly text: string
  readonly pod: string | undefined
}

export interface DrawnFinding {
  readonly cause: string
  readonly title: string
  readonly summary: string
  readonly lost: number
  readonly slow: number
  readonly evidence: readonly DrawnEvidence[]
  readonly advice: readonly PageAdvice[]
  readonly docs: string | undefined
}

export interface RunData {
  readonly name: string
  readonly model: TimelineModel
  readonly check: PageCheck | undefined
  /** In planned order. */
  readonly requests: readonly DrawnRequest[]
  readonly findings: readonly DrawnFinding[]
  /** Everything there is. */
  readonly domain: View
  /** What to look at first. */
  readonly opening: View
  /** Where the axis counts from: the first mark, or the first instant. */
  readonly zeroMs: Millis
  readonly groups: readonly AgedGroup[]
}

export interface AgedGroup {
  readonly group: PodGroup
  /** Of several ReplicaSets: those before the change, and those after. */
  readonly age: 'old' | 'new' | undefined
}

export function runData(run: PageRun): RunData {
  const { timelines, marks, nowWallMs, wallMinusMonotonicMs, check } = run
  const options = { marks, ...(nowWallMs === undefined ? {} : { nowWallMs }), ...(wallMinusMonotonicMs === undefined ? {} : { wallMinusMonotonicMs }) }
  const model = timelineModel(timelines, options)
  const instants = createInstants(timelines, options)
  const at = (ms: Millis): Millis => instants.ofMonotonic(ms)
  const requests = (check?.requests ?? []).map(({ id, plannedMs, endedMs, is, outcome, cause, client, target }) => ({
    id,
    atMs: at(plannedMs),
    endMs: at(endedMs),
    latencyMs: endedMs - plannedMs,
    is,
    outcome,
    cause,
    client,
    target,
  }))
  requests.sort((a, b) => a.atMs - b.atMs)
  const findings = (check?.findings ?? []).map(finding => ({
    ...finding,
    docs: finding.docs,
    evidence: finding.evidence.map(({ atMs, text, pod }) => ({ atMs: atMs === undefined ? undefined : at(atMs), text, pod })),
  }))
  const loadEndMs = requests.reduce((latest, { endMs }) => Math.max(latest, endMs), -Infinity)
  const fromMs = Math.min(0, requests[0]?.atMs ?? 0, ...model.marks.map(({ atMs }) => atMs))
  const toMs = Math.max(fromMs + 1, model.endMs, loadEndMs)
  const room = (toMs - fromMs) * 0.02
  const domain = { fromMs: fromMs - room, toMs: toMs + room }
  return {
    name: run.name,
    model,
    check,
    requests,
    findings,
    domain,
    opening: requests.length > 0 ? around(requests[0]!.atMs, loadEndMs, domain) : domain,
    zeroMs: model.marks[0]?.atMs ?? 0,
    groups: aged(model),
  }
}

function aged({ groups, marks }: TimelineModel): AgedGroup[] {
  const sets = groups.filter(({ owner }) => owner.startsWith('ReplicaSet/'))
  const changedMs = marks[0]?.atMs
  const isOld = (group: PodGroup): boolean => (changedMs === undefined ? group === sets[0] : group.pods[0]!.beginMs < changedMs)
  const hasBoth = sets.some(isOld) && sets.some(group => !isOld(group))
  return groups.map(group => {
    if (!hasBoth || !sets.includes(group)) return { group, age: undefined }
    // Those that go read best in the order in which they go.
    return isOld(group) ? { group: { ...group, pods: group.pods.toSorted((a, b) => leavingMs(a) - leavingMs(b)) }, age: 'old' } : { group, age: 'new' }
  })
}

const leavingMs = ({ stages }: PodLane): Millis => stages.find(({ kind }) => kind === 'terminating')?.fromMs ?? Infinity
