/** Adds up what the seeds have given. */
import type { Millis } from '../../base/clock.ts'
import { CAUSES } from '../causes.ts'
import { workloadText } from '../workload.ts'
import { wilsonInterval } from '../wilson.ts'
import type { SimulationPlan } from './plan_simulation.ts'
import type { LostByCause, ProblemSeed, PropagationBucket, SeedSummary, SimulationReport, SleepSearch } from './simulation_report.ts'

export interface Tally {
  readonly plan: SimulationPlan
  readonly seeds: { readonly first: number; readonly asked: number }
  /** In the order of their seeds. */
  readonly summaries: readonly SeedSummary[]
  readonly sleep: SleepSearch | undefined
}

export function simulationReport({ plan, seeds, summaries, sleep }: Tally): SimulationReport {
  const { check, models, notes, nodes, propagationMs } = plan
  const count = (is: SeedSummary['is']) => summaries.filter(summary => summary.is === is).length
  const counts = { clean: count('clean'), lost: count('lost'), unfinished: count('unfinished'), stuck: count('stuck') }
  const checked = summaries.length - counts.stuck
  return {
    verdict: counts.lost > 0 ? 'lost' : counts.unfinished + counts.stuck > 0 || summaries.length === 0 ? 'unfinished' : 'clean',
    files: check.files,
    workload: workloadText(check.workload),
    change: check.change.text,
    ratePerSecond: check.load.ratePerSecond,
    nodes,
    seeds: { ...seeds, done: summaries.length },
    propagationMs,
    models,
    notes,
    requests: { sent: sum(summaries, ({ sent }) => sent), lost: sum(summaries, ({ lost }) => lost) },
    lossRate: { lost: counts.lost, of: checked, ...wilsonInterval(counts.lost, checked) },
    causes: byCause(summaries),
    clients: (['new', 'keep-alive', 'direct'] as const).flatMap(client => {
      const hit = summaries.filter(({ lostBy }) => lostBy[client] !== undefined)
      return hit.length > 0 ? [{ client, seeds: hit.length, lost: sum(hit, ({ lostBy }) => lostBy[client]!) }] : []
    }),
    byPropagation: byPropagation(summaries, propagationMs),
    examples: { worst: worstOf(summaries)?.seed, unfinished: firstProblem(summaries, 'unfinished'), stuck: firstProblem(summaries, 'stuck') },
    counts,
    sleep,
  }
}

function byCause(summaries: readonly SeedSummary[]): LostByCause[] {
  return CAUSES.flatMap((cause): LostByCause[] => {
    const hit = summaries.flatMap(({ seed, causes }) => causes.filter(each => each.cause === cause).map(({ lost }) => ({ seed, lost })))
    if (hit.length === 0) return []
    return [{ cause, seeds: hit.length, lost: sum(hit, ({ lost }) => lost), example: hit.reduce((most, each) => (each.lost > most.lost ? each : most)).seed }]
  }).toSorted((a, b) => b.lost - a.lost)
}

const BUCKETS = 10

/** Ten of the same width, or one where there is only one delay. */
function byPropagation(summaries: readonly SeedSummary[], { from, to }: { from: Millis; to: Millis }): PropagationBucket[] {
  const count = to > from ? Math.min(BUCKETS, to - from) : 1
  const width = (to - from) / count
  const groups = Array.from({ length: count }, (): SeedSummary[] => [])
  for (const summary of summaries) {
    if (summary.is === 'stuck') continue
    const index = width > 0 ? Math.floor((summary.propagationMs - from) / width) : 0
    groups[Math.min(count - 1, index)]!.push(summary)
  }
  return groups.map((group, index) => ({
    from: Math.round(from + index * width),
    to: Math.round(from + (index + 1) * width),
    seeds: group.length,
    seedsLost: group.filter(({ lost }) => lost > 0).length,
    lost: sum(group, ({ lost }) => lost),
    lostMax: group.reduce((most, { lost }) => Math.max(most, lost), 0),
  }))
}

const worstOf = (summaries: readonly SeedSummary[]): SeedSummary | undefined =>
  summaries.filter(({ lost }) => lost > 0).reduce<SeedSummary | undefined>((most, each) => (most && most.lost >= each.lost ? most : each), undefined)

function firstProblem(summaries: readonly SeedSummary[], is: SeedSummary['is']): ProblemSeed | undefined {
  const found = summaries.find(summary => summary.is === is)
  return found && { seed: found.seed, problem: found.problem ?? '' }
}

const sum = <T>(all: readonly T[], of: (one: T) => number): number => all.reduce((total, one) => total + of(one), 0)
