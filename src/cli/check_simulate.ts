/**
 * `poise check --simulate`: the same rollout over many seeds in virtual time. `--replay SEED` runs one of them again, and reports
 * it as a check does.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidArgumentError, Option, type Command } from 'commander'
import type { Millis } from '../base/clock.ts'
import { parseModels, type ModelFile } from '../check/simulate/models.ts'
import { planSimulation, type SimulationPlan, type SimulationWords } from '../check/simulate/plan_simulation.ts'
import { runSeed, type SeedQuestion } from '../check/simulate/run_seed.ts'
import { simulate, type SimulationProgress } from '../check/simulate/simulate.ts'
import type { SeedSummary, SimulationReport } from '../check/simulate/simulation_report.ts'
import { renderSimulation } from '../check/simulate/simulation_text.ts'
import { packageRoot } from '../host/package_root.ts'
import { startThreads, threadsFor } from '../host/threads.ts'
import { wordsOf, type CheckOptions } from './check_options.ts'
import { painted, writeFormats, writeReport, type ReportFormat } from './check_outputs.ts'
import type { Cli } from './main.ts'
import { readFiles } from './manifest_files.ts'
import { parseDuration, UserError } from './output.ts'
import type { StopSignal } from './stop_signal.ts'

export interface SimulateOptions {
  simulate: boolean
  seeds: number
  replay?: number
  models?: string
  propagation: { readonly from: Millis; readonly to: Millis }
}

const EXIT_CODES = { clean: 0, lost: 1, unfinished: 2 } as const
const INTERRUPTED = 130
const FORMATS: readonly ReportFormat[] = ['human', 'json']
const SEEDS_MAX = 100_000
const PROPAGATION_MAX_MS = 600_000
/** Each request costs time of the machine, and what they show is the same. */
const RATE = 50
const WARM_UP_MS = 1_000

export const simulateOptions = (command: Command): Command =>
  command
    .option('--simulate', 'roll out over many seeds in virtual time, with models in place of containers', false)
    .option('--seeds <count>', 'with --simulate: how many', checkedSeeds, 1_000)
    .option('--replay <seed>', 'with --simulate: run this seed again and report it, instead of all', checkedSeed)
    .option('--models <file>', 'with --simulate: what containers do, by image or by workload/container')
    .addOption(
      new Option('--propagation <from..to>', 'with --simulate: how long endpoints take to reach the rules of a node')
        .argParser(checkedPropagation)
        .default({ from: 0, to: 5_000 }, '0s..5s'),
    )

/** Resolves to the exit code. */
export async function runSimulation(cli: Cli, options: CheckOptions & SimulateOptions, command: Command, stopping: StopSignal): Promise<number> {
  const words = await simulationWords(options, command, stopping.signal)
  const plan = planSimulation(words)
  const { output } = cli
  if (options.replay !== undefined) return replay(cli, options, plan, options.replay)
  const other = [options.output, ...options.outputFile.map(({ format }) => format)].find(format => !FORMATS.includes(format))
  if (other) throw new UserError(`a simulation has no report as ${other}`, { next: 'It has human and json; with --replay SEED there is every format.' })

  const firstSeed = seedOf(options.seed)
  const asked = startThreads<SeedQuestion, SeedSummary>({
    program: join(packageRoot(), 'dist', 'src', 'cli', 'simulate_thread.js'),
    count: threadsFor(options.seeds),
    data: words,
  })
  let so: SimulationProgress = { phase: 'seeds', done: 0, of: options.seeds, lost: 0 }
  const done = output.step(() => progressText(so))
  let report: SimulationReport
  try {
    report = await simulate({ plan, firstSeed, seeds: options.seeds, askers: asked.ask, signal: stopping.signal, progress: now => (so = now) })
  } catch (error) {
    done('failed')
    throw error
  } finally {
    await asked.stop()
  }
  done(stopping.signal.aborted ? 'failed' : 'done')
  const paint = output.colour && cli.interactive ? painted : undefined
  await writeFormats(output, options, (format, isResult) =>
    format === 'json' ? JSON.stringify(report, null, 2) : renderSimulation(report, isResult ? paint : undefined),
  )
  return stopping.signal.aborted && report.verdict !== 'lost' ? INTERRUPTED : EXIT_CODES[report.verdict]
}

function progressText({ phase, done, of, lost }: SimulationProgress): string {
  if (phase === 'seeds') return `${done} of ${of} seeds, requests lost in ${lost}`
  return `Looking for the shortest preStop sleep: ${done} runs, requests lost in ${lost}`
}

async function simulationWords(options: CheckOptions & SimulateOptions, command: Command, signal: AbortSignal): Promise<SimulationWords> {
  const texts = await readFiles(options, signal)
  const isDefault = (name: 'rate' | 'warmUp') => command.getOptionValueSource(name) === 'default'
  const words = wordsOf(options)
  return {
    files: options.filename,
    texts,
    words: { ...words, ...(isDefault('rate') && { ratePerSecond: RATE }), ...(isDefault('warmUp') && { warmUpMs: WARM_UP_MS }) },
    models: await readModels(options.models),
    nodes: options.nodes,
    propagationMs: options.propagation,
  }
}

async function readModels(file: string | undefined): Promise<ModelFile> {
  if (file === undefined) return new Map()
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`the models cannot be read from ${file}: ${error.message}`, { next: 'Name a file that is there: --models models.yaml' })
  })
  return parseModels(file, text)
}

async function replay({ output, interactive }: Cli, options: CheckOptions, plan: SimulationPlan, seed: number): Promise<number> {
  for (const note of plan.notes) output.note(note)
  const done = output.step(`Running seed ${seed}`)
  const run = await runSeed(plan, { seed }).catch((error: unknown) => {
    done('failed')
    throw error
  })
  if (run.is === 'stuck') {
    done('failed')
    throw run.problem
  }
  done()
  output.note(`Endpoints took ${run.propagationMs} ms to reach the rules that requests came by.`)
  await writeReport(output, run.report, plan.check, { format: options.output, files: options.outputFile, colour: output.colour && interactive })
  return EXIT_CODES[run.report.verdict]
}

function seedOf(text: string | undefined): number {
  if (text === undefined) return 1
  if (!/^\d{1,15}$/.test(text))
    throw new UserError(`--seed ${text} is not a number`, { next: 'Seeds of a simulation are whole numbers: --seed is the first of them.' })
  return Number(text)
}

function checkedSeeds(text: string): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || count < 1 || count > SEEDS_MAX) throw new InvalidArgumentError(`use a number from 1 to ${SEEDS_MAX}.`)
  return count
}

function checkedSeed(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('use the number of a seed, as the report names it.')
  return Number(text)
}

function checkedPropagation(text: string): { from: Millis; to: Millis } {
  const [from = '', to = from, ...more] = text.split('..')
  const hint = 'use a duration, or two: 2s, or 0s..5s.'
  if (more.length > 0) throw new InvalidArgumentError(hint)
  try {
    const range = { from: Math.round(parseDuration(from)), to: Math.round(parseDuration(to)) }
    if (range.to < range.from) throw new InvalidArgumentError(`the shorter one comes first, such as ${to}..${from}.`)
    if (range.to > PROPAGATION_MAX_MS) throw new InvalidArgumentError('ten minutes are the most.')
    return range
  } catch (error) {
    if (error instanceof UserError) throw new InvalidArgumentError(hint)
    throw error
  }
}
