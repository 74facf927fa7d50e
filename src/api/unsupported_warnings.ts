/** Finds in an object the fields nothing acts on. Every write passes here, so only declared paths are walked. */
import type { UnsupportedField } from './unsupported.ts'

/** @returns sentences for Warning headers: of a new object all, of a changed one those its old version did not earn already. */
export type FindUnsupported = (object: object, old: object | undefined) => string[]

/** Once for a kind. */
export function compileUnsupported(fields: readonly UnsupportedField[]): FindUnsupported {
  const root = compile(fields)
  return (object, old) => {
    const found: Found[] = []
    walk(root, object, '', found)
    if (found.length === 0) return []
    const before: Found[] = []
    if (old) walk(root, old, '', before)
    return found.filter(one => isNews(one, before)).map(({ at, field }) => `${at}: ${field.says}`)
  }
}

/** What is declared at a path and below it. */
interface Step {
  readonly fields: UnsupportedField[]
  readonly members: Map<string, Step>
  items: Step | undefined
}

interface Found {
  readonly at: string
  readonly field: UnsupportedField
}

function compile(fields: readonly UnsupportedField[]): Step {
  const root = newStep()
  for (const field of fields) {
    let step = root
    for (const part of pathSteps(field.path)) step = part === '[]' ? (step.items ??= newStep()) : memberOf(step, part)
    step.fields.push(field)
  }
  return root
}

/** `a.b[].c['d.e']` → a, b, [], c, d.e */
export const pathSteps = (path: string): string[] => [...path.matchAll(/\[\]|\['([^']+)'\]|[^.[\]]+/g)].map(match => match[1] ?? match[0])

function memberOf(step: Step, name: string): Step {
  const member = step.members.get(name) ?? newStep()
  step.members.set(name, member)
  return member
}

const newStep = (): Step => ({ fields: [], members: new Map(), items: undefined })

function walk(step: Step, value: unknown, at: string, found: Found[]): void {
  for (const field of step.fields) if (isMeant(field, value)) found.push({ at, field })
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    const { items } = step
    if (items) for (let i = 0; i < value.length; i++) walk(items, value[i], `${at}[${i}]`, found)
    return
  }
  if (step.members.size === 0) return
  // Objects have fewer members than the table has rows for them.
  for (const name in value) {
    const member = step.members.get(name)
    if (!member) continue
    const inside = (value as Record<string, unknown>)[name]
    if (inside !== undefined) walk(member, inside, pathTo(at, name), found)
  }
}

const pathTo = (at: string, name: string): string => (name.includes('.') ? `${at}['${name}']` : at ? `${at}.${name}` : name)

/** An empty list asks for nothing. */
function isMeant({ only, unless }: UnsupportedField, value: unknown): boolean {
  if (only) return only.includes(value)
  if (unless) return !unless.includes(value)
  return !Array.isArray(value) || value.length > 0
}

function isNews({ at, field }: Found, before: readonly Found[]): boolean {
  const was = before.find(one => one.at === at && one.field === field)
  return was === undefined
}
