/**
 * The same rollout over many seeds in virtual time: how often requests are lost, at which delays, and how long a preStop sleep
 * must be.
 *
 *   seeds ─▶ askers (this thread, or several) ─▶ summaries ─▶ the shortest sleep ─▶ report
 */
import type { SimulationPlan } from './plan_simulation.ts'
import { runSeed, summaryOf, type SeedQuestion } from './run_seed.ts'
import { searchSleep } from './search_sleep.ts'
import type { SeedSummary, SimulationReport, SleepSearch } from './simulation_report.ts'
import { simulationReport } from './tally.ts'

/** Answers one question at a time; several of them may work side by side. */
export type Asker = (question: SeedQuestion) => Promise<SeedSummary>

export interface SimulateOptions {
  readonly plan: SimulationPlan
  readonly firstSeed: number
  readonly seeds: number
  /** Each sleep is tried with so many, or with as many as there are; none: no sleep is looked for. */
  readonly sleepSeeds?: number
  /** Default: one, in this thread. */
  readonly askers?: readonly Asker[]
  /** Aborted when somebody has seen enough: the report says how far it came. */
  readonly signal?: AbortSignal
  progress?(so: SimulationProgress): void
}

export interface SimulationProgress {
  readonly phase: 'seeds' | 'sleep'
  readonly done: number
  readonly of: number
  /** In how many of those that are done requests were lost. */
  readonly lost: number
}

const SLEEP_SEEDS = 100
/** A workload that never starts shall not fail a thousand times. */
const STUCK_MAX = 3

/** However many askers there are and whoever is first: the same seeds give the same report. */
export async function simulate({
  plan,
  firstSeed,
  seeds,
  sleepSeeds = SLEEP_SEEDS,
  askers,
  signal,
  progress = () => {},
}: SimulateOptions): Promise<SimulationReport> {
  const workers = askers ?? [question => runSeed(plan, question).then(summaryOf)]
  const stop = { signal, isHopeless: false }
  const summaries = await askAll(workers, questionsFor(firstSeed, seeds), stop, (done, lost) => progress({ phase: 'seeds', done, of: seeds, lost }))
  let sleep: SleepSearch | undefined
  const seedsEach = Math.min(seeds, sleepSeeds)
  if (seedsEach > 0 && !stop.isHopeless && !signal?.aborted) {
    let [done, lost] = [0, 0]
    sleep = await searchSleep({
      plan,
      firstSeed,
      seeds: seedsEach,
      async ask(questions) {
        const answers = await askAll(workers, questions, stop, (now, nowLost) =>
          progress({ phase: 'sleep', done: done + now, of: done + questions.length, lost: lost + nowLost }),
        )
        done += answers.length
        lost += answers.filter(answer => answer.lost > 0).length
        return answers.length === questions.length ? answers : undefined
      },
    })
  }
  return simulationReport({ plan, seeds: { first: firstSeed, asked: seeds }, summaries, sleep })
}

const questionsFor = (first: number, count: number): SeedQuestion[] => Array.from({ length: count }, (_, index) => ({ seed: first + index }))

/** In the order of the questions, as far as they were answered without a gap. */
async function askAll(
  askers: readonly Asker[],
  questions: readonly SeedQuestion[],
  stop: { readonly signal: AbortSignal | undefined; isHopeless: boolean },
  told: (done: number, lost: number) => void,
): Promise<SeedSummary[]> {
  const answers: (SeedSummary | undefined)[] = []
  let [next, done, lost, stuck] = [0, 0, 0, 0]
  const work = async (ask: Asker) => {
    while (next < questions.length && !stop.signal?.aborted && !stop.isHopeless) {
      const index = next++
      const answer = await ask(questions[index]!)
      answers[index] = answer
      done++
      if (answer.lost > 0) lost++
      if (answer.is === 'stuck') stuck++
      if (stuck === done && stuck >= STUCK_MAX) stop.isHopeless = true
      told(done, lost)
    }
  }
  await Promise.all(askers.map(work))
  const gap = answers.findIndex(answer => answer === undefined)
  const whole = (gap < 0 ? answers : answers.slice(0, gap)) as SeedSummary[]
  // Who was asked meanwhile depends on how many work side by side.
  return stop.isHopeless ? whole.slice(0, STUCK_MAX) : whole
}
