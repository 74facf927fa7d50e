/** Reads the objects out of the texts of manifests: YAML or JSON, several documents, Lists. What is wrong is told with its file and line. */
import { decodeObject } from '../api/decode.ts'
import { applyDefaults } from '../api/defaults.ts'
import { apiVersionOf, type Kind } from '../api/kind.ts'
import { kinds } from '../api/kinds/index.ts'
import type { KubernetesObject } from '../api/meta.ts'
import { decodeAnyBody } from '../api/yaml.ts'
import { messageOf } from '../base/error_message.ts'
import { whyNotNeeded } from './other_kinds.ts'
import { CheckProblem } from './problem.ts'

export interface ManifestText {
  /** As the user named it: `deploy.yaml`, or `STDIN`. */
  readonly file: string
  readonly text: string
}

/** `deploy.yaml:12` is where it begins. */
export interface ManifestObject {
  readonly place: string
  readonly kind: Kind
  /** As it was written: what is applied. */
  readonly written: KubernetesObject
  /** With the defaults of its kind: what is planned with. */
  readonly object: KubernetesObject
}

export interface Manifests {
  readonly objects: readonly ManifestObject[]
  /** Sentences: what was left out, and why. */
  readonly notes: readonly string[]
}

/** Throws a CheckProblem that names everything that is wrong, not only the first. */
export function readManifests(texts: readonly ManifestText[]): Manifests {
  const objects: ManifestObject[] = []
  const notes: string[] = []
  const problems: string[] = []
  for (const { file, text } of texts) {
    for (const { line, json, problem } of documentsOf(text)) {
      const place = `${file}:${line}`
      if (problem !== undefined) {
        problems.push(`${file}: ${problem}`)
        continue
      }
      for (const item of itemsOf(json)) {
        const read = readObject(item, place)
        if (typeof read === 'string') problems.push(`${place}: ${read}`)
        else if ('note' in read) notes.push(`${place}: ${read.note}`)
        else objects.push(read)
      }
    }
  }
  problems.push(...twice(objects))
  if (problems.length > 0) throw new CheckProblem(problems.join('\n'), 'Mend the manifest; `kubectl explain KIND` says which fields there are.')
  if (objects.length === 0)
    throw new CheckProblem('no objects were found in the files', 'Pass files with a workload and its Service: poise check -f deploy.yaml')
  return { objects, notes }
}

/** As kubectl splits: at lines that begin with `---`. Blank lines stand in for what came before, so that every line has its own number. */
function documentsOf(text: string): { line: number; json?: unknown; problem?: string }[] {
  const lines = text.split('\n')
  const starts = [0, ...lines.flatMap((line, index) => (/^---(\s|$)/.test(line) ? [index + 1] : []))]
  return starts.flatMap((start, index): { line: number; json?: unknown; problem?: string }[] => {
    const end = index + 1 < starts.length ? starts[index + 1]! - 1 : lines.length
    const body = lines.slice(start, end)
    const first = body.findIndex(line => !/^\s*(#.*|%.*)?\r?$/.test(line))
    if (first < 0) return []
    const line = start + first + 1
    try {
      const { json, duplicateFields } = decodeAnyBody(new TextEncoder().encode('\n'.repeat(start) + body.join('\n')), 'application/yaml', {
        findDuplicates: true,
      })
      if (json === null) return []
      return duplicateFields.length > 0
        ? [{ line, problem: `line ${line}: ${duplicateFields.map(field => `"${field}" is given twice`).join(', ')}` }]
        : [{ line, json }]
    } catch (error) {
      return [{ line, problem: messageOf(error).replace(/^error converting YAML to JSON: yaml: |^couldn't get version\/kind; /, '') }]
    }
  })
}

/** A List stands for its items. */
function itemsOf(json: unknown): unknown[] {
  if (!isRecord(json)) return [json]
  const { kind, items } = json
  return typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items) ? items.flatMap(itemsOf) : [json]
}

function readObject(json: unknown, place: string): ManifestObject | { note: string } | string {
  if (!isRecord(json)) return 'this is no object: a manifest has apiVersion, kind and metadata'
  const { apiVersion, kind: kindName, metadata } = json
  if (typeof apiVersion !== 'string' || apiVersion === '') return 'apiVersion is not set'
  if (typeof kindName !== 'string' || kindName === '') return "Object 'Kind' is missing"
  const kind = kinds.find(one => one.kind === kindName && apiVersionOf(one) === apiVersion)
  const name = isRecord(metadata) && typeof metadata['name'] === 'string' ? metadata['name'] : ''
  if (!kind) {
    const notNeeded = whyNotNeeded(apiVersion, kindName)
    return notNeeded === undefined ? noMatch(apiVersion, kindName) : { note: `${kindName} ${name} is left out: ${notNeeded}` }
  }
  if (!name)
    return isRecord(metadata) && metadata['generateName']
      ? `from ${String(metadata['generateName'])}: cannot use generate name with apply`
      : `${kindName}: metadata.name is missing`
  const { object, errors } = decodeObject(kind.schema, json)
  if (errors.length > 0) return `${kindName} ${name}: ${errors[0]}`
  applyDefaults(kind.schema, object)
  kind.setDefaults?.(object as KubernetesObject)
  return { place, kind, written: json as unknown as KubernetesObject, object: { apiVersion, kind: kindName, ...object } as KubernetesObject }
}

function noMatch(apiVersion: string, kindName: string): string {
  const others = kinds.filter(one => one.kind.toLowerCase() === kindName.toLowerCase()).map(one => `${one.kind} in ${apiVersionOf(one)}`)
  return `no matches for kind "${kindName}" in version "${apiVersion}"${others.length > 0 ? `; there is ${others.join(', ')}` : ''}`
}

function twice(objects: readonly ManifestObject[]): string[] {
  const places = new Map<string, string>()
  return objects.flatMap(({ place, written: { kind, metadata } }) => {
    const key = `${kind} ${metadata.name}`
    const first = places.get(key)
    places.set(key, first ?? place)
    return first === undefined ? [] : [`${place}: ${key} is also in ${first}`]
  })
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
