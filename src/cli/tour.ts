/**
 * `poise tour`, and `npm start`: a careless rollout loses requests, its causes are named, what was advised is done, and the
 * same rollout loses none. Both are drawn on one page.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Command } from 'commander'
import { withAdvice } from '../check/apply_advice.ts'
import { CAUSE_TITLES } from '../check/causes.ts'
import { patchCommand } from '../check/finding_text.ts'
import { readManifests, type Manifests } from '../check/manifests.ts'
import { checkPage } from '../check/page.ts'
import { planCheck, type CheckWords } from '../check/plan_check.ts'
import type { CheckReport, Finding } from '../check/report.ts'
import { verdictLine, type Paint } from '../check/report_text.ts'
import { runCheck } from '../check/run_check.ts'
import { cacheDirectory } from '../host/directories.ts'
import { packageRoot } from '../host/package_root.ts'
import { renderTimelinePage } from '../timeline/page/render.ts'
import { checkedRuntime, type CheckRuntime } from './check_options.ts'
import { painted } from './check_outputs.ts'
import { onSite } from './check_site.ts'
import type { Cli } from './main.ts'
import { UserError } from './output.ts'
import { readPageAssets } from './page_assets.ts'
import { listenForStop, type StopSignal } from './stop_signal.ts'

const NODES = 2
const WORDS: CheckWords = {
  path: '/',
  ratePerSecond: 200,
  repeat: 1,
  warmUpMs: 2_000,
  settleMs: 2_000,
  timeoutMs: 120_000,
  requestTimeoutMs: 5_000,
}
const INTERRUPTED = 130
/** A rare cause may hide behind a frequent one, and be seen only when that is gone. */
const STEPS_MAX = 4

interface TourOptions {
  readonly runtime: CheckRuntime
  readonly page?: string
}

export function addTourCommand(program: Command, cli: Cli): void {
  program
    .command('tour')
    .description('see a rollout lose requests, why, and the same rollout lose none')
    .option('--runtime <runtime>', 'auto, containerd or simulated', checkedRuntime, 'auto')
    .option('--page <file>', "where the timeline of both rollouts goes (default: tour.html in Poise's cache)")
    .action(async (options: TourOptions) => {
      const stopping = listenForStop()
      try {
        await tour(cli, options, stopping)
      } catch (error) {
        throw stopping.signal.aborted ? new UserError('the tour was interrupted', { exitCode: INTERRUPTED }) : error
      }
    })
}

async function tour(cli: Cli, { runtime, page }: TourOptions, stopping: StopSignal): Promise<void> {
  const { output, env } = cli
  const paint: Paint = output.colour && cli.interactive ? painted : (_, text) => text
  const say = (...lines: readonly string[]) => output.result(lines.join('\n'))
  const manifest = join(packageRoot(), 'examples', 'tour', 'careless.yaml')
  const name = relative(process.cwd(), manifest)
  const manifests = readManifests([{ file: name, text: await readFile(manifest, 'utf8') }])
  const planned = (files: Manifests) => planCheck([name], files, WORDS)
  const file = resolve(page ?? join(cacheDirectory(env), 'tour.html'))

  say('Does a rolling update lose requests? Three replicas behind a Service, and a load of 200 requests a second.')
  await onSite({ runtime, nodes: NODES, imageArchive: [] }, planned(manifests).images, cli, stopping.signal, async site => {
    const rollOut = (files: Manifests) => runCheck(site, planned(files), { progress: output, signal: stopping.signal })
    say('', paint('strong', `1. A careless Deployment is rolled out, on ${site.description}`), '')
    const runs = [{ name: 'careless', report: await rollOut(manifests) }]
    say('', ...outcome(runs[0]!.report, paint))

    let files = manifests
    for (let step = 2; runs.at(-1)!.report.verdict === 'lost' && step <= STEPS_MAX; step++) {
      const findings = findingsOf(runs.at(-1)!.report)
      files = {
        objects: withAdvice(
          files.objects,
          findings.flatMap(({ advice }) => advice),
        ),
        notes: [],
      }
      say('', paint('strong', `${step}. The same rollout, after what was advised`), '', ...patches(findings).map(command => `  ${command}`), '')
      runs.push({ name: step === 2 ? 'patched' : 'patched again', report: await rollOut(files) })
      say('', ...outcome(runs.at(-1)!.report, paint))
    }

    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, renderTimelinePage(checkPage(runs, { title: 'A careless rollout, and the same with grace' }), readPageAssets()))
    say('', paint('strong', 'Look at it, and go on'), '', ...hints(file))
  })
}

/** The verdict and its causes, short: `poise check` says all of it. */
function outcome(report: CheckReport, paint: Paint): string[] {
  return [
    verdictLine(report, paint),
    ...findingsOf(report).flatMap(({ cause, lost, slow, summary, advice }) => [
      '',
      `  ${paint('strong', CAUSE_TITLES[cause])}  ${paint('dim', cause)}  ${lost > 0 ? `${lost} lost` : `${slow} slow`}`,
      `  ${summary}.`,
      ...advice.slice(0, 1).map(({ text }) => `  → ${text}`),
    ]),
  ]
}

const findingsOf = ({ repetitions }: CheckReport): Finding[] => repetitions.flatMap(({ findings }) => findings)

/** Findings may want the same change. */
const patches = (findings: readonly Finding[]): string[] => [
  ...new Set(findings.flatMap(({ advice }) => advice.flatMap(({ patch }) => (patch ? [patchCommand(patch)] : [])))),
]

const hints = (file: string): string[] => [
  '  Both rollouts, Pod by Pod and request by request:',
  `    ${pathToFileURL(file).href}`,
  '  Your own workload:',
  '    npx poise check -f deploy.yaml',
  '  Each cause with a manifest of its own:',
  '    npx poise check -f examples/check/term-not-delivered.yaml',
  '  A cluster for kubectl:',
  '    npx poise up',
  '',
]
