/** What the files would say if somebody followed the advice: patches applied as `kubectl patch` does, new objects added. */
import { applyStrategicMergePatch } from '../api/strategic_merge_patch.ts'
import { cloneJson } from '../api/deep.ts'
import { readManifests, type ManifestObject } from './manifests.ts'
import type { Advice } from './report.ts'

export function withAdvice(objects: readonly ManifestObject[], advice: readonly Advice[]): ManifestObject[] {
  const patched = objects.map(original =>
    advice.reduce<ManifestObject>((object, { patch }) => {
      const { kind, metadata } = object.written
      if (!patch || patch.kind !== kind || patch.name !== metadata.name) return object
      return reread(object.place, applyStrategicMergePatch(object.kind.schema, cloneJson(object.written), patch.body))
    }, original),
  )
  const added = advice.flatMap(({ create }) => (create ? [reread('advice:1', create)] : []))
  const names = new Set(patched.map(nameOf))
  // Two findings may want the same object.
  return [...patched, ...added.filter(object => !names.has(nameOf(object)) && names.add(nameOf(object)))]
}

const nameOf = ({ written }: ManifestObject): string => `${written.kind} ${written.metadata.name}`

function reread(place: string, json: unknown): ManifestObject {
  const [object] = readManifests([{ file: place, text: JSON.stringify(json) }]).objects
  return { ...object!, place }
}
