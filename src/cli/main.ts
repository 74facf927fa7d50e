/** The command line: reads words, picks a command, turns errors into sentences and exit codes. */
import { Command, CommanderError } from 'commander'
import { addDownCommand } from './down.ts'
import { addGetCommands } from './get.ts'
import { addInfoCommand, addVersionCommand } from './info.ts'
import { addLoadCommands } from './load.ts'
import { createOutput, UserError, type Output } from './output.ts'
import { addTourCommand } from './tour.ts'
import { addUpCommand } from './up.ts'

/** What a command is given. */
export interface Cli {
  readonly output: Output
  readonly env: Readonly<Record<string, string | undefined>>
  /** The result may be shown as it comes, and Ctrl-C is at hand. */
  readonly interactive: boolean
  setExitCode(code: number): void
}

/** Returns the exit code: 0 done, 1 failed, 2 the words were not understood. */
export async function main(args: readonly string[]): Promise<number> {
  let exitCode = 0
  const quiet = args.includes('--quiet') || args.includes('-q')
  const cli: Cli = {
    output: createOutput({ stdout: process.stdout, stderr: process.stderr, env: process.env }, { quiet }),
    env: process.env,
    interactive: Boolean(process.stdout.isTTY),
    setExitCode: code => (exitCode = code),
  }
  const program = new Command('poise')
    .description('Runs Kubernetes Pods with stock kubectl, real containers and real traffic in one Node.js process.')
    .option('-q, --quiet', 'print results and errors only')
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .showHelpAfterError(false)
  addUpCommand(program, cli)
  addDownCommand(program, cli)
  addGetCommands(program, cli)
  addLoadCommands(program, cli)
  addInfoCommand(program, cli)
  addTourCommand(program, cli)
  addVersionCommand(program, cli)
  try {
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    return report(cli, error)
  }
  return exitCode
}

function report({ output }: Cli, error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0
    if (error.code === 'commander.help') return 2
    output.error(error.message.replace(/^error: /, ''))
    output.note('See what there is with: poise --help')
    return 2
  }
  if (error instanceof UserError) {
    output.error(error.message)
    if (error.next) output.note(error.next)
    return error.exitCode
  }
  output.error(error instanceof Error ? error.message : String(error))
  if (process.env['POISE_DEBUG'] && error instanceof Error) output.note(error.stack ?? '')
  return 1
}
