/** The report for people: the verdict first, then the figures, then each cause with what shows it and what to change. */
import type { Cause } from './causes.ts'
import { CAUSE_TITLES } from './causes.ts'
import { adviceLines, evidenceLines } from './finding_text.ts'
import type { CheckReport, Finding, Repetition } from './report.ts'
import { milliseconds, percent, plural, seconds } from './words.ts'

export type Paint = (style: 'good' | 'bad' | 'strong' | 'dim', text: string) => string

const plain: Paint = (_, text) => text

export function renderReport(report: CheckReport, paint: Paint = plain): string {
  const { repetitions } = report
  const [first] = repetitions
  if (!first) return 'Nothing was run.'
  const findings = mergedFindings(repetitions)
  const lines = [
    verdictLine(report, paint),
    '',
    ...figures(report, first),
    ...(repetitions.length > 1 ? ['', ...perRepetition(repetitions, paint)] : []),
    ...findings.flatMap(merged => ['', ...findingLines(merged, repetitions.length, paint)]),
    ...(report.site.blindSpots.length > 0 ? ['', paint('strong', 'What cannot be seen here'), ...report.site.blindSpots.map(spot => `  ${spot}`)] : []),
  ]
  return lines.join('\n')
}

/** `LOST 12 of 400 requests (3 %): restart of Deployment/web` */
export function verdictLine({ verdict: is, repetitions, lossRate }: CheckReport, paint: Paint = plain): string {
  const { change } = repetitions[0]!
  const sent = sum(repetitions, ({ sent: count }) => count)
  const lost = sum(repetitions, ({ lost: count }) => count)
  const how = `${CHANGE_WORDS[change.rollout]} of ${change.workload}`
  const often = repetitions.length > 1 ? ` in ${lossRate.lost} of ${repetitions.length} repetitions` : ''
  const stuck = repetitions.find(({ change: { settledMs } }) => settledMs === undefined)?.change.stuck
  if (is === 'lost') {
    const text = `${paint('bad', 'LOST')} ${lost} of ${plural(sent, 'request')} (${percent(lost / sent)})${often}: ${how}`
    return stuck === undefined ? text : `${text}\nIt never ended: ${stuck}`
  }
  if (is === 'unfinished') return `${paint('bad', 'UNFINISHED')} the ${how} never ended, and nothing is proven: ${stuck}`
  return `${paint('good', 'CLEAN')} none of ${plural(sent, 'request')} was lost${repetitions.length > 1 ? ` in ${repetitions.length} repetitions` : ''}: ${how}`
}

const CHANGE_WORDS = { restart: 'restart', image: 'new image', delete: 'deletion of Pods', scale: 'scaling', drain: 'drain of a node' } as const

function figures(report: CheckReport, first: Repetition): string[] {
  const { repetitions, ratePerSecond, site, lossRate } = report
  const sent = sum(repetitions, ({ sent: count }) => count)
  const lost = sum(repetitions, ({ lost: count }) => count)
  const before = sum(repetitions, ({ lostBeforeChange }) => lostBeforeChange)
  const slow = sum(repetitions, ({ slow: count }) => count)
  const took = repetitions.flatMap(({ change: { beganMs, settledMs } }) => (settledMs === undefined ? [] : [settledMs - beganMs]))
  const worst = (of: (latency: Repetition['latencyMs']) => number) => milliseconds(Math.max(...repetitions.map(({ latencyMs }) => of(latencyMs))))
  const { entrance } = first
  const rows: [string, string][] = [
    [
      'requests',
      `${sent} sent at ${ratePerSecond}/s, ${lost} lost${before > 0 ? ` (${before} of them before the change)` : ''}, ${slow} slow (over ${milliseconds(first.slowMs)})`,
    ],
    [
      'latency',
      `p50 ${worst(({ p50 }) => p50)}, p95 ${worst(({ p95 }) => p95)}, p99 ${worst(({ p99 }) => p99)}, longest ${worst(({ max }) => max)}, from the planned instant`,
    ],
    ['clients', clientsText(repetitions)],
    [
      'change',
      took.length === 0 ? 'did not settle' : `settled after ${seconds(Math.min(...took))}${took.length > 1 ? ` to ${seconds(Math.max(...took))}` : ''}`,
    ],
    ['way in', `${entrance.url} (${entrance.through} of Service ${entrance.service}${entrance.node ? `, by the rules of ${entrance.node}` : ''})`],
    ['on', site.description],
  ]
  if (repetitions.length > 1)
    rows.push([
      'loss rate',
      `${lossRate.lost} of ${lossRate.of} repetitions; with 95 % confidence between ${percent(lossRate.low)} and ${percent(lossRate.high)}`,
    ])
  return rows.map(([name, text]) => `  ${name.padEnd(10)} ${text}`)
}

function clientsText(repetitions: readonly Repetition[]): string {
  const kinds = (['new', 'keep-alive', 'direct'] as const).filter(kind => repetitions.some(({ perClient }) => perClient[kind]))
  return kinds
    .map(
      kind =>
        `${kind} ${sum(repetitions, ({ perClient }) => perClient[kind]?.lost ?? 0)} of ${sum(repetitions, ({ perClient }) => perClient[kind]?.sent ?? 0)} lost`,
    )
    .join(', ')
}

function perRepetition(repetitions: readonly Repetition[], paint: Paint): string[] {
  const width = String(repetitions.length).length
  return repetitions.map((repetition, index) => `  ${`#${index + 1}`.padStart(width + 1)}  ${repetitionText(repetition, paint)}`)
}

/** `lost 12 of 400: refused-after-exit 10, reset-at-term 2` */
export function repetitionText({ sent, lost, slow, findings, change }: Repetition, paint: Paint = plain): string {
  const causes = findings.filter(finding => finding.lost > 0).map(finding => `${finding.cause} ${finding.lost}`)
  const verdictWord = lost > 0 ? paint('bad', `lost ${lost} of ${sent}`) : `${paint('good', 'clean')}, ${sent} sent`
  const unfinished = change.settledMs === undefined ? '; it never ended' : ''
  return `${verdictWord}${slow > 0 ? `, ${slow} slow` : ''}${causes.length > 0 ? `: ${causes.join(', ')}` : ''}${unfinished}`
}

/** One cause over all repetitions; what shows it is taken from the first that has it. */
interface MergedFinding {
  readonly cause: Cause
  readonly first: Finding
  readonly of: Repetition
  readonly lost: number
  readonly slow: number
  readonly repetitions: number
}

function mergedFindings(repetitions: readonly Repetition[]): MergedFinding[] {
  const merged = new Map<Cause, MergedFinding>()
  for (const repetition of repetitions) {
    for (const finding of repetition.findings) {
      const { first, of, lost, slow, repetitions: count } = merged.get(finding.cause) ?? { first: finding, of: repetition, lost: 0, slow: 0, repetitions: 0 }
      merged.set(finding.cause, { cause: finding.cause, first, of, lost: lost + finding.lost, slow: slow + finding.slow, repetitions: count + 1 })
    }
  }
  return [...merged.values()].toSorted((a, b) => b.lost - a.lost || b.slow - a.slow)
}

function findingLines({ cause, first, of, lost, slow, repetitions }: MergedFinding, total: number, paint: Paint): string[] {
  const counts = [...(lost > 0 ? [`${lost} lost`] : []), ...(slow > 0 ? [`${slow} slow`] : [])].join(', ')
  const often = total > 1 ? ` in ${repetitions} of ${total} repetitions` : ''
  return [
    `${paint('strong', CAUSE_TITLES[cause])}  ${paint('dim', cause)}${counts ? `  ${paint('bad', counts)}` : ''}${often}`,
    `  ${first.summary}`,
    ...evidenceLines(first.evidence, of.change.beganMs),
    ...adviceLines(first.advice),
    `  More: docs/${first.docs}`,
  ]
}

const sum = (repetitions: readonly Repetition[], of: (repetition: Repetition) => number): number => repetitions.reduce((total, one) => total + of(one), 0)
