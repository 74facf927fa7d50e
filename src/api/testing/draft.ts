/** For tests: what the server makes of a client's object before it decides about it. */
import { decodeObject } from '../decode.ts'
import { applyDefaults } from '../defaults.ts'
import { printFieldError } from '../field_error.ts'
import type { Kind } from '../kind.ts'
import { apiVersionOf } from '../kind.ts'
import type { KubernetesObject } from '../meta.ts'

/** Decoded and defaulted; throws for unknown fields and wrong types. */
export function draftOf<T extends KubernetesObject>(kind: Kind<T>, json: object): T {
  const { object, unknownFields, errors } = decodeObject(kind.schema, {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: { name: 'x', namespace: 'default' },
    ...JSON.parse(JSON.stringify(json)),
  })
  if (unknownFields.length + errors.length > 0) throw new Error([...unknownFields, ...errors].join(', '))
  applyDefaults(kind.schema, object)
  const draft = object as T
  kind.setDefaults?.(draft)
  return draft
}

/** As at creation. */
export function createdOf<T extends KubernetesObject>(kind: Kind<T>, json: object): T {
  const draft = draftOf(kind, json)
  kind.prepareForCreate?.(draft)
  return draft
}

/** What the server says about a new object, one line per error. */
export function createErrors<T extends KubernetesObject>(kind: Kind<T>, json: object): string[] {
  const object = createdOf(kind, json)
  return [...(kind.validate?.(object) ?? []), ...(kind.validateCreate?.(object) ?? [])].map(printFieldError)
}

/** What the server says about a change of an object it has. */
export function updateErrors<T extends KubernetesObject>(kind: Kind<T>, before: object, after: object, subresource = ''): string[] {
  const old = createdOf(kind, before)
  return changeErrors(kind, old, after, subresource)
}

export function changeErrors<T extends KubernetesObject>(kind: Kind<T>, old: T, after: object, subresource = ''): string[] {
  const draft = draftOf(kind, after)
  kind.prepareForUpdate?.(draft, old, subresource)
  return [...(kind.validate?.(draft) ?? []), ...(kind.validateUpdate?.(draft, old, subresource) ?? [])].map(printFieldError)
}
