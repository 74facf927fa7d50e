/** One seed: a whole cluster of its own in virtual time, the scenario of a check on it, and its report. */
import type { Millis } from '../../base/clock.ts'
import { seededRandom } from '../../base/random.ts'
import { CONTAINERD_LATENCY, type Range, type RuntimeLatency } from '../../sim/latency.ts'
import { CAUSES } from '../causes.ts'
import { CheckProblem } from '../problem.ts'
import type { CheckReport, Repetition } from '../report.ts'
import { runCheck } from '../run_check.ts'
import { startVirtualSite } from '../virtual_site.ts'
import type { SimulationPlan } from './plan_simulation.ts'
import { withPreStopSleep } from './pre_stop_sleep.ts'
import type { SeedSummary } from './simulation_report.ts'

export interface SeedQuestion {
  readonly seed: number
  /** With a preStop sleep of so many seconds in place of the hooks there are. */
  readonly sleepSeconds?: number
  /** Endpoints take as long as they may. */
  readonly isSlowest?: boolean
}

export type SeedRun = {
  readonly seed: number
  /** Of the node that the load came in at. */
  readonly propagationMs: Millis
} & ({ readonly is: 'checked'; readonly report: CheckReport } | { readonly is: 'stuck'; readonly problem: CheckProblem })

/** How much slower than on an idle machine a container runtime may be. */
export const SLOWNESS_MAX = 3
export const PULL_MS: Range = [200, 5_000]
/** What a node needs to write rules it has heard of. */
export const PROGRAM_MS: Range = [5, 50]
/** Nobody reads the story of a seed, unless it is told again. */
const TRACE_LINES_MAX = 100

/** The same question and plan give the same report, to the last request. */
export async function runSeed({ check, nodes, propagationMs: { from, to } }: SimulationPlan, question: SeedQuestion): Promise<SeedRun> {
  const { seed, sleepSeconds, isSlowest = false } = question
  const slowness = 1 + seededRandom(`slowness ${seed}`).fraction() * (SLOWNESS_MAX - 1)
  const site = await startVirtualSite({
    seed,
    nodes,
    propagationMs: [isSlowest ? to : from, to],
    world: { traceLinesMax: TRACE_LINES_MAX },
    runtime: { latency: slowed(CONTAINERD_LATENCY, slowness), pullMs: PULL_MS, programMs: PROGRAM_MS },
  })
  const about = { seed, propagationMs: site.propagationMs }
  try {
    return { ...about, is: 'checked', report: await site.run(runCheck(site, sleepSeconds === undefined ? check : withPreStopSleep(check, sleepSeconds))) }
  } catch (error) {
    if (error instanceof CheckProblem) return { ...about, is: 'stuck', problem: error }
    throw new Error(`seed ${seed} could not be simulated`, { cause: error })
  } finally {
    await site.close()
  }
}

const slowed = (latency: RuntimeLatency, factor: number): RuntimeLatency =>
  Object.fromEntries(
    Object.entries(latency).map(([call, [from, to]]) => [call, [Math.round(from * factor), Math.round(to * factor)]]),
  ) as unknown as RuntimeLatency

export function summaryOf(run: SeedRun): SeedSummary {
  const { seed, propagationMs } = run
  if (run.is === 'stuck') {
    const { message, next } = run.problem
    return { seed, propagationMs, is: 'stuck', sent: 0, lost: 0, causes: [], lostBy: {}, problem: next ? `${message}. ${next}` : message }
  }
  const { verdict, repetitions } = run.report
  const sum = (of: (repetition: Repetition) => number) => repetitions.reduce((total, repetition) => total + of(repetition), 0)
  const lostBy = Object.fromEntries(
    (['new', 'keep-alive', 'direct'] as const).flatMap(client => {
      const lost = sum(({ perClient }) => perClient[client]?.lost ?? 0)
      return lost > 0 ? [[client, lost]] : []
    }),
  )
  const causes = CAUSES.flatMap(cause => {
    const lost = sum(({ findings }) => findings.find(finding => finding.cause === cause)?.lost ?? 0)
    return lost > 0 ? [{ cause, lost }] : []
  })
  const problem = repetitions.find(({ change }) => change.settledMs === undefined)?.change.stuck
  return {
    seed,
    propagationMs,
    is: verdict,
    sent: sum(({ sent }) => sent),
    lost: sum(({ lost }) => lost),
    causes,
    lostBy,
    ...(problem !== undefined && { problem }),
  }
}
