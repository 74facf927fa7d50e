/** What shows a cause, in the order of time, and what to change, ready to be pasted. */
import { stringify } from 'yaml'
import type { Millis } from '../base/clock.ts'
import type { Advice, Evidence } from './report.ts'

/** More would hide the beginning, where the cause is; JSON has them all. */
const EVIDENCE_MAX = 12

export function evidenceLines(evidence: readonly Evidence[], changeMs: Millis): string[] {
  if (evidence.length === 0) return []
  const shown = evidence.slice(0, EVIDENCE_MAX)
  const more = evidence.length - shown.length
  return [
    '  What was seen (seconds since the change began):',
    ...shown.map(({ atMs, text }) => `    ${since(atMs, changeMs).padStart(9)}  ${text}`),
    ...(more > 0 ? [`               and ${more} more; -o json has all`] : []),
  ]
}

const since = (atMs: Millis | undefined, changeMs: Millis): string => {
  if (atMs === undefined) return ''
  const seconds = (atMs - changeMs) / 1000
  return `${seconds < 0 ? '-' : '+'}${Math.abs(seconds).toFixed(3)}`
}

export function adviceLines(advice: readonly Advice[]): string[] {
  if (advice.length === 0) return []
  return [
    '  What to change:',
    ...advice.flatMap(({ text, patch, create }) => [`    ${text}`, ...(patch ? [`      ${patchCommand(patch)}`] : []), ...(create ? createLines(create) : [])]),
  ]
}

/** For a shell: in single quotes, where only a single quote means anything. */
export const patchCommand = ({ kind, name, body }: NonNullable<Advice['patch']>): string =>
  `kubectl patch ${kind.toLowerCase()} ${name} --patch '${JSON.stringify(body).replaceAll("'", `'\\''`)}'`

/** As it would stand in a file. */
const createLines = (object: object): string[] => [
  '      ---',
  ...stringify(object)
    .trimEnd()
    .split('\n')
    .map(line => `      ${line}`),
]
