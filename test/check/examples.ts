/** The manifests of examples/check, as their own comments say that they are checked, and what must be found. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { CAUSES, type Cause } from '../../src/check/causes.ts'
import { readManifests } from '../../src/check/manifests.ts'
import { planCheck, type CheckPlan, type CheckWords } from '../../src/check/plan_check.ts'
import type { CheckReport, Repetition } from '../../src/check/report.ts'
import { checkOptions, wordsOf, type CheckOptions } from '../../src/cli/check_options.ts'

export interface Example {
  readonly name: string
  readonly text: string
  /** Undefined: nothing is lost. */
  readonly cause: Cause | undefined
  readonly image: string
  plan(changes?: Partial<CheckWords>): CheckPlan
}

const directory = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'examples', 'check')

/** Those that are not called by their cause. */
const EXPECTED: Readonly<Record<string, Cause | undefined>> = { good: undefined, '43576': 'refused-after-exit', '43576-patched': undefined }

export const examples: readonly Example[] = readdirSync(directory)
  .filter(file => file.endsWith('.yaml'))
  .map(file => exampleIn(file))

export function exampleNamed(name: string): Example {
  const found = examples.find(example => example.name === name)
  assert.ok(found, `there is no examples/check/${name}.yaml`)
  return found
}

function exampleIn(file: string): Example {
  const text = readFileSync(join(directory, file), 'utf8')
  const name = basename(file, '.yaml')
  const cause = CAUSES.find(each => each === name)
  assert.ok(cause ?? name in EXPECTED, `${file} is called neither by a cause nor by what is expected of it`)
  return {
    name,
    text,
    cause: cause ?? EXPECTED[name],
    image: /image: (\S+)/.exec(text)![1]!,
    plan: changes => planCheck([file], readManifests([{ file, text }]), { ...wordsIn(text, file), ...changes }),
  }
}

/** As the comment at the top gives them, so that a reader who types it sees what is tested. */
function wordsIn(text: string, file: string): CheckWords {
  const command = /^# {3}poise check (.*)$/m.exec(text)?.[1] ?? ''
  assert.ok(command.startsWith(`-f examples/check/${file}`), `the comment of ${file} does not say how it is checked`)
  const parser = checkOptions(new Command()).exitOverride()
  parser.parse(command.split(' '), { from: 'user' })
  return wordsOf(parser.opts<CheckOptions>())
}

/** Fails with the findings unless the expected cause explains the most, or nothing was lost where nothing must be. */
export function assertNamed({ name, cause }: Example, { verdict, repetitions }: Pick<CheckReport, 'verdict' | 'repetitions'>): void {
  assert.equal(verdict, cause ? 'lost' : 'clean', `${name}: ${repetitions.map(told).join('; ')}`)
  for (const repetition of repetitions) {
    if (cause) assert.ok(shareOf(cause, repetition) >= MAIN_SHARE, `${name} was not named: ${told(repetition)}`)
  }
}

const MAIN_SHARE = 0.5

function shareOf(cause: Cause, { findings }: Repetition): number {
  const all = findings.reduce((sum, { lost, slow }) => sum + lost + slow, 0)
  const found = findings.find(finding => finding.cause === cause)
  return found ? (found.lost + found.slow) / all : 0
}

const told = ({ sent, lost, findings }: Repetition): string =>
  `${lost} of ${sent} lost${findings.map(({ cause, lost: of, summary }) => `\n  ${cause} (${of}): ${summary}`).join('')}`
