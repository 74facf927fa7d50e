/** JUnit's XML, as continuous integration reads it: a test for each repetition, or for each rule of each workload that is broken. */
import type { CheckReport, Finding, Repetition } from './report.ts'
import type { StaticReport } from './static/static_check.ts'

export function renderJUnit(report: CheckReport): string {
  const cases = report.repetitions.map((repetition, index): TestCase => {
    const { change, lost, sent, slow, latencyMs, findings } = repetition
    return {
      name: `${report.repetitions.length > 1 ? `repetition ${index + 1}: ` : ''}${change.rollout} of ${change.workload} loses no request`,
      classname: `poise.check.${change.workload.replace('/', '.')}`,
      seconds: (repetition.endedMs - repetition.beganMs) / 1_000,
      failure:
        lost === 0
          ? change.settledMs === undefined
            ? { type: 'unfinished', message: 'the change never ended', text: `No request was lost until the check gave up waiting: ${change.stuck}` }
            : undefined
          : {
              type: findings.find(finding => finding.lost > 0)?.cause ?? 'unknown',
              message: `${lost} of ${sent} requests were lost`,
              text: findings.map(told(repetition)).join('\n\n'),
            },
      output: `${sent} requests, ${lost} lost, ${slow} slow; p50 ${ms(latencyMs.p50)}, p99 ${ms(latencyMs.p99)}, longest ${ms(latencyMs.max)}`,
    }
  })
  return render('poise check', cases)
}

export function renderStaticJUnit({ findings, workloads, suppressed }: StaticReport, files: readonly string[]): string {
  const cases = findings.map(({ rule, severity, text, fix, object, file, line }): TestCase => ({
    name: `${rule}: ${object}`,
    classname: `poise.static.${file}`,
    seconds: 0,
    failure: severity === 'note' ? undefined : { type: severity, message: text, text: `${file}:${line}\n${text}\nfix: ${fix}` },
    output: severity === 'note' ? text : '',
  }))
  const clean: TestCase = {
    name: `the rules of grace over ${files.join(', ')}`,
    classname: 'poise.static',
    seconds: 0,
    failure: undefined,
    output: [`${workloads} workloads`, ...suppressed.map(({ rule, object, reason }) => `${rule} is suppressed for ${object}: ${reason}`)].join('\n'),
  }
  return render('poise check --static', [clean, ...cases])
}

interface TestCase {
  readonly name: string
  readonly classname: string
  readonly seconds: number
  readonly failure: { readonly type: string; readonly message: string; readonly text: string } | undefined
  readonly output: string
}

const told =
  ({ change }: Repetition) =>
  ({ cause, summary, evidence, advice, docs }: Finding): string =>
    [
      `${cause}: ${summary}`,
      ...evidence.map(({ atMs, text }) => `  ${atMs === undefined ? '' : `${sinceText(atMs - change.beganMs)} the change began: `}${text}`),
      ...advice.map(({ text }) => `  change: ${text}`),
      `  more: docs/${docs}`,
    ].join('\n')

const sinceText = (sinceMs: number): string => (sinceMs < 0 ? `${ms(-sinceMs)} before` : `${ms(sinceMs)} after`)

const ms = (value: number): string => `${Math.round(value)} ms`

function render(name: string, cases: readonly TestCase[]): string {
  const failures = cases.filter(({ failure }) => failure).length
  const seconds = cases.reduce((sum, each) => sum + each.seconds, 0).toFixed(3)
  const totals = `tests="${cases.length}" failures="${failures}" errors="0" skipped="0" time="${seconds}"`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escape(name)}" ${totals}>`,
    `  <testsuite name="${escape(name)}" ${totals}>`,
    ...cases.map(
      each =>
        `    <testcase name="${escape(each.name)}" classname="${escape(each.classname)}" time="${each.seconds.toFixed(3)}">${each.failure ? `\n      <failure type="${escape(each.failure.type)}" message="${escape(each.failure.message)}">${escape(each.failure.text)}</failure>` : ''}${each.output ? `\n      <system-out>${escape(each.output)}</system-out>` : ''}\n    </testcase>`,
    ),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

/** XML has no way at all to say most control characters. */
const escape = (text: string): string =>
  text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
