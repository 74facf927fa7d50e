/** The kinds a server serves, found by what stands in a path. */
import type { Kind } from '../api/kind.ts'

export interface KindCatalog {
  readonly all: readonly Kind[]
  /** By path: group, version and plural. */
  find(group: string, version: string, plural: string): Kind | undefined
  /** By what an object says of itself. */
  byKind(apiVersion: string, kind: string): Kind | undefined
  hasGroup(group: string): boolean
  hasVersion(group: string, version: string): boolean
}

export function createKindCatalog(kinds: readonly Kind[]): KindCatalog {
  const byPath = new Map(kinds.map(kind => [`${kind.group}/${kind.version}/${kind.plural}`, kind]))
  const byName = new Map(kinds.map(kind => [`${kind.group ? `${kind.group}/` : ''}${kind.version}/${kind.kind}`, kind]))
  const groups = new Set(kinds.map(kind => kind.group))
  const versions = new Set(kinds.map(kind => `${kind.group}/${kind.version}`))
  return {
    all: kinds,
    find: (group, version, plural) => byPath.get(`${group}/${version}/${plural}`),
    byKind: (apiVersion, kind) => byName.get(`${apiVersion}/${kind}`),
    hasGroup: group => groups.has(group),
    hasVersion: (group, version) => versions.has(`${group}/${version}`),
  }
}
