/** Field selectors: `status.phase!=Failed,spec.nodeName=node-1`. Only equality, and only fields the kind names. */
import type { KubernetesObject } from './meta.ts'
import { badRequest } from './status.ts'

export interface FieldRequirement {
  readonly field: string
  readonly operator: '=' | '!='
  readonly value: string
}

/** How a kind reads the fields that can be selected by, beside metadata.name and metadata.namespace. */
export type FieldReaders<T extends KubernetesObject> = Readonly<Record<string, (object: T) => string>>

/** Throws a 400 ApiError when the text is no selector or names a field the kind cannot select by. */
export function parseFieldSelector<T extends KubernetesObject>(text: string, readers: FieldReaders<T>): readonly FieldRequirement[] {
  return splitTerms(text)
    .filter(term => term !== '')
    .map(term => {
      const requirement = parseTerm(term, text)
      if (!readerOf(requirement.field, readers)) throw badRequest(`field label not supported: ${requirement.field}`)
      return requirement
    })
}

/** All must hold. The requirements must have been parsed for the same kind. */
export function matchesFields<T extends KubernetesObject>(requirements: readonly FieldRequirement[], object: T, readers: FieldReaders<T>): boolean {
  return requirements.every(({ field, operator, value }) => (readerOf(field, readers)!(object) === value) === (operator === '='))
}

/** The value a field must have, if the selector says so: lets a list by name read one object. */
export const requiredFieldValue = (requirements: readonly FieldRequirement[], field: string): string | undefined =>
  requirements.find(requirement => requirement.field === field && requirement.operator === '=')?.value

/** The one name that objects must have to be selected; '' when there may be several. Never throws: whoever selects will. */
export function selectedName(text: string): string {
  if (text === '') return ''
  try {
    const terms = splitTerms(text).filter(term => term !== '')
    return (
      requiredFieldValue(
        terms.map(term => parseTerm(term, text)),
        'metadata.name',
      ) ?? ''
    )
  } catch {
    return ''
  }
}

const METADATA_READERS: FieldReaders<KubernetesObject> = {
  'metadata.name': object => object.metadata.name ?? '',
  'metadata.namespace': object => object.metadata.namespace ?? '',
}

function readerOf<T extends KubernetesObject>(field: string, readers: FieldReaders<T>): ((object: T) => string) | undefined {
  if (Object.hasOwn(readers, field)) return readers[field]
  return Object.hasOwn(METADATA_READERS, field) ? METADATA_READERS[field] : undefined
}

/** Splits at commas; a backslash keeps the character after it. */
function splitTerms(text: string): string[] {
  const terms: string[] = []
  let term = ''
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!
    if (char === '\\') term += char + (text[++i] ?? '')
    else if (char === ',') {
      terms.push(term)
      term = ''
    } else term += char
  }
  return [...terms, term]
}

function parseTerm(term: string, selector: string): FieldRequirement {
  const match = /^((?:\\.|[^\\=!])*)(!=|==|=)(.*)$/s.exec(term)
  if (!match) throw badRequest(`invalid selector: '${selector}'; can't understand '${term}'`)
  return { field: match[1]!.trim(), operator: match[2] === '!=' ? '!=' : '=', value: unescape(match[3]!, selector) }
}

/** Comma, equals sign and backslash are written with a backslash before them. */
function unescape(value: string, selector: string): string {
  return value.replace(/\\(.?)|=/gs, (sequence, char: string | undefined) => {
    if (char === '\\' || char === ',' || char === '=') return char
    throw badRequest(sequence === '=' ? `invalid field selector: '${selector}': unescaped '='` : `invalid field selector: invalid escape sequence: ${sequence}`)
  })
}
