/** Bodies of requests: JSON, or YAML as Kubernetes reads it (YAML 1.1, one document, only what JSON can say). */
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml'
import { hasDuplicates, isNestedTooDeep, JSON_DEPTH_MAX, scanJson } from './json_scan.ts'
import { decodeProtobuf, PROTOBUF_MEDIA_TYPE } from './protobuf/decode_protobuf.ts'
import type { Fields, ObjectSchema } from './schema.ts'
import { badRequest, unsupportedMediaType } from './status.ts'

export interface Body {
  readonly json: Record<string, unknown>
  /** Fields given twice, as `spec.replicas`; looked for only when asked, because JSON.parse cannot see them. */
  readonly duplicateFields: readonly string[]
}

export interface BodyOptions {
  readonly findDuplicates?: boolean
  /** Of the kind the body should hold: what protobuf is read by, which is refused without it. */
  readonly schema?: ObjectSchema<Fields>
}

/** Throws an ApiError: 415 for other media types, 400 for what cannot be read, with its line. */
export function decodeBody(bytes: Uint8Array, contentType: string, options: BodyOptions = {}): Body {
  const { json, duplicateFields } = decodeAnyBody(bytes, contentType, options)
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw badRequest(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${describe(json)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
    )
  return { json: json as Record<string, unknown>, duplicateFields }
}

/** As decodeBody, for bodies that need not be an object: JSON patches. */
export function decodeAnyBody(
  bytes: Uint8Array,
  contentType: string,
  { findDuplicates = false, schema }: BodyOptions = {},
): { json: unknown; duplicateFields: readonly string[] } {
  const mediaType = contentType.split(';', 1)[0]!.trim().toLowerCase()
  if (mediaType === PROTOBUF_MEDIA_TYPE && schema) return { json: decodeProtobuf(bytes, schema), duplicateFields: [] }
  const text = decodeText(bytes)
  if (mediaType === '' || mediaType === 'application/json' || mediaType.endsWith('+json')) return parseJson(text, findDuplicates)
  if (mediaType !== 'application/yaml' && !mediaType.endsWith('+yaml')) throw unsupportedMediaType()
  // kubectl sends its server-side applies as JSON, which is YAML too and read much faster.
  return looksLikeJson(text) ? parseJsonElseYaml(text, findDuplicates) : parseYaml(text, findDuplicates)
}

const ALIASES_MAX = 100

const decoder = new TextDecoder('utf-8', { fatal: true })

function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw badRequest('the body of the request is not valid UTF-8')
  }
}

function parseJson(text: string, findDuplicates: boolean): { json: unknown; duplicateFields: readonly string[] } {
  if (isNestedTooDeep(text)) throw tooDeep('json')
  try {
    const json: unknown = JSON.parse(text)
    return { json, duplicateFields: findDuplicates && hasDuplicates(text, json) ? scanJson(text).duplicates : [] }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    const problem = scanJson(text).problem ?? { message: error.message, offset: 0 }
    throw badRequest(`couldn't get version/kind; json parse error: ${problem.message} (${placeOf(text, problem.offset)})`)
  }
}

const looksLikeJson = (text: string): boolean => /^\s*\{/.test(text)

/** A flow mapping of YAML also begins with a brace. */
function parseJsonElseYaml(text: string, findDuplicates: boolean): { json: unknown; duplicateFields: readonly string[] } {
  try {
    JSON.parse(text)
  } catch {
    return parseYaml(text, findDuplicates)
  }
  return parseJson(text, findDuplicates)
}

function parseYaml(text: string, findDuplicates: boolean): { json: unknown; duplicateFields: readonly string[] } {
  const lines = new LineCounter()
  const document = parseBounded(text, lines)
  const error = document.errors[0]
  if (error) throw badRequest(`error converting YAML to JSON: yaml: line ${lines.linePos(error.pos[0]).line}: ${firstLine(error.message)}`)
  const duplicateFields = new Set<string>()
  if (findDuplicates) collectDuplicates(document.contents, '', duplicateFields)
  let json: unknown
  try {
    json = document.toJS({ maxAliasCount: ALIASES_MAX })
  } catch (failure) {
    throw badRequest(`error converting YAML to JSON: yaml: ${firstLine(failure instanceof Error ? failure.message : String(failure))}`)
  }
  return { json: asJson(json), duplicateFields: [...duplicateFields] }
}

/**
 * Numbers in base 60, timestamps, binary and sets of YAML 1.1 stay the strings they look like: Go's reader knows none
 * of them, and `22:22` is a port mapping to everybody who writes manifests.
 */
function parseOne(text: string, lineCounter: LineCounter): Document {
  const left = new Set([
    'tag:yaml.org,2002:timestamp',
    'tag:yaml.org,2002:binary',
    'tag:yaml.org,2002:omap',
    'tag:yaml.org,2002:pairs',
    'tag:yaml.org,2002:set',
  ])
  return parseDocument(text, {
    version: '1.1',
    uniqueKeys: false,
    lineCounter,
    customTags: tags => tags.filter(tag => typeof tag === 'string' || (!left.has(tag.tag) && !('format' in tag && tag.format === 'TIME'))),
  })
}

function collectDuplicates(node: unknown, path: string, found: Set<string>): void {
  if (isSeq(node)) node.items.forEach((item, index) => collectDuplicates(item, `${path}[${index}]`, found))
  if (!isMap(node)) return
  const seen = new Set<string>()
  for (const pair of node.items) {
    const key = String(isScalar(pair.key) ? pair.key.value : pair.key)
    const inner = path ? `${path}.${key}` : key
    if (seen.has(key)) found.add(inner)
    seen.add(key)
    collectDuplicates(pair.value, inner, found)
  }
}

/** Through JSON text, so that nothing is left that JSON cannot hold: aliases become copies, keys strings. */
function asJson(value: unknown): unknown {
  const text = JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member === 'number' && !Number.isFinite(member)) throw badRequest(`error converting YAML to JSON: json: unsupported value: ${member}`)
    return typeof member === 'bigint' ? Number(member) : member
  })
  return text === undefined ? null : JSON.parse(text)
}

/** Nesting in YAML is indentation or brackets, hard to count without parsing: the parser's own stack is the second bound. */
function parseBounded(text: string, lines: LineCounter): Document {
  if (isNestedTooDeep(text) || text.split('\n').some(line => /^[\s?-]*/.exec(line)![0].length > 2 * JSON_DEPTH_MAX)) throw tooDeep('yaml')
  try {
    return parseOne(text, lines)
  } catch (error) {
    throw error instanceof RangeError ? tooDeep('yaml') : error
  }
}

const tooDeep = (what: string) => badRequest(`${what} parse error: exceeded max depth of ${JSON_DEPTH_MAX}`)

function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  return `line ${line}, column ${offset - before.lastIndexOf('\n')}`
}

const firstLine = (text: string): string => text.split('\n', 1)[0]!.replace(/ at line \d+, column \d+:?$/, '')

function describe(json: unknown): string {
  if (json === null || json === undefined) return 'null'
  if (Array.isArray(json)) return 'array'
  return typeof json === 'boolean' ? 'bool' : typeof json
}
