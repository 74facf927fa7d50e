/** SARIF 2.1.0, which code scanning reads: one run, its rules, and what was found where. */
import { VERSION } from '../launch/version.ts'
import { CAUSES, CAUSE_TITLES } from './causes.ts'
import type { CheckReport } from './report.ts'
import type { Severity } from './static/rule.ts'
import { RULES, type StaticReport } from './static/static_check.ts'

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json'

export interface Place {
  readonly file: string
  readonly line: number
  readonly column?: number
}

interface Result {
  readonly rule: string
  readonly level: Severity
  readonly text: string
  readonly place: Place
  /** What makes it the same finding in the next run, whatever line it stands in then. */
  readonly identity: string
}

export function renderStaticSarif({ findings, suppressed }: StaticReport): string {
  const results = findings.map(({ rule, severity, text, fix, object, path, file, line, column }): Result => ({
    rule,
    level: severity,
    text: `${object}: ${text}. To mend it: ${fix}.`,
    place: { file, line, column },
    identity: `${rule} ${object} ${path}`,
  }))
  return render(
    [...RULES.map(({ id, severity, title }) => ({ id, level: severity, text: title })), ...unknownSuppression(results)],
    results,
    suppressed.map(({ rule, object, reason }) => `${rule} is suppressed for ${object}: ${reason}`),
  )
}

/** `place` is where the workload stands that was rolled out. */
export function renderSarif(report: CheckReport, place: Place): string {
  const results = report.repetitions.flatMap(({ findings, change, sent }) =>
    findings.map(({ cause, summary, lost, advice }): Result => ({
      rule: cause,
      level: lost > 0 ? 'error' : 'warning',
      text: [
        `${summary} (${lost} of ${sent} requests lost in a ${change.rollout} of ${change.workload}).`,
        ...advice.map(({ text }) => `To mend it: ${text}`),
      ].join(' '),
      place,
      identity: `${cause} ${change.workload}`,
    })),
  )
  const unfinished = report.repetitions.find(({ change }) => change.settledMs === undefined)
  return render(
    CAUSES.map(id => ({ id, level: 'error', text: CAUSE_TITLES[id] })),
    oneOfEach(results),
    report.site.blindSpots,
    unfinished && `The ${unfinished.change.rollout} of ${unfinished.change.workload} never ended: ${unfinished.change.stuck}`,
  )
}

/** Repetitions find the same again: one in which requests were lost stands before those in which they were only slow. */
function oneOfEach(results: readonly Result[]): Result[] {
  const told = new Map<string, Result>()
  for (const result of results) {
    const known = told.get(result.identity)
    if (!known || (known.level !== 'error' && result.level === 'error')) told.set(result.identity, result)
  }
  return [...told.values()]
}

const unknownSuppression = (results: readonly Result[]) =>
  results.some(({ rule }) => rule === 'unknown-suppression')
    ? [{ id: 'unknown-suppression', level: 'warning' as const, text: 'A suppression names a rule that exists.' }]
    : []

/** @param failure why it did not come to its end: that there are no results proves nothing then */
function render(
  rules: readonly { id: string; level: Severity; text: string }[],
  results: readonly Result[],
  notes: readonly string[],
  failure?: string,
): string {
  const notifications = [
    ...(failure === undefined ? [] : [{ level: 'error', message: { text: failure } }]),
    ...notes.map(text => ({ level: 'note', message: { text } })),
  ]
  const run = {
    tool: {
      driver: {
        name: 'poise',
        version: VERSION,
        rules: rules.map(({ id, level, text }) => ({ id, shortDescription: { text }, defaultConfiguration: { level } })),
      },
    },
    results: results.map(({ rule, level, text, place, identity }) => ({
      ruleId: rule,
      ruleIndex: rules.findIndex(({ id }) => id === rule),
      level,
      message: { text },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: uriOf(place.file) },
            region: { startLine: place.line, ...(place.column && { startColumn: place.column }) },
          },
        },
      ],
      partialFingerprints: { 'poise/v1': identity },
    })),
    invocations: [{ executionSuccessful: failure === undefined, ...(notifications.length > 0 && { toolExecutionNotifications: notifications }) }],
  }
  return `${JSON.stringify({ $schema: SCHEMA, version: '2.1.0', runs: [run] }, null, 2)}\n`
}

/** A relative path stays one: code scanning looks for it in the repository. */
const uriOf = (file: string): string => file.replace(/^\.\//, '').split('/').map(encodeURIComponent).join('/')
