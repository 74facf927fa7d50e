/** Metadata: what the server decides about it, and what is wrong with what the client wrote. */
import { forbidden, invalidValue, requiredValue, type FieldError } from '../../api/field_error.ts'
import type { Kind } from '../../api/kind.ts'
import { timestamp, type KubernetesObject, type ObjectMeta } from '../../api/meta.ts'
import { validateAnnotations, validateLabels } from '../../api/validation/metadata.ts'
import { qualifiedName } from '../../api/validation/names.ts'
import type { Millis } from '../../base/clock.ts'
import { uuid, type Random } from '../../base/random.ts'

/** Sets what only the server may say about a new object. Whatever the client said of it is dropped. */
export function stampNewMetadata(kind: Kind, metadata: Partial<ObjectMeta>, { wallMs, random }: { wallMs: Millis; random: Random }): void {
  metadata.uid = uuid(random)
  metadata.creationTimestamp = timestamp(wallMs)
  delete metadata.deletionTimestamp
  delete metadata.deletionGracePeriodSeconds
  delete metadata.selfLink
  if (kind.generation) metadata.generation = 1
  else delete metadata.generation
}

export function validateMetadata(kind: Kind, { metadata }: KubernetesObject): FieldError[] {
  const errors: FieldError[] = []
  const { name, generateName } = metadata
  if (generateName) errors.push(...kind.validateName(generateName, true).map(why => invalidValue('metadata.generateName', generateName, why)))
  if (name) errors.push(...kind.validateName(name, false).map(why => invalidValue('metadata.name', name, why)))
  else errors.push(requiredValue('metadata.name', 'name or generateName is required'))
  if (metadata.labels) errors.push(...validateLabels(metadata.labels, 'metadata.labels'))
  if (metadata.annotations) errors.push(...validateAnnotations(metadata.annotations, 'metadata.annotations'))
  if (metadata.ownerReferences) errors.push(...ownerErrors(metadata.ownerReferences))
  if (metadata.finalizers) errors.push(...finalizerErrors(metadata.finalizers))
  return errors
}

/** Identity and the course of a deletion are the server's; labels, annotations, owners and finalizers are the client's. */
export function validateMetadataUpdate({ metadata }: KubernetesObject, old: KubernetesObject): FieldError[] {
  const errors: FieldError[] = []
  for (const field of ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    if (metadata[field] !== old.metadata[field]) errors.push(invalidValue(`metadata.${field}`, metadata[field] ?? null, 'field is immutable'))
  }
  if ((metadata.generation ?? 0) < (old.metadata.generation ?? 0))
    errors.push(invalidValue('metadata.generation', metadata.generation ?? 0, 'must not be decremented'))
  if (old.metadata.deletionTimestamp) {
    const added = (metadata.finalizers ?? []).filter(finalizer => !old.metadata.finalizers?.includes(finalizer))
    if (added.length > 0)
      errors.push(
        forbidden(
          'metadata.finalizers',
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map(name => JSON.stringify(name)).join(', ')}}`,
        ),
      )
  }
  return errors
}

const STANDARD_FINALIZERS = ['kubernetes', 'orphan', 'foregroundDeletion']

function ownerErrors(owners: NonNullable<ObjectMeta['ownerReferences']>): FieldError[] {
  const errors: FieldError[] = []
  let controller: string | undefined
  owners.forEach((owner, i) => {
    const field = `metadata.ownerReferences[${i}]`
    const { apiVersion = '', kind = '', name = '', uid = '' } = owner as Partial<typeof owner>
    if (!/^([^/]+\/)?[^/]+$/.test(apiVersion)) errors.push(invalidValue(`${field}.apiVersion`, apiVersion, 'version must not be empty'))
    for (const [part, value] of Object.entries({ kind, name, uid })) if (!value) errors.push(invalidValue(`${field}.${part}`, value, 'must not be empty'))
    if (apiVersion === 'v1' && kind === 'Event') errors.push(invalidValue(field, owner, '/v1, Kind=Event is disallowed from being an owner'))
    if (!owner.controller) return
    if (controller) {
      const why = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${kind}/${name}`
      errors.push(invalidValue('metadata.ownerReferences', owners, why))
    } else controller = `${kind}/${name}`
  })
  return errors
}

function finalizerErrors(finalizers: readonly string[]): FieldError[] {
  const errors = finalizers.flatMap((finalizer, i) => {
    const field = `metadata.finalizers[${i}]`
    const problems = qualifiedName(finalizer)
    if (problems.length > 0) return problems.map(why => invalidValue(field, finalizer, why))
    return finalizer.includes('/') || STANDARD_FINALIZERS.includes(finalizer)
      ? []
      : [invalidValue(field, finalizer, 'name is neither a standard finalizer name nor is it fully qualified')]
  })
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion'))
    errors.push(invalidValue('metadata.finalizers', finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'))
  return errors
}
