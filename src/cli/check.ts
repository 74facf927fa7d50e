/**
 * `poise check`: does this workload lose requests when it is rolled out, why, and what is to be changed?
 * Exit codes: 0 nothing was lost, 1 requests were lost, 2 it could not be run.
 */
import { join } from 'node:path'
import type { Command } from 'commander'
import { messageOf } from '../base/error_message.ts'
import { readManifests } from '../check/manifests.ts'
import { planCheck, type CheckPlan } from '../check/plan_check.ts'
import { CheckProblem } from '../check/problem.ts'
import type { CheckReport } from '../check/report.ts'
import { repetitionText } from '../check/report_text.ts'
import { runCheck } from '../check/run_check.ts'
import { writeFileAtomically } from '../host/atomic_file.ts'
import { temporaryDirectory } from '../host/temporary_directory.ts'
import { checkOptions, wordsOf, type CheckOptions } from './check_options.ts'
import { refuseUnwritable, writeReport } from './check_outputs.ts'
import { placeOf } from './check_place.ts'
import { runSimulation, simulateOptions, type SimulateOptions } from './check_simulate.ts'
import { onSite } from './check_site.ts'
import { checkWithoutRunning } from './check_static.ts'
import { splitNext } from './failure.ts'
import { refuseUnreadableArchives } from './image_archives.ts'
import type { Cli } from './main.ts'
import { readFiles } from './manifest_files.ts'
import { UserError } from './output.ts'
import { listenForStop, type StopSignal } from './stop_signal.ts'

const COULD_NOT_RUN = 2
const INTERRUPTED = 130

export function addCheckCommand(program: Command, cli: Cli): void {
  simulateOptions(checkOptions(program.command('check')))
    .description('roll out a workload under load: are requests lost, why, and what is to be changed?')
    .action(async (options: CheckOptions & SimulateOptions, command: Command) => {
      const stopping = listenForStop()
      try {
        const place = placeOf(options, command)
        await refuseUnwritable(options.outputFile)
        await refuseUnreadableArchives(options.imageArchive)
        if (place === 'simulation') return cli.setExitCode(await runSimulation(cli, options, command, stopping))
        const texts = await readFiles(options, stopping.signal)
        if (place === 'manifests') return cli.setExitCode(await checkWithoutRunning(cli, options, texts))
        const report = await run(
          cli,
          options,
          planCheck(options.filename, readManifests(texts), { ...wordsOf(options), ownCluster: place === 'throw-away cluster' }),
          stopping,
        )
        cli.setExitCode({ clean: 0, lost: 1, unfinished: COULD_NOT_RUN }[report.verdict])
      } catch (error) {
        throw stopping.signal.aborted ? new UserError('the check was interrupted', { exitCode: INTERRUPTED }) : couldNotRun(error)
      } finally {
        stopping.release()
      }
    })
}

const run = (cli: Cli, options: CheckOptions, plan: CheckPlan, stopping: StopSignal): Promise<CheckReport> =>
  onSite(options, plan.images, cli, stopping.signal, async site => {
    const { output } = cli
    const report = await runCheck(site, plan, {
      progress: output,
      signal: stopping.signal,
      keep: options.keep,
      onRepetition: repetition => {
        if (plan.repeat > 1) output.note(`  ${repetitionText(repetition)}`)
      },
    })
    await writeReport(output, report, plan, { format: options.output, files: options.outputFile, colour: output.colour && cli.interactive })
    if (options.keep && site.kubeconfig) await keepUntilStopped(cli, site.kubeconfig, stopping)
    return report
  })

/** For as long as somebody looks at it. */
async function keepUntilStopped({ output }: Cli, kubeconfig: string, stopping: StopSignal): Promise<void> {
  const directory = await temporaryDirectory('poise-check-')
  try {
    const file = join(directory.path, 'kubeconfig')
    await writeFileAtomically(file, kubeconfig, 0o600)
    output.note(`The cluster stays. In another terminal:\n\n  kubectl --kubeconfig ${file} get pods --all-namespaces\n\nPress Ctrl-C to remove it.`)
    await stopping.asked
  } finally {
    await directory.remove()
  }
}

/** Whatever goes wrong before there is a verdict is none. */
function couldNotRun(error: unknown): UserError {
  if (error instanceof UserError) return new UserError(error.message, { next: error.next, exitCode: COULD_NOT_RUN })
  if (error instanceof CheckProblem) return new UserError(error.message, { next: error.next, exitCode: COULD_NOT_RUN })
  const { what, next } = splitNext(messageOf(error))
  return new UserError(what, { next, exitCode: COULD_NOT_RUN })
}
