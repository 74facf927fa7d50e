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
import { runCheck } from '../../src/check/run_check.ts'
import { startVirtualSite } from '../../src/check/virtual_site.ts'
import { checkOptions, wordsOf, type CheckOptions } from '../../src/cli/check_options.ts'

export interface Example {
  readonly name: string
  readonly text: string
  /** Empty: nothing is lost. Of several each is right, and together they explain most of it. */
  readonly causes: readonly Cause[]
  /** For the title of a test. */
  readonly promise: string
  readonly image: string
  plan(changes?: Partial<CheckWords>): CheckPlan
}

const directory = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'examples', 'check')

/** Those that are not called by their cause. */
const EXPECTED: Readonly<Record<string, readonly Cause[]>> = {
  good: [],
  // This nginx ends at once: on a busy machine it has more under way than come too late.
  '43576': ['refused-after-exit', 'reset-at-term'],
  '43576-patched': [],
}

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
  const causes = EXPECTED[name] ?? CAUSES.filter(each => each === name)
  assert.ok(name in EXPECTED || causes.length === 1, `${file} is called neither by a cause nor by what is expected of it`)
  return {
    name,
    text,
    causes,
    promise: `${file} ${causes.length > 0 ? `loses requests, and the cause is ${causes.join(' or ')}` : 'loses nothing'}`,
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

/** Checks it in virtual time, once for each seed, and fails as `assertNamed` does; nothing stands still there, so that what was late is explained as well. */
export async function assertNamedInVirtualTime(example: Example, seeds: number): Promise<void> {
  for (let seed = 1; seed <= seeds; seed++) {
    const site = await startVirtualSite({ seed })
    try {
      const report = await site.run(runCheck(site, example.plan()))
      assertNamed(example, report)
      assertNamed(example, report, ({ lost, slow }) => lost + slow)
    } finally {
      await site.close()
    }
  }
}

/**
 * Fails with the findings unless the expected causes explain most of what was lost, or nothing was lost where nothing must be.
 * What was only late does not count: it decides no verdict, and a machine that stands still for a second makes hundreds late.
 */
export function assertNamed(
  { name, causes }: Example,
  { verdict, repetitions }: Pick<CheckReport, 'verdict' | 'repetitions'>,
  weigh: (finding: Finding) => number = ({ lost }) => lost,
): void {
  assert.equal(verdict, causes.length > 0 ? 'lost' : 'clean', `${name}: ${repetitions.map(told).join('; ')}`)
  for (const repetition of repetitions) {
    if (causes.length > 0) assert.ok(shareOf(causes, repetition, weigh) >= MAIN_SHARE, `${name} was not named: ${told(repetition)}`)
  }
}

type Finding = Repetition['findings'][number]

const MAIN_SHARE = 0.5

function shareOf(causes: readonly Cause[], { findings }: Repetition, weigh: (finding: Finding) => number): number {
  const sum = (some: readonly Finding[]) => some.reduce((total, finding) => total + weigh(finding), 0)
  return sum(findings.filter(({ cause }) => causes.includes(cause))) / sum(findings)
}

const told = ({ sent, lost, findings }: Repetition): string =>
  `${lost} of ${sent} lost${findings.map(({ cause, lost: of, summary }) => `\n  ${cause} (${of}): ${summary}`).join('')}`
