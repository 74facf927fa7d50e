/**
 * Changing an object that is there: what PUT and PATCH have in common.
 *
 *   read ─▶ make the new draft from it ─▶ admit, complete, validate ─▶ store if nobody was faster
 *    ▲                                                                        │
 *    └──────────────────── again, when the client has named no version ◀──────┘
 */
import { deepEqual } from '../../api/deep.ts'
import { invalidValue } from '../../api/field_error.ts'
import type { Kind } from '../../api/kind.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import { badRequest, conflict, invalid, notFound, staleWrite } from '../../api/status.ts'
import type { Stored, Write } from '../../store/store.ts'
import type { AdmissionRequest } from '../admission/admission.ts'
import type { Parts } from '../parts.ts'
import { subresourceName, type Call, type Outcome } from './call.ts'
import { storeNewObject } from './create.ts'
import { isHeld } from './delete.ts'
import { keyIn } from './keys.ts'
import { trackManagedFields } from './managed_fields.ts'
import { validateMetadata, validateMetadataUpdate } from './object_meta.ts'
import { ChargesOvertaken } from './quotas.ts'
import { readObject } from './read_object.ts'
import { writeOptions, type WriteOptions } from './write_options.ts'

/** PUT, of the object or of its status. */
export async function updateObject(parts: Parts, call: Call): Promise<Outcome> {
  const options = writeOptions(call.request, 'UpdateOptions')
  const { kind } = call
  let draft = readObject(parts, kind, call.request, options.fieldValidation, call.warnings)
  checkIdentity(call, draft)
  const { resourceVersion } = draft.metadata
  if (kind.createOnUpdate && !call.subresource && !(await parts.store.get(keyIn(kind, call.namespace, call.name)))) {
    if (resourceVersion) throw notFound(kind, call.name)
    draft.metadata.name = call.name
    return storeNewObject(parts, call, draft, options)
  }
  if (!resourceVersion && !kind.unconditionalUpdate) {
    throw invalid(kind, call.name, [invalidValue('metadata.resourceVersion', '', 'must be specified for an update')])
  }
  let used = false
  return changeObject(parts, call, options, {
    againOnConflict: !resourceVersion,
    makeDraft() {
      // An attempt changes its draft, so a second one starts from the body again.
      if (used) draft = readObject(parts, kind, call.request, 'Ignore', [])
      used = true
      return draft
    },
  })
}

export interface ChangeHow {
  /** Try again from the newest version when somebody else wrote in between. */
  readonly againOnConflict: boolean
  /** The object as it shall be, from the object as it is. The caller's own to change. */
  makeDraft(current: KubernetesObject): KubernetesObject | Promise<KubernetesObject>
  /** Ownership of fields has been dealt with (apply). */
  readonly fieldsTracked?: boolean
}

/** Enough for any honest contention; then the client is told and may try again itself. */
const CONFLICT_TRIES = 5

/** Throws an ApiError; reason Conflict when somebody else was faster. */
export async function changeObject(parts: Parts, call: Call, options: WriteOptions, how: ChangeHow): Promise<Outcome> {
  const { kind, namespace, name } = call
  const key = keyIn(kind, namespace, name)
  for (let attempt = 1; ; attempt++) {
    const current = await parts.store.get(key)
    if (!current) throw notFound(kind, name)
    const outcome = await changeOnce(parts, call, options, how, current)
    if (outcome) return outcome
    if (!how.againOnConflict || attempt === CONFLICT_TRIES) throw staleWrite(kind, name)
  }
}

/** Undefined: somebody else has written since `current` was read. */
async function changeOnce(parts: Parts, call: Call, options: WriteOptions, how: ChangeHow, current: Stored): Promise<Outcome | undefined> {
  const { kind, namespace, name, user } = call
  const subresource = subresourceName(call)
  const old = parts.views.of(kind, current).object
  const draft = await how.makeDraft(old)
  checkVersion(kind, name, draft, old)
  keepServerMetadata(kind, draft, old)

  const admission: AdmissionRequest = {
    operation: 'UPDATE',
    kind,
    namespace,
    name,
    subresource,
    user,
    dryRun: options.dryRun,
    warnings: call.warnings,
    object: draft,
    old,
  }
  await parts.admission.mutate(admission)
  kind.prepareForUpdate?.(draft, old, subresource)
  if (subresource === 'status') keepUserMetadata(draft, old)
  countGeneration(kind, draft, old, subresource)

  const errors = [
    ...validateMetadata(kind, draft),
    ...validateMetadataUpdate(draft, old),
    ...(kind.validate?.(draft) ?? []),
    ...(kind.validateUpdate?.(draft, old, subresource) ?? []),
  ]
  if (errors.length > 0) throw invalid(kind, name, dropRepeated(errors))
  await parts.admission.check(admission)
  if (kind.warnings) call.warnings.push(...kind.warnings(draft, old))
  return parts.serviceAddresses.allocating(kind, draft, old, async () => {
    if (!how.fieldsTracked) trackManagedFields(parts, kind, draft, old, options, subresource)
    return parts.quotas.charging(admission, charges => storeChanged(parts, call, options, draft, current, charges))
  })
}

async function storeChanged(
  parts: Parts,
  { kind }: Call,
  { dryRun }: WriteOptions,
  draft: KubernetesObject,
  current: Stored,
  charges: readonly Write[],
): Promise<Outcome | undefined> {
  const old = parts.views.of(kind, current).object
  draft.metadata.resourceVersion = old.metadata.resourceVersion
  if (sameObject(draft, old)) return { status: 200, object: old, stored: current }
  if (dryRun) return { status: 200, object: draft }
  const removed = isFullyFinalized(draft, old)
  const value = removed ? undefined : kind.storage.toStored ? kind.storage.toStored(draft) : draft
  const commit = await parts.store.commit([{ key: current.key, value, expect: current.revision }, ...charges])
  if (!commit.done && commit.key !== current.key) throw new ChargesOvertaken()
  if (!commit.done) return undefined
  if (removed) return { status: 200, object: { ...draft, metadata: { ...draft.metadata, resourceVersion: String(commit.revision) } } }
  const stored = commit.stored[0]!
  return { status: 200, object: parts.views.of(kind, stored).object, stored }
}

/** The last finalizer of an object that is being deleted was taken off: now it goes. */
function isFullyFinalized(draft: KubernetesObject, old: KubernetesObject): boolean {
  return old.metadata.deletionTimestamp !== undefined && isHeld(old) && !isHeld(draft) && !draft.metadata.deletionGracePeriodSeconds
}

function checkIdentity({ name, namespace, kind }: Call, { metadata }: KubernetesObject): void {
  if (metadata.name && metadata.name !== name) throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`)
  metadata.name = name
  const given = metadata.namespace ?? ''
  if (kind.namespaced ? given !== '' && given !== namespace : given !== '')
    throw badRequest(`the namespace of the object (${given}) does not match the namespace on the request (${namespace})`)
}

function checkVersion(kind: Kind, name: string, draft: KubernetesObject, old: KubernetesObject): void {
  const { resourceVersion, uid } = draft.metadata
  if (uid && uid !== old.metadata.uid) throw conflict(kind, name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`)
  if (resourceVersion && resourceVersion !== old.metadata.resourceVersion) throw staleWrite(kind, name)
}

/** Left out means kept; what was given and differs is refused by validation. */
function keepServerMetadata(kind: Kind, draft: KubernetesObject, old: KubernetesObject): void {
  const { metadata } = draft
  metadata.uid ??= old.metadata.uid
  metadata.creationTimestamp ??= old.metadata.creationTimestamp
  if (kind.namespaced) metadata.namespace ??= old.metadata.namespace
  if (metadata.generateName === undefined && old.metadata.generateName) metadata.generateName = old.metadata.generateName
  if (old.metadata.deletionTimestamp) {
    metadata.deletionTimestamp ??= old.metadata.deletionTimestamp
    metadata.deletionGracePeriodSeconds ??= old.metadata.deletionGracePeriodSeconds
  } else {
    delete metadata.deletionTimestamp
    delete metadata.deletionGracePeriodSeconds
  }
  delete metadata.selfLink
  // A list without entries is none.
  if (metadata.finalizers?.length === 0) delete metadata.finalizers
  if (metadata.ownerReferences?.length === 0) delete metadata.ownerReferences
  if (old.metadata.generation !== undefined) metadata.generation = old.metadata.generation
  else delete metadata.generation
}

/** A write to /status may change labels and annotations of some kinds, but never who owns or holds the object. */
function keepUserMetadata(draft: KubernetesObject, old: KubernetesObject): void {
  for (const field of ['ownerReferences', 'finalizers'] as const) {
    if (old.metadata[field] === undefined) delete draft.metadata[field]
    else (draft.metadata as Record<string, unknown>)[field] = old.metadata[field]
  }
}

function countGeneration(kind: Kind, draft: KubernetesObject, old: KubernetesObject, subresource: string): void {
  if (!kind.generation) return
  const countsAnnotations = kind.generationCountsAnnotations && subresource !== 'status'
  const changed =
    !deepEqual(wantedOf(draft), wantedOf(old)) || (countsAnnotations && !deepEqual(draft.metadata.annotations ?? {}, old.metadata.annotations ?? {}))
  draft.metadata.generation = (old.metadata.generation ?? 0) + (changed ? 1 : 0)
}

/** Most kinds say what is wanted in `spec`, a PodTemplate in `template`. */
const wantedOf = (object: KubernetesObject): object => ({ ...object, metadata: undefined, status: undefined })

/** Who owns which field since when is no change by itself; anything else is. */
function sameObject(draft: KubernetesObject, old: KubernetesObject): boolean {
  const { managedFields: draftFields, ...draftMetadata } = draft.metadata
  const { managedFields: oldFields, ...oldMetadata } = old.metadata
  return (
    deepEqual(draftMetadata, oldMetadata) &&
    deepEqual({ ...draft, metadata: 0 }, { ...old, metadata: 0 }) &&
    deepEqual(withoutTimes(draftFields), withoutTimes(oldFields))
  )
}

const withoutTimes = (entries: KubernetesObject['metadata']['managedFields']) => entries?.map(entry => ({ ...entry, time: '' })) ?? []

/** validate sees the whole draft and validateUpdate the change: both may name the same fault. */
function dropRepeated<E extends { field: string; body: string }>(errors: readonly E[]): E[] {
  const seen = new Set<string>()
  return errors.filter(({ field, body }) => !seen.has(`${field}: ${body}`) && seen.add(`${field}: ${body}`))
}
