import { RULES, type StaticFinding, type StaticReport } from './static_check.ts'
import type { Severity } from './rule.ts'

/** For people: what was found by place, then what was suppressed, then a line that counts. `paint` colours a severity. */
export function staticText({ findings, suppressed, workloads }: StaticReport, paint: (severity: Severity, text: string) => string = (_, text) => text): string {
  const width = Math.max(0, ...findings.map(({ file, line, column }) => `${file}:${line}:${column}`.length))
  const lines = findings.flatMap(({ file, line, column, severity, rule, object, text, fix }) => [
    `${`${file}:${line}:${column}`.padEnd(width)}  ${paint(severity, severity.padEnd('warning'.length))}  ${rule}`,
    `  ${object}: ${text}`,
    `  fix: ${fix}`,
    '',
  ])
  const ignored = suppressed.map(({ rule, object, reason }) => `suppressed: ${rule} for ${object} (${reason || 'no reason given'})`)
  return [...lines, ...ignored, ...(ignored.length > 0 ? [''] : []), summary(findings, workloads)].join('\n')
}

function summary(findings: readonly StaticFinding[], workloads: number): string {
  const seen = `${workloads} ${workloads === 1 ? 'workload' : 'workloads'}, ${RULES.length} rules`
  if (findings.length === 0) return `${seen}: nothing to say against them.`
  const counts = (['error', 'warning', 'note'] as const).flatMap(severity => {
    const count = findings.filter(finding => finding.severity === severity).length
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? '' : 's'}`]
  })
  return `${seen}: ${counts.join(', ')}. What each rule is for: docs/static_rules.md`
}
