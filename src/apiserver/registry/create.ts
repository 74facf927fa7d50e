import type { KubernetesObject } from '../../api/meta.ts'
import { alreadyExists, badRequest, failure, invalid, type ApiError } from '../../api/status.ts'
import { nameSuffix } from '../../base/random.ts'
import type { Write } from '../../store/store.ts'
import type { AdmissionRequest } from '../admission/admission.ts'
import type { Parts } from '../parts.ts'
import type { Call, Outcome } from './call.ts'
import { keyIn } from './keys.ts'
import { trackManagedFields } from './managed_fields.ts'
import { stampNewMetadata, validateMetadata } from './object_meta.ts'
import { ChargesOvertaken } from './quotas.ts'
import { readObject } from './read_object.ts'
import { writeOptions, type WriteOptions } from './write_options.ts'

/** POST to a collection. */
export async function createObject(parts: Parts, call: Call): Promise<Outcome> {
  const options = writeOptions(call.request, 'CreateOptions')
  const draft = readObject(parts, call.kind, call.request, options.fieldValidation, call.warnings)
  return storeNewObject(parts, call, draft, options)
}

/** Kubernetes tries a generated name this often before it gives up. */
const GENERATED_NAME_TRIES = 8
const GENERATED_PREFIX_MAX = 58

/** Admits, completes, validates and stores a draft: also what a PUT or an apply to a new name comes to. */
export async function storeNewObject(
  parts: Parts,
  call: Call,
  draft: KubernetesObject,
  options: WriteOptions,
  { fieldsTracked = false } = {},
): Promise<Outcome> {
  const { kind, user } = call
  const { metadata } = draft
  checkNamespace(call, draft)
  if (metadata.resourceVersion) throw failure(500, '', 'resourceVersion should not be set on objects to be created')
  if (kind.namespaced) metadata.namespace = call.namespace
  else delete metadata.namespace
  const generated = !metadata.name && metadata.generateName !== undefined && metadata.generateName !== ''
  if (generated) metadata.name = generateName(parts, metadata.generateName!)

  // Before admission: what the server adds belongs to nobody, as on Kubernetes.
  if (!fieldsTracked) trackManagedFields(parts, kind, draft, undefined, options, '')

  const admission: AdmissionRequest = {
    operation: 'CREATE',
    kind,
    namespace: call.namespace,
    name: metadata.name ?? '',
    subresource: '',
    user,
    dryRun: options.dryRun,
    warnings: call.warnings,
    object: draft,
    old: undefined,
  }
  await parts.admission.mutate(admission)
  stampNewMetadata(kind, metadata, { wallMs: parts.clock.wall(), random: parts.random })
  kind.prepareForCreate?.(draft)

  const errors = [...validateMetadata(kind, draft), ...(kind.validate?.(draft) ?? []), ...(kind.validateCreate?.(draft) ?? [])]
  if (errors.length > 0) throw invalid(kind, metadata.name ?? '', errors)
  await parts.admission.check(admission)
  if (kind.warnings) call.warnings.push(...kind.warnings(draft, undefined))
  const storing = generated ? storeGenerated : store
  return parts.serviceAddresses.allocating(kind, draft, undefined, () =>
    parts.quotas.charging(admission, charges => storing(parts, call, draft, options, charges)),
  )
}

async function storeGenerated(parts: Parts, call: Call, draft: KubernetesObject, options: WriteOptions, charges: readonly Write[]): Promise<Outcome> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await store(parts, call, draft, options, charges)
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
      if (attempt === GENERATED_NAME_TRIES) throw noUniqueName(error)
      draft = { ...draft, metadata: { ...draft.metadata, name: generateName(parts, draft.metadata.generateName!) } }
    }
  }
}

async function store(parts: Parts, { kind, namespace }: Call, draft: KubernetesObject, { dryRun }: WriteOptions, charges: readonly Write[]): Promise<Outcome> {
  const name = draft.metadata.name!
  const key = keyIn(kind, namespace, name)
  if (dryRun) {
    if (await parts.store.get(key)) throw alreadyExists(kind, name)
    return { status: 201, object: draft }
  }
  const value = kind.storage.toStored ? kind.storage.toStored(draft) : draft
  const write: Write = { key, value, expect: 0 }
  const commit = await parts.store.commit([write, ...charges])
  if (!commit.done) throw commit.key === key ? alreadyExists(kind, name) : new ChargesOvertaken()
  const stored = commit.stored[0]!
  return { status: 201, object: parts.views.of(kind, stored).object, stored }
}

function checkNamespace({ kind, namespace, name }: Call, { metadata }: KubernetesObject): void {
  const given = metadata.namespace ?? ''
  if (kind.namespaced ? given !== '' && given !== namespace : given !== '')
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  if (kind.namespaced && namespace === '') throw badRequest('an empty namespace may not be set during creation')
  if (name && metadata.name && metadata.name !== name)
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`)
}

const generateName = ({ random }: Parts, prefix: string): string => prefix.slice(0, GENERATED_PREFIX_MAX) + nameSuffix(random)

const isAlreadyExists = (error: unknown): error is ApiError => error instanceof Error && 'reason' in error && error.reason === 'AlreadyExists'

function noUniqueName({ status }: ApiError): ApiError {
  return failure(409, 'AlreadyExists', `${status.message}, the server was not able to generate a unique name for the object`, {
    ...status.details,
    retryAfterSeconds: 1,
  })
}
