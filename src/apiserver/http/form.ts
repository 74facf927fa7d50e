/** From what the registry came to, to the form the client asked for: the object, its metadata, or a table; JSON or YAML. */
import { stringify } from 'yaml'
import type { Kind } from '../../api/kind.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import { encodeText } from '../../base/bytes.ts'
import type { Millis } from '../../base/clock.ts'
import type { Response, WatchEvent } from '../../base/transport.ts'
import type { Parts } from '../parts.ts'
import type { Outcome } from '../registry/call.ts'
import { listObject, type ObjectList } from '../registry/list.ts'
import { plainEvent, type EventForm } from '../registry/watch.ts'
import { CONTENT_TYPES, negotiate, type Accepted, type Clause } from './negotiate.ts'
import { bodyResponse, objectResponse } from './respond.ts'
import { isTrue } from './route.ts'
import { includeObject, partialMetadata, tableOf } from './table.ts'

const META_VERSIONS = ['v1', 'v1beta1']

/** Throws 406 when the client takes none of the forms an object comes in. */
export function acceptedForm(clauses: readonly Clause[], what: 'object' | 'list' | 'watch'): Accepted {
  return negotiate(clauses, ({ media, as, group, version }) => {
    if (what === 'watch' && media === 'yaml') return false
    if (as === undefined) return true
    if (group !== 'meta.k8s.io' || !META_VERSIONS.includes(version ?? '')) return false
    return as === 'Table' || as === 'PartialObjectMetadata' || (as === 'PartialObjectMetadataList' && what === 'list')
  })
}

export function outcomeResponse(parts: Parts, kind: Kind, outcome: Outcome, accepted: Accepted, query: URLSearchParams): Response {
  const object = outcome.object as KubernetesObject
  // A Status is what it is: there is no table of it.
  if (accepted.as === undefined || object.kind === 'Status') {
    const view = outcome.stored && parts.views.of(kind, outcome.stored)
    return encoded(outcome.status, outcome.object, view && (() => view.json()), accepted, query)
  }
  const apiVersion = `meta.k8s.io/${accepted.version}`
  const form =
    accepted.as === 'Table'
      ? tableOf(
          kind,
          [object],
          { resourceVersion: object.metadata.resourceVersion ?? '' },
          { apiVersion, include: includeObject(query), wallMs: parts.clock.wall() },
        )
      : partialMetadata(object, apiVersion)
  return encoded(outcome.status, form, undefined, accepted, query)
}

export function listResponse(parts: Parts, list: ObjectList, accepted: Accepted, query: URLSearchParams): Response {
  const { kind, metadata, views } = list
  if (accepted.as === undefined) {
    const whole = listObject(kind, metadata, views)
    if (accepted.media === 'yaml' || query.has('pretty')) return encoded(200, whole.object, whole.json, accepted, query)
    return bodyResponse(200, whole, CONTENT_TYPES.json)
  }
  const apiVersion = `meta.k8s.io/${accepted.version}`
  const objects = views.map(view => view.object)
  const form =
    accepted.as === 'Table'
      ? tableOf(kind, objects, metadata, { apiVersion, include: includeObject(query), wallMs: parts.clock.wall() })
      : { kind: 'PartialObjectMetadataList', apiVersion, metadata, items: objects.map(object => partialMetadata(object, apiVersion)) }
  return encoded(200, form, undefined, accepted, query)
}

/** Undefined: watchers receive the objects themselves, and share the bytes. */
export function watchForm(kind: Kind, accepted: Accepted, query: URLSearchParams, wall: () => Millis): EventForm | undefined {
  if (accepted.as === undefined) return undefined
  const apiVersion = `meta.k8s.io/${accepted.version}`
  const include = includeObject(query)
  let first = true
  return ({ type, object }): WatchEvent => {
    if (type === 'ERROR') return plainEvent(type, object)
    const subject = object as KubernetesObject
    if (accepted.as !== 'Table') return plainEvent(type, partialMetadata(subject, apiVersion))
    const rows = type === 'BOOKMARK' ? [] : [subject]
    const table = tableOf(kind, rows, { resourceVersion: subject.metadata.resourceVersion ?? '' }, { apiVersion, include, wallMs: wall(), withColumns: first })
    first = false
    return plainEvent(type, table)
  }
}

export function encoded(status: number, object: unknown, json: (() => Uint8Array) | undefined, accepted: Accepted, query: URLSearchParams): Response {
  if (accepted.media === 'yaml')
    return objectResponse(status, object, () => encodeText(stringify(object, { aliasDuplicateObjects: false })), CONTENT_TYPES.yaml)
  if (query.has('pretty') && isTrue(query.get('pretty'))) return objectResponse(status, object, () => encodeText(`${JSON.stringify(object, null, 2)}\n`))
  return json ? objectResponse(status, object, json) : objectResponse(status, object)
}
