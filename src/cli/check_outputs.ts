/** Writes a report in the formats that were asked for: one to standard output, others into files. */
import { access, constants, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { InvalidArgumentError } from 'commander'
import { renderJUnit } from '../check/junit.ts'
import { checkPage } from '../check/page.ts'
import type { CheckPlan } from '../check/plan_check.ts'
import type { CheckReport } from '../check/report.ts'
import { renderReport, type Paint } from '../check/report_text.ts'
import { renderSarif, type Place } from '../check/sarif.ts'
import { renderTimelinePage } from '../timeline/page/render.ts'
import { UserError, type Output } from './output.ts'
import { readPageAssets } from './page_assets.ts'

export const REPORT_FORMATS = ['human', 'json', 'junit', 'sarif', 'html'] as const
export type ReportFormat = (typeof REPORT_FORMATS)[number]

export interface OutputFile {
  readonly format: ReportFormat
  readonly file: string
}

export const parseReportFormat = (text: string): ReportFormat | undefined => REPORT_FORMATS.find(format => format === text)

export function collectOutputFile(text: string, before: OutputFile[]): OutputFile[] {
  const equals = text.indexOf('=')
  const format = parseReportFormat(text.slice(0, Math.max(0, equals)))
  const file = text.slice(equals + 1)
  if (!format || file === '') throw new InvalidArgumentError(`use FORMAT=FILE with one of ${REPORT_FORMATS.join(', ')}, such as junit=report.xml.`)
  return [...before, { format, file }]
}

const STYLES = { good: 32, bad: 31, strong: 1, dim: 2 } as const

export const painted: Paint = (style, text) => `\u001b[${STYLES[style]}m${text}\u001b[0m`

/** Before anything is started, and not when all is done. */
export async function refuseUnwritable(files: readonly OutputFile[]): Promise<void> {
  for (const { file } of files) {
    const refuse = (why: string, next: string) => new UserError(`the report cannot be written to ${file}: ${why}`, { next })
    const directory = dirname(file)
    await access(directory, constants.W_OK).catch(({ code }: NodeJS.ErrnoException) => {
      if (code === 'ENOENT') throw refuse(`there is no directory ${directory} to write in`, `Make it with: mkdir -p ${directory}`)
      throw refuse(`${directory} cannot be written in (${code})`, 'Name a file somewhere else.')
    })
    if ((await stat(file).catch(() => undefined))?.isDirectory()) throw refuse('it is a directory', 'Name a file in it.')
  }
}

export async function writeReport(
  output: Output,
  report: CheckReport,
  plan: CheckPlan,
  { format, files, colour }: { format: ReportFormat; files: readonly OutputFile[]; colour: boolean },
): Promise<void> {
  await writeFormats(output, { output: format, outputFile: files }, (one, isResult) => render(report, plan, one, isResult && colour ? painted : undefined))
}

/** @param draw is told whether it draws the result, or for a file */
export async function writeFormats(
  output: Output,
  { output: format, outputFile }: { readonly output: ReportFormat; readonly outputFile: readonly OutputFile[] },
  draw: (format: ReportFormat, isResult: boolean) => string,
): Promise<void> {
  output.result(draw(format, true))
  for (const { format: wanted, file } of outputFile) {
    await writeFile(file, `${draw(wanted, false)}\n`).catch((error: NodeJS.ErrnoException) => {
      throw new UserError(`the report could not be written to ${file}: ${error.message}`, { next: 'Name another file.', exitCode: 2 })
    })
    output.note(`Report (${wanted}) in ${file}`)
  }
}

function render(report: CheckReport, plan: CheckPlan, format: ReportFormat, paint?: Paint): string {
  switch (format) {
    case 'human':
      return renderReport(report, paint)
    case 'json':
      return JSON.stringify(report, null, 2)
    case 'junit':
      return renderJUnit(report)
    case 'sarif':
      return renderSarif(report, placeOfWorkload(plan))
    case 'html':
      return renderTimelinePage(checkPage([{ report }]), readPageAssets())
  }
}

function placeOfWorkload({ objects, workload, files }: CheckPlan): Place {
  const found = objects.find(({ kind, written }) => kind.kind === workload.kind && written.metadata.name === workload.name)
  const [, file, line] = /^(.*):(\d+)$/.exec(found?.place ?? '') ?? []
  return { file: file ?? files[0] ?? '', line: Number(line ?? 1) }
}
