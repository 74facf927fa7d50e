/** `poise check --static`: the rules of grace over manifests, without a cluster. */
import { renderStaticJUnit } from '../check/junit.ts'
import type { ManifestText } from '../check/manifests.ts'
import { renderStaticSarif } from '../check/sarif.ts'
import { readSources } from '../check/static/read_sources.ts'
import { SEVERITIES } from '../check/static/rule.ts'
import { checkStatically, type StaticReport } from '../check/static/static_check.ts'
import { staticText } from '../check/static/static_text.ts'
import type { CheckOptions } from './check_options.ts'
import { writeFormats, type ReportFormat } from './check_outputs.ts'
import type { Cli } from './main.ts'
import { UserError } from './output.ts'

const COLOURS = { error: 31, warning: 33, note: 36 } as const

/** Resolves to the exit code: 1 for what is as grave as `--fail-on`, or graver. */
export async function checkWithoutRunning(cli: Cli, options: CheckOptions, texts: readonly ManifestText[]): Promise<number> {
  const { objects, notes } = readSources(texts)
  for (const note of notes) cli.output.note(note)
  const report = checkStatically(objects)
  await writeFormats(cli.output, options, (format, isForTerminal) => render(report, texts, format, isForTerminal && cli.output.colour && cli.interactive))
  const grave = SEVERITIES.slice(0, SEVERITIES.indexOf(options.failOn) + 1)
  return report.findings.some(({ severity }) => grave.includes(severity)) ? 1 : 0
}

function render(report: StaticReport, texts: readonly ManifestText[], format: ReportFormat, colour: boolean): string {
  switch (format) {
    case 'human':
      return staticText(report, colour ? (severity, text) => `\u001b[${COLOURS[severity]}m${text}\u001b[0m` : undefined)
    case 'json':
      return JSON.stringify(report, null, 2)
    case 'junit':
      return renderStaticJUnit(
        report,
        texts.map(({ file }) => file),
      )
    case 'sarif':
      return renderStaticSarif(report)
    case 'html':
      throw new UserError('there is no page of what is found without running anything', { next: 'Use -o human, json, junit or sarif.', exitCode: 2 })
  }
}
