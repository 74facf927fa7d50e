/** The documents and the command line know the same options. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { Command } from 'commander'
import { addCheckCommand } from '../../src/cli/check.ts'
import { addDownCommand } from '../../src/cli/down.ts'
import type { Cli } from '../../src/cli/main.ts'
import { createOutput } from '../../src/cli/output.ts'
import { addTimelineCommand } from '../../src/cli/timeline.ts'
import { addTourCommand } from '../../src/cli/tour.ts'
import { addUpCommand } from '../../src/cli/up.ts'

const silent = { write: () => true }
const cli: Cli = { output: createOutput({ stdout: silent, stderr: silent, env: {} }), env: {}, interactive: false, setExitCode: () => {} }
const program = new Command('poise')
for (const add of [addCheckCommand, addDownCommand, addTimelineCommand, addTourCommand, addUpCommand]) add(program, cli)
const optionsOf = (name: string) => program.commands.find(command => command.name() === name)!.options

const pageAt = (path: string): Promise<string> => readFile(new URL(`../../../${path}`, import.meta.url), 'utf8')

const PAGES: Readonly<Record<string, readonly string[]>> = {
  check: ['docs/check.md', 'docs/simulate_rollouts.md', 'docs/static_rules.md'],
  timeline: ['docs/timeline.md'],
  tour: ['README.md'],
}

test('every option of check, timeline and tour stands in their documents', async () => {
  for (const [command, paths] of Object.entries(PAGES)) {
    const text = (await Promise.all(paths.map(pageAt))).join('\n')
    const stands = (flag: string | undefined) => flag !== undefined && new RegExp(String.raw`(?<![\w-])${flag}(?![\w-])`).test(text)
    const missing = optionsOf(command).filter(({ short, long, hidden }) => !hidden && !stands(short) && !stands(long))
    assert.deepEqual(
      missing.map(({ flags }) => flags),
      [],
      `not in ${paths.join(', ')}`,
    )
  }
})

/** Of kubectl. */
const OF_OTHERS = new Set(['--cascade', '--image', '--patch', '--raw', '--replicas', '--watch'])

test('every option in the documents is there', async () => {
  const known = new Set(program.commands.flatMap(({ options }) => options.map(({ long }) => long)))
  for (const path of [...Object.values(PAGES).flat(), 'docs/causes.md', 'docs/ci.md', 'examples/check/README.md']) {
    const named = (await pageAt(path)).match(/(?<![\w-])--[a-z][a-z-]*/g) ?? []
    assert.deepEqual(
      [...new Set(named)].filter(flag => !known.has(flag) && !OF_OTHERS.has(flag)),
      [],
      path,
    )
  }
})
