/**
 * Looks for the shortest preStop sleep that loses no request when endpoints take longest to reach the rules.
 *
 *   guess: as long as they take ─▶ clean? try shorter : try the longest ─▶ what the longest loses, no sleep can save
 *
 * A longer sleep never loses more by what a sleep can mend, so that the rest is halving.
 */
import { CAUSES, type Cause } from '../causes.ts'
import type { SimulationPlan } from './plan_simulation.ts'
import { servingContainers, sleepPatch } from './pre_stop_sleep.ts'
import type { SeedQuestion } from './run_seed.ts'
import type { SeedSummary, SleepSearch, SleepTrial } from './simulation_report.ts'

export interface SleepSearchOptions {
  readonly plan: SimulationPlan
  readonly firstSeed: number
  readonly seeds: number
  /** Undefined: nobody waits any more. In the order of the questions. */
  ask(questions: readonly SeedQuestion[]): Promise<readonly SeedSummary[] | undefined>
}

/** So much more than the propagation delay is tried before a sleep is given up. */
const MORE_SECONDS = 10

/** Undefined when it was stopped. */
export async function searchSleep({ plan, firstSeed, seeds, ask }: SleepSearchOptions): Promise<SleepSearch | undefined> {
  const { to: propagationMs } = plan.propagationMs
  const tried = new Map<number, SleepTrial>()
  let remaining: readonly Cause[] = []
  const trial = async (seconds: number): Promise<SleepTrial | undefined> => {
    const known = tried.get(seconds)
    if (known) return known
    const summaries = await ask(Array.from({ length: seeds }, (_, index) => ({ seed: firstSeed + index, sleepSeconds: seconds, isSlowest: true })))
    if (!summaries) return undefined
    const found = trialOf(seconds, summaries)
    tried.set(seconds, found)
    return found
  }
  const isEnough = ({ causes }: SleepTrial) => causes.every(cause => remaining.includes(cause))

  const guess = Math.floor(propagationMs / 1_000) + 1
  const longest = guess + MORE_SECONDS
  let first = await trial(guess)
  if (!first) return undefined
  if (!isEnough(first)) {
    const last = await trial(longest)
    if (!last) return undefined
    remaining = last.causes
    first = isEnough(first) ? first : last
  }
  // The answer is above `low` and not above `high`.
  let [low, high] = [first.seconds === guess ? -1 : guess, first.seconds]
  // Where the guess is right, the second below it says so at once.
  for (let next = high - 1; high - low > 1; next = low + Math.ceil((high - low) / 2)) {
    const middle = await trial(next)
    if (!middle) return undefined
    if (isEnough(middle)) high = next
    else low = next
  }
  return {
    propagationMs,
    seeds,
    tried: [...tried.values()].toSorted((a, b) => a.seconds - b.seconds),
    smallestSeconds: high,
    remaining,
    containers: servingContainers(plan.check),
    patch: high > 0 ? sleepPatch(plan.check, high) : undefined,
  }
}

function trialOf(seconds: number, summaries: readonly SeedSummary[]): SleepTrial {
  const hit = summaries.filter(({ lost }) => lost > 0)
  const causes = new Set(hit.flatMap(summary => summary.causes.map(({ cause }) => cause)))
  return {
    seconds,
    seeds: summaries.length,
    seedsLost: hit.length,
    lost: hit.reduce((total, { lost }) => total + lost, 0),
    unfinished: summaries.filter(({ is }) => is === 'unfinished' || is === 'stuck').length,
    causes: CAUSES.filter(cause => causes.has(cause)),
  }
}
