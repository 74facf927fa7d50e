/** Options that several commands share. */
import { InvalidArgumentError, type Command } from 'commander'
import { checkClusterName } from '../host/directories.ts'
import { parseDuration, UserError, type Format } from './output.ts'

export const DEFAULT_NAME = 'poise'

/** The cluster: --name, else POISE_CLUSTER_NAME, else `poise`. */
export function nameOption(command: Command, env: Readonly<Record<string, string | undefined>>): Command {
  return command.option(
    '--name <name>',
    'the cluster (POISE_CLUSTER_NAME)',
    checkedName,
    env['POISE_CLUSTER_NAME'] ? checkedName(env['POISE_CLUSTER_NAME']) : DEFAULT_NAME,
  )
}

export function checkedName(name: string): string {
  const complaint = checkClusterName(name)
  if (complaint) throw new InvalidArgumentError(complaint)
  return name
}

/** For an option's value: a slip there is a word that was not understood. */
export function duration(text: string): number {
  try {
    return parseDuration(text)
  } catch (error) {
    if (error instanceof UserError) throw new InvalidArgumentError(`${error.next}`)
    throw error
  }
}

export const outputOption = (command: Command): Command =>
  command.option(
    '-o, --output <format>',
    'text, json or yaml',
    (text: string): Format => {
      if (text !== 'text' && text !== 'json' && text !== 'yaml') throw new InvalidArgumentError('use text, json or yaml.')
      return text
    },
    'text',
  )

export const contextName = (name: string): string => `poise-${name}`
