/** Label selectors, both forms: the text of a query (`app=web,tier in (a,b),!old`) and the object in specs. */
import { forbidden, invalidValue, printFieldError, requiredValue, type FieldError } from './field_error.ts'
import { badRequest } from './status.ts'
import type { LabelSelector } from './types/label_selector.ts'
import { labelValue, qualifiedName } from './validation/names.ts'

export interface LabelRequirement {
  readonly key: string
  readonly operator: 'in' | 'notin' | 'exists' | 'absent' | 'gt' | 'lt'
  readonly values: readonly string[]
}

export type Labels = { readonly [key: string]: string } | undefined

/** All must hold. No requirement at all: everything matches. Throws a 400 ApiError for what is no selector. */
export function parseLabelSelector(text: string): readonly LabelRequirement[] {
  const tokens = tokenize(text)
  const requirements: LabelRequirement[] = []
  if (tokens.peek().kind === 'end') return requirements
  for (;;) {
    requirements.push(checked(parseRequirement(tokens)))
    const next = tokens.take()
    if (next.kind === 'end') return requirements
    if (next.text !== ',') throw unexpected(next, "',' or 'end of string'")
    if (tokens.peek().kind === 'end') throw unexpected(tokens.peek(), "identifier after ','")
  }
}

export const matchesLabels = (requirements: readonly LabelRequirement[], labels: Labels): boolean =>
  requirements.every(requirement => matches(requirement, labels))

/** A selector that is not there selects nothing; an empty one selects everything. Operators are checked by validation. */
export function matchesLabelSelector(selector: LabelSelector | undefined, labels: Labels): boolean {
  return selector !== undefined && matchesLabels(requirementsOf(selector), labels)
}

/** The requirements an object form stands for. */
export function requirementsOf(selector: LabelSelector): readonly LabelRequirement[] {
  const byLabels = Object.keys(selector.matchLabels ?? {}).map((key): LabelRequirement => ({ key, operator: 'in', values: [selector.matchLabels![key]!] }))
  const byExpressions = (selector.matchExpressions ?? []).map(({ key, operator, values }): LabelRequirement => ({
    key,
    operator: OPERATORS[operator],
    values: values ?? [],
  }))
  return [...byLabels, ...byExpressions]
}

/** The text form, sorted by key: what `status.selector` of a scale holds. */
export function printLabelRequirements(requirements: readonly LabelRequirement[]): string {
  const sorted = [...requirements].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  return sorted.map(printRequirement).join(',')
}

export function validateLabelSelector(selector: LabelSelector, field: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    errors.push(...qualifiedName(key).map(problem => invalidValue(`${field}.matchLabels`, key, problem)))
    errors.push(...labelValue(value).map(problem => invalidValue(`${field}.matchLabels`, value, problem)))
  }
  selector.matchExpressions?.forEach(({ key, operator, values = [] }, index) => {
    const path = `${field}.matchExpressions[${index}]`
    if (operator === 'In' || operator === 'NotIn') {
      if (values.length === 0) errors.push(requiredValue(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (values.length > 0) errors.push(forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
    } else {
      errors.push(invalidValue(`${path}.operator`, operator, 'not a valid selector operator'))
    }
    errors.push(...qualifiedName(key).map(problem => invalidValue(`${path}.key`, key, problem)))
    values.forEach((value, at) => errors.push(...labelValue(value).map(problem => invalidValue(`${path}.values[${at}]`, value, problem))))
  })
  return errors
}

const OPERATORS = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: 'absent' } as const

function matches({ key, operator, values }: LabelRequirement, labels: Labels): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case 'in':
      return value !== undefined && values.includes(value)
    case 'notin':
      return value === undefined || !values.includes(value)
    case 'exists':
      return value !== undefined
    case 'absent':
      return value === undefined
    case 'gt':
      return isWholeNumber(value) && BigInt(value) > BigInt(values[0]!)
    case 'lt':
      return isWholeNumber(value) && BigInt(value) < BigInt(values[0]!)
  }
}

const isWholeNumber = (text: string | undefined): text is string => text !== undefined && /^-?[0-9]{1,19}$/.test(text)

function printRequirement({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case 'in':
      return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${[...values].sort().join(',')})`
    case 'notin':
      return values.length === 1 ? `${key}!=${values[0]}` : `${key} notin (${[...values].sort().join(',')})`
    case 'exists':
      return key
    case 'absent':
      return `!${key}`
    case 'gt':
      return `${key}>${values[0]}`
    case 'lt':
      return `${key}<${values[0]}`
  }
}

// ── the text form ────────────────────────────────────────────────────────────────────────────────

interface Token {
  readonly kind: 'word' | 'symbol' | 'end'
  readonly text: string
}

interface Tokens {
  peek(): Token
  take(): Token
}

const END: Token = { kind: 'end', text: '' }

function tokenize(text: string): Tokens {
  const tokens: Token[] = []
  for (const match of text.matchAll(/(==|!=|[=!<>,()])|([^\s=!<>,()]+)/g)) tokens.push({ kind: match[1] ? 'symbol' : 'word', text: match[0] })
  let at = 0
  return { peek: () => tokens[at] ?? END, take: () => tokens[at++] ?? END }
}

function parseRequirement(tokens: Tokens): LabelRequirement {
  if (tokens.peek().text === '!') {
    tokens.take()
    return { key: takeWord(tokens, 'identifier'), operator: 'absent', values: [] }
  }
  const key = takeWord(tokens, "!, identifier, or 'end of string'")
  const next = tokens.peek()
  if (next.kind === 'end' || next.text === ',') return { key, operator: 'exists', values: [] }
  tokens.take()
  switch (next.text) {
    case '=':
    case '==':
      return { key, operator: 'in', values: [takeValue(tokens)] }
    case '!=':
      return { key, operator: 'notin', values: [takeValue(tokens)] }
    case '>':
      return { key, operator: 'gt', values: [takeValue(tokens)] }
    case '<':
      return { key, operator: 'lt', values: [takeValue(tokens)] }
    case 'in':
    case 'notin':
      return { key, operator: next.text, values: takeValues(tokens) }
    default:
      throw unexpected(next, 'in, notin, =, ==, !=, gt, lt')
  }
}

function takeWord(tokens: Tokens, expected: string): string {
  const token = tokens.take()
  if (token.kind !== 'word') throw unexpected(token, expected)
  return token.text
}

/** `a=` asks for the empty value. */
function takeValue(tokens: Tokens): string {
  const next = tokens.peek()
  if (next.kind === 'end' || next.text === ',') return ''
  return takeWord(tokens, 'identifier')
}

function takeValues(tokens: Tokens): string[] {
  const open = tokens.take()
  if (open.text !== '(') throw unexpected(open, "'('")
  const values = new Set<string>()
  for (;;) {
    values.add(tokens.peek().kind === 'word' ? tokens.take().text : '')
    const next = tokens.take()
    if (next.text === ')') return [...values].sort()
    if (next.text !== ',') throw unexpected(next, "',' or ')'")
  }
}

function checked(requirement: LabelRequirement): LabelRequirement {
  const { key, operator, values } = requirement
  const keyProblem = qualifiedName(key)[0]
  if (keyProblem) throw refusal(printFieldError(invalidValue('key', key, keyProblem)))
  values.forEach((value, index) => {
    if ((operator === 'gt' || operator === 'lt') && !isWholeNumber(value))
      throw refusal(printFieldError(invalidValue(`values[${index}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer")))
    const problem = labelValue(value)[0]
    if (problem) throw refusal(printFieldError(invalidValue(`values[${index}][${key}]`, value, problem)))
  })
  return requirement
}

const unexpected = (token: Token, expected: string) => refusal(`found '${token.text}', expected: ${expected}`)
const refusal = (why: string) => badRequest(`unable to parse requirement: ${why}`)
