/**
 * Reads JSON text for what `JSON.parse` hides: members named twice, and where and why the text is malformed, in the
 * decoder's words. Slower than `JSON.parse`, so it runs only when somebody wants to know.
 */

export interface JsonScan {
  /** Paths as `spec.containers[0].name`, each once. */
  readonly duplicates: readonly string[]
  readonly problem?: { readonly message: string; readonly offset: number }
}

export function scanJson(text: string): JsonScan {
  const scanner: Scanner = { text, at: 0, path: '', depth: 0, duplicates: new Set() }
  try {
    scanValue(scanner)
    skipSpace(scanner)
    if (scanner.at < text.length) fail(scanner, 'after top-level value')
    return { duplicates: [...scanner.duplicates] }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    return { duplicates: [...scanner.duplicates], problem: { message: error.message, offset: scanner.at } }
  }
}

/** True when the text names more members than were parsed from it. Much faster than finding out which. */
export function hasDuplicates(text: string, parsed: unknown): boolean {
  return countColons(text) !== countMembers(parsed)
}

export const JSON_DEPTH_MAX = 1000

/** True when brackets are nested deeper than the server walks. Counts brackets outside strings, so it costs one pass. */
export function isNestedTooDeep(text: string): boolean {
  if (text.length <= 2 * JSON_DEPTH_MAX) return false
  let depth = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (inString) {
      if (code === 0x5c) i++
      else if (code === 0x22) inString = false
    } else if (code === 0x22) inString = true
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > JSON_DEPTH_MAX) return true
    } else if (code === 0x7d || code === 0x5d) depth--
  }
  return false
}

/** Outside strings, that is one for each member. */
function countColons(text: string): number {
  let count = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (inString) {
      if (code === 0x5c) i++
      else if (code === 0x22) inString = false
    } else if (code === 0x22) inString = true
    else if (code === 0x3a) count++
  }
  return count
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) count += countMembers(item)
    return count
  }
  for (const key of Object.keys(value)) count += 1 + countMembers((value as Record<string, unknown>)[key])
  return count
}

interface Scanner {
  readonly text: string
  at: number
  path: string
  depth: number
  readonly duplicates: Set<string>
}

class Malformed extends Error {}

const DUPLICATES_MAX = 100
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y

function scanValue(scanner: Scanner): void {
  skipSpace(scanner)
  const char = scanner.text[scanner.at]
  if (char === '{') nested(scanner, scanMembers)
  else if (char === '[') nested(scanner, scanItems)
  else if (char === '"') scanString(scanner)
  else if (char === '-' || (char !== undefined && char >= '0' && char <= '9')) scanNumber(scanner)
  else scanLiteral(scanner)
}

function nested(scanner: Scanner, scan: (scanner: Scanner) => void): void {
  if (++scanner.depth > JSON_DEPTH_MAX) throw new Malformed('exceeded max depth')
  scanner.at++
  scan(scanner)
  scanner.depth--
}

function scanMembers(scanner: Scanner): void {
  const outer = scanner.path
  const seen = new Set<string>()
  for (let first = true; ; first = false) {
    skipSpace(scanner)
    if (first && scanner.text[scanner.at] === '}') break
    if (scanner.text[scanner.at] !== '"') fail(scanner, 'looking for beginning of object key string')
    const key = scanString(scanner)
    scanner.path = outer ? `${outer}.${key}` : key
    if (seen.has(key) && scanner.duplicates.size < DUPLICATES_MAX) scanner.duplicates.add(scanner.path)
    seen.add(key)
    skipSpace(scanner)
    if (scanner.text[scanner.at] !== ':') fail(scanner, 'after object key')
    scanner.at++
    scanValue(scanner)
    scanner.path = outer
    skipSpace(scanner)
    if (scanner.text[scanner.at] === '}') break
    if (scanner.text[scanner.at] !== ',') fail(scanner, 'after object key:value pair')
    scanner.at++
  }
  scanner.at++
}

function scanItems(scanner: Scanner): void {
  const outer = scanner.path
  for (let index = 0; ; index++) {
    skipSpace(scanner)
    if (index === 0 && scanner.text[scanner.at] === ']') break
    scanner.path = `${outer}[${index}]`
    scanValue(scanner)
    scanner.path = outer
    skipSpace(scanner)
    if (scanner.text[scanner.at] === ']') break
    if (scanner.text[scanner.at] !== ',') fail(scanner, 'after array element')
    scanner.at++
  }
  scanner.at++
}

function scanString(scanner: Scanner): string {
  STRING.lastIndex = scanner.at
  const literal = STRING.exec(scanner.text)?.[0]
  if (literal === undefined) fail(scanner, 'in string literal')
  scanner.at += literal.length
  return JSON.parse(literal) as string
}

function scanNumber(scanner: Scanner): void {
  NUMBER.lastIndex = scanner.at
  const literal = NUMBER.exec(scanner.text)?.[0]
  if (literal === undefined) fail(scanner, 'in numeric literal')
  scanner.at += literal.length
}

function scanLiteral(scanner: Scanner): void {
  const literal = ['true', 'false', 'null'].find(word => scanner.text.startsWith(word, scanner.at))
  if (literal === undefined) fail(scanner, 'looking for beginning of value')
  scanner.at += literal.length
}

function skipSpace(scanner: Scanner): void {
  for (;;) {
    const code = scanner.text.charCodeAt(scanner.at)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
    scanner.at++
  }
}

function fail(scanner: Scanner, where: string): never {
  const char = scanner.text[scanner.at]
  throw new Malformed(char === undefined ? 'unexpected end of JSON input' : `invalid character ${JSON.stringify(char).replace(/^"|"$/g, "'")} ${where}`)
}
