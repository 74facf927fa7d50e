/**
 * `poise check --static`: the rules of grace over files, without a cluster.
 *
 *   files ─▶ objects ─▶ workloads, with the Services and budgets that select them ─▶ rules ─▶ what is not suppressed
 *
 * A rule is suppressed for one object by an annotation of it, or of its Pod template, whose value says why:
 *
 *   ignore.check.poise.dev/no-prestop: the program serves for ten seconds after TERM
 */
import type { Rule, Severity } from './rule.ts'
import { endingRules } from './rules/ending.ts'
import { probeRules } from './rules/probes.ts'
import { rolloutRules } from './rules/rollout.ts'
import { serviceRules } from './rules/services.ts'
import { workRules } from './rules/work.ts'
import type { SourceObject } from './source.ts'
import { surroundingsOf, workloadOf, type Workload } from './workload.ts'

export interface StaticFinding {
  readonly rule: string
  readonly severity: Severity
  readonly text: string
  readonly fix: string
  readonly object: string
  /** `spec.template.spec.containers[0]` */
  readonly path: string
  readonly file: string
  readonly line: number
  readonly column: number
  /** Below docs/. */
  readonly docs: string
}

export interface StaticReport {
  readonly findings: readonly StaticFinding[]
  /** What annotations keep from being told, with their reasons. */
  readonly suppressed: readonly { readonly rule: string; readonly object: string; readonly reason: string }[]
  readonly workloads: number
}

export const RULES: readonly Rule[] = [...probeRules, ...endingRules, ...rolloutRules, ...serviceRules, ...workRules]

export const SUPPRESSION_PREFIX = 'ignore.check.poise.dev/'

export function checkStatically(sources: readonly SourceObject[], rules: readonly Rule[] = RULES): StaticReport {
  const surroundings = surroundingsOf(sources)
  const workloads = sources.flatMap(source => workloadOf(source) ?? [])
  const suppressed: StaticReport['suppressed'][number][] = []
  const findings = workloads.flatMap(workload => {
    const told = strangeSuppressions(workload)
    for (const rule of rules) {
      const objections = [...rule.look(workload, surroundings)]
      const reason = workload.annotations[SUPPRESSION_PREFIX + rule.id]
      if (reason !== undefined) {
        if (objections.length > 0) suppressed.push({ rule: rule.id, object: workload.name, reason })
        continue
      }
      for (const { path, text, fix } of objections) told.push(finding(workload, rule, { path, text, fix }))
    }
    return told
  })
  return { findings: findings.sort(byPlace), suppressed, workloads: workloads.length }
}

/** A slip in a suppression must not be taken for one. */
function strangeSuppressions(workload: Workload): StaticFinding[] {
  return Object.keys(workload.annotations)
    .filter(key => key.startsWith(SUPPRESSION_PREFIX) && !RULES.some(({ id }) => SUPPRESSION_PREFIX + id === key))
    .map(key =>
      finding(
        workload,
        { id: 'unknown-suppression', severity: 'warning' },
        {
          path: ['metadata', 'annotations', key],
          text: `there is no rule ${JSON.stringify(key.slice(SUPPRESSION_PREFIX.length))} to be suppressed`,
          fix: 'rules are listed in docs/static_rules.md',
        },
      ),
    )
}

function finding(
  { source, name }: Workload,
  { id, severity }: Pick<Rule, 'id' | 'severity'>,
  { path, text, fix }: { path: readonly (string | number)[]; text: string; fix: string },
): StaticFinding {
  const printed = path.reduce<string>((sum, step) => (typeof step === 'number' ? `${sum}[${step}]` : sum === '' ? step : `${sum}.${step}`), '')
  return { rule: id, severity, text, fix, object: name, path: printed, file: source.file, ...source.locate(path), docs: `static_rules.md#${id}` }
}

const byPlace = (a: StaticFinding, b: StaticFinding): number =>
  a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || (a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : 0)
