/** The command line: reads words, picks a command, turns errors into sentences and exit codes. */
import { Command, CommanderError, Help, type Option } from 'commander'
import { messageOf } from '../base/error_message.ts'
import { splitNext } from './failure.ts'
import { createOutput, UserError, type Output, type OutputStreams } from './output.ts'
import { VERSION } from '../launch/version.ts'

/** What a command is given. */
export interface Cli {
  readonly output: Output
  readonly env: Readonly<Record<string, string | undefined>>
  /** The result may be shown as it comes, and Ctrl-C is at hand. */
  readonly interactive: boolean
  setExitCode(code: number): void
}

type Add = (program: Command, cli: Cli) => void

/** Each loads what it needs only when it is asked for: `poise version` does not wait for an API server's code. */
const COMMANDS: Readonly<Record<string, () => Promise<Add>>> = {
  up: async () => (await import('./up.ts')).addUpCommand,
  down: async () => (await import('./down.ts')).addDownCommand,
  get: async () => (await import('./get.ts')).addGetCommands,
  load: async () => (await import('./load.ts')).addLoadCommands,
  info: async () => (await import('./info.ts')).addInfoCommand,
  check: async () => (await import('./check.ts')).addCheckCommand,
  timeline: async () => (await import('./timeline.ts')).addTimelineCommand,
  tour: async () => (await import('./tour.ts')).addTourCommand,
  version: async () => (await import('./info.ts')).addVersionCommand,
}

/** Returns the exit code: 0 done, 1 failed, 2 the words were not understood. */
export function main(args: readonly string[]): Promise<number> {
  // Who reads us may go first: `poise get kubeconfig | head -1`, or a terminal that is closed.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  return runWords(args, process)
}

/** What `main` does, with other streams and another environment than those of this process. */
export async function runWords(args: readonly string[], { stdout, stderr, env }: OutputStreams): Promise<number> {
  let exitCode = 0
  const quiet = args.includes('--quiet') || args.includes('-q')
  const cli: Cli = {
    output: createOutput({ stdout, stderr, env }, { quiet }),
    env,
    interactive: Boolean(stdout.isTTY),
    setExitCode: code => (exitCode = code),
  }
  const program = new Command('poise')
    .description('Runs Kubernetes Pods with stock kubectl, real containers and real traffic in one Node.js process.')
    .version(VERSION)
    .option('-q, --quiet', 'print results and errors only')
    .exitOverride()
    .configureOutput({ outputError: () => undefined, writeOut: text => void stdout.write(text) })
    .showHelpAfterError(false)
    .configureHelp({ optionDescription: describeOption })
  const word = args.find(arg => !arg.startsWith('-')) ?? ''
  try {
    for (const name of Object.hasOwn(COMMANDS, word) ? [word] : Object.keys(COMMANDS)) (await COMMANDS[name]!())(program, cli)
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    return report(cli, error, Object.hasOwn(COMMANDS, word) ? word : undefined)
  }
  return exitCode
}

/** That a switch is off by default goes without saying. */
function describeOption(option: Option): string {
  const isPlain = option.defaultValue === false || (Array.isArray(option.defaultValue) && option.defaultValue.length === 0)
  return isPlain ? option.description : new Help().optionDescription(option)
}

function report({ output, env }: Cli, error: unknown, command: string | undefined): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0
    if (error.code === 'commander.help') return 2
    output.error(error.message.replace(/^error: /, ''))
    output.note(`See what there is with: poise ${command ? `${command} ` : ''}--help`)
    return 2
  }
  if (error instanceof UserError) {
    output.error(error.message)
    if (error.next) output.note(error.next)
    return error.exitCode
  }
  const { what, next } = splitNext(messageOf(error))
  output.error(what)
  if (next) output.note(next)
  if (env['POISE_DEBUG'] && error instanceof Error) output.note(error.stack ?? '')
  return 1
}
