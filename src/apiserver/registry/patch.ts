/** PATCH, in its four languages. A patch is applied to the object as it is; when somebody was faster, to the new one. */
import { apiVersionOf, type Kind } from '../../api/kind.ts'
import { applyJsonPatch } from '../../api/json_patch.ts'
import { applyMergePatch } from '../../api/merge_patch.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import { applyStrategicMergePatch } from '../../api/strategic_merge_patch.ts'
import type { FieldValidation } from '../../api/field_validation.ts'
import { badRequest, notFound, unsupportedMediaType } from '../../api/status.ts'
import type { Parts } from '../parts.ts'
import { applyObject } from './apply.ts'
import type { Call, Outcome } from './call.ts'
import { keyIn } from './keys.ts'
import { draftOf, readAnyBody } from './read_object.ts'
import { changeObject } from './update.ts'
import { writeOptions } from './write_options.ts'

const PATCH_TYPES = 'application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml'

/** Throws an ApiError: 415 for other media types, 422 when a JSON patch does not fit the object. */
export async function patchObject(parts: Parts, call: Call): Promise<Outcome> {
  if (mediaTypeOf(call) === APPLY_MEDIA_TYPE) return applyObject(parts, call)
  const options = writeOptions(call.request, 'PatchOptions')
  const { kind, namespace, name } = call
  const patch = readPatch(call, options.fieldValidation)
  if (!(await parts.store.get(keyIn(kind, namespace, name)))) throw notFound(kind, name)

  return changeObject(parts, call, options, {
    againOnConflict: !patch.namesVersion,
    makeDraft(current) {
      const { duplicateFields } = patch
      const draft = draftOf(parts, kind, patch.apply(kind, current), { duplicateFields, validation: options.fieldValidation, warnings: call.warnings })
      return checked(draft, name)
    },
  })
}

export interface ReadPatch {
  /** A patch that says which version it is for fails on any other; without, it is tried again on the newest. */
  readonly namesVersion: boolean
  readonly duplicateFields: readonly string[]
  /** The object with the patch applied, as JSON that has not been decoded yet. */
  apply(kind: Pick<Kind, 'group' | 'version' | 'kind' | 'schema'>, current: KubernetesObject): Record<string, unknown>
}

/** Throws an ApiError: 415 for media types that are none of the three languages. */
export function readPatch(call: Pick<Call, 'request'>, validation: FieldValidation): ReadPatch {
  const type = mediaTypeOf(call)
  const language = LANGUAGES[type]
  if (!language) throw unsupportedMediaType(PATCH_TYPES)
  const { json: patch, duplicateFields } = readAnyBody(call.request, validation)
  if (type !== 'application/json-patch+json' && !isObject(patch)) throw badRequest('json: cannot unmarshal the patch into an object')
  return {
    namesVersion: namesVersion(patch),
    duplicateFields,
    apply(kind, current) {
      const patched = language(kind, current, patch)
      if (!isObject(patched)) throw badRequest('the patch leaves no object behind')
      return withType(kind, patched)
    },
  }
}

const mediaTypeOf = ({ request }: Pick<Call, 'request'>): string => (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase()

const APPLY_MEDIA_TYPE = 'application/apply-patch+yaml'

type Language = (kind: Pick<Kind, 'schema'>, current: KubernetesObject, patch: unknown) => unknown

const LANGUAGES: Readonly<Record<string, Language>> = {
  'application/json-patch+json': (_kind, current, patch) => applyJsonPatch(current, patch),
  'application/merge-patch+json': (_kind, current, patch) => applyMergePatch(current, patch),
  'application/strategic-merge-patch+json': (kind, current, patch) => applyStrategicMergePatch(kind.schema, current, patch),
}

function checked(draft: KubernetesObject, name: string): KubernetesObject {
  if (draft.metadata.name !== name) throw badRequest(`the name of the object (${draft.metadata.name ?? ''}) does not match the name on the URL (${name})`)
  return draft
}

const withType = (kind: Pick<Kind, 'group' | 'version' | 'kind'>, object: Record<string, unknown>): Record<string, unknown> => ({
  ...object,
  apiVersion: object.apiVersion ?? apiVersionOf(kind),
  kind: object.kind ?? kind.kind,
})

const namesVersion = (patch: unknown): boolean =>
  isObject(patch) && isObject(patch.metadata) && typeof patch.metadata.resourceVersion === 'string' && patch.metadata.resourceVersion !== ''

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
