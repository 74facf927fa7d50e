/** From texts of manifests to what the rules look at. */
import { isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments, type Document, type Node } from 'yaml'
import type { KubernetesObject } from '../../api/meta.ts'
import { readManifests, type ManifestText } from '../manifests.ts'
import type { Path, SourceObject } from './source.ts'

export interface Sources {
  readonly objects: readonly SourceObject[]
  /** Sentences: what was left out, and why. */
  readonly notes: readonly string[]
}

/** Throws a CheckProblem that names everything that cannot be read. */
export function readSources(texts: readonly ManifestText[]): Sources {
  const { objects, notes } = readManifests(texts)
  const files = new Map(texts.map(({ file, text }) => [file, createLocator(text)]))
  return {
    notes,
    objects: objects.map(({ place, object }) => {
      const cut = place.lastIndexOf(':')
      const file = place.slice(0, cut)
      const locate = files.get(file)!(object, Number(place.slice(cut + 1)))
      return { object, file, locate }
    }),
  }
}

/** Of the object that stands in the document at this line, and may be an item of a List there. */
function createLocator(text: string): (object: KubernetesObject, line: number) => SourceObject['locate'] {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, { lineCounter: lines }) as Document.Parsed[]
  const placeOf = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  return (object, line) => {
    const document = documents.findLast(({ contents }) => contents && lines.linePos(contents.range[0]).line <= line)
    const root = document?.contents && rootOf(document.contents, object)
    return path => (root ? placeOf(offsetOf(root, path)) : { line, column: 1 })
  }
}

function rootOf(node: Node, { kind, metadata }: KubernetesObject): Node | undefined {
  if (!isMap(node)) return undefined
  if (node.get('kind') === kind && node.getIn(['metadata', 'name']) === metadata.name) return node
  const items = node.get('items')
  return isSeq(items)
    ? items.items.map(item => (isNode(item) ? rootOf(item, { kind, metadata } as KubernetesObject) : undefined)).find(found => found)
    : undefined
}

/** A field is shown by its name, an item of a list by its beginning. */
function offsetOf(root: Node, path: Path): number {
  let node: unknown = root
  let offset = root.range?.[0] ?? 0
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
      if (!pair) break
      offset = (isNode(pair.key) ? pair.key.range?.[0] : undefined) ?? offset
      node = pair.value
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step]
      offset = (isNode(node) ? node.range?.[0] : undefined) ?? offset
    } else break
  }
  return offset
}
