import type { Path } from './source.ts'
import type { Surroundings, Workload } from './workload.ts'

/** The gravest first. error: requests will be lost, or Pods not end or start as meant. warning: they may be. note: worth a thought. */
export const SEVERITIES = ['error', 'warning', 'note'] as const
export type Severity = (typeof SEVERITIES)[number]

export interface Objection {
  /** The field to look at, from the root of the object. */
  readonly path: Path
  /** What is wrong, of this very object. */
  readonly text: string
  /** What to do. */
  readonly fix: string
}

/** A rule of grace. Its id is what reports, suppressions and docs/static_rules.md call it. */
export interface Rule {
  readonly id: string
  readonly severity: Severity
  /** The rule, as a sentence. */
  readonly title: string
  look(workload: Workload, surroundings: Surroundings): Iterable<Objection>
}
