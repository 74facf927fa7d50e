/** Server-side apply: a PATCH that says what its manager wants, and nothing about the rest. */
import { applyConflict, applyPatch, type Applied } from '../../api/apply/apply.ts'
import { decodeObject } from '../../api/decode.ts'
import { requiredValue } from '../../api/field_error.ts'
import { cannotBeHandled, strayFieldWarnings, strictDecodingProblem } from '../../api/field_validation.ts'
import { apiVersionOf } from '../../api/kind.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import { badRequest, conflict, invalid, isReason, notFound } from '../../api/status.ts'
import type { Parts } from '../parts.ts'
import { subresourceName, type Call, type Outcome } from './call.ts'
import { storeNewObject } from './create.ts'
import { keyIn } from './keys.ts'
import { draftOf, readBody } from './read_object.ts'
import { changeObject } from './update.ts'
import { optionsResource, writeOptions, type WriteOptions } from './write_options.ts'

/** PATCH with application/apply-patch+yaml; creates the object when there is none. Throws Conflict with the owners of contested fields. */
export async function applyObject(parts: Parts, call: Call): Promise<Outcome> {
  const options = writeOptions(call.request, 'PatchOptions')
  if (!options.managerGiven) throw invalid(optionsResource('PatchOptions'), '', [requiredValue('fieldManager', 'is required for apply patch')])
  const applied = readApplied(call, options)
  const { kind, namespace, name } = call

  for (let attempt = 1; ; attempt++) {
    const current = await parts.store.get(keyIn(kind, namespace, name))
    try {
      return current ? await applyToObject(parts, call, options, applied) : await applyToNothing(parts, call, options, applied)
    } catch (error) {
      // It came or went between looking and writing: look again.
      if (attempt === 3 || !(current ? isReason(error, 'NotFound') : isReason(error, 'AlreadyExists'))) throw error
    }
  }
}

/** Decoded, and without defaults: a default is nothing its manager has asked for. */
function readApplied(call: Call, { fieldValidation }: WriteOptions): KubernetesObject {
  const { kind, name, namespace } = call
  const { json, duplicateFields } = readBody(call.request, fieldValidation)
  if (json.apiVersion !== apiVersionOf(kind) || json.kind !== kind.kind)
    throw badRequest(`invalid object type: ${String(json.apiVersion ?? '')}, Kind=${String(json.kind ?? '')}`)
  const { object, unknownFields, errors } = decodeObject(kind.schema, json)
  if (errors.length > 0) throw cannotBeHandled(kind, errors[0]!)
  const stray = { duplicateFields, unknownFields }
  const problem = fieldValidation === 'Strict' ? strictDecodingProblem(stray) : undefined
  if (problem) throw cannotBeHandled(kind, problem)
  if (fieldValidation === 'Warn') call.warnings.push(...strayFieldWarnings(stray))

  object.metadata ??= {}
  const { metadata } = object
  if (metadata.name !== undefined && metadata.name !== name)
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`)
  if (kind.namespaced && metadata.namespace !== undefined && metadata.namespace !== namespace)
    throw badRequest(`the namespace of the object (${metadata.namespace}) does not match the namespace on the request (${namespace})`)
  metadata.name = name
  if (kind.namespaced) metadata.namespace = namespace
  return object
}

function applyToObject(parts: Parts, call: Call, options: WriteOptions, applied: KubernetesObject): Promise<Outcome> {
  return changeObject(parts, call, options, {
    againOnConflict: !applied.metadata.resourceVersion,
    fieldsTracked: true,
    makeDraft: live => draftFrom(parts, call, objectOf(apply(parts, call, options, live, applied))),
  })
}

async function applyToNothing(parts: Parts, call: Call, options: WriteOptions, applied: KubernetesObject): Promise<Outcome> {
  if (call.subresource) throw notFound(call.kind, call.name)
  const { uid } = applied.metadata
  if (uid) throw conflict(call.kind, call.name, `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`)
  const draft = draftFrom(parts, call, objectOf(apply(parts, call, options, undefined, applied)))
  return storeNewObject(parts, call, draft, options, { fieldsTracked: true })
}

function apply({ clock }: Parts, call: Call, { fieldManager, force }: WriteOptions, live: KubernetesObject | undefined, applied: KubernetesObject): Applied {
  const { kind } = call
  return applyPatch({
    schema: kind.schema,
    live,
    applied,
    force,
    manager: fieldManager,
    apiVersion: apiVersionOf(kind),
    subresource: subresourceName(call),
    nowMs: clock.wall(),
  })
}

function objectOf(result: Applied): Record<string, unknown> {
  if ('conflicts' in result) throw applyConflict(result.conflicts)
  return result.object as Record<string, unknown>
}

const draftFrom = (parts: Parts, { kind }: Call, object: Record<string, unknown>): KubernetesObject =>
  draftOf(parts, kind, object, { validation: 'Ignore', warnings: [] })
