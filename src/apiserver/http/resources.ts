/** A request for a resource: does it exist, can it do that, who answers. */
import type { Kind } from '../../api/kind.ts'
import { Scale } from '../../api/kinds/scale.ts'
import { methodNotAllowed } from '../../api/status.ts'
import type { Request, Response, User } from '../../base/transport.ts'
import type { Parts } from '../parts.ts'
import type { Call, Outcome } from '../registry/call.ts'
import type { Closing } from '../registry/closing.ts'
import { createObject } from '../registry/create.ts'
import { deleteCollection } from '../registry/delete_collection.ts'
import { deleteObject } from '../registry/delete.ts'
import { getObject } from '../registry/get.ts'
import { listObjects } from '../registry/list.ts'
import { patchObject } from '../registry/patch.ts'
import { updateObject } from '../registry/update.ts'
import { watchObjects } from '../registry/watch.ts'
import { scaleObject } from '../subresources/scale.ts'
import { acceptedForm, listResponse, outcomeResponse, watchForm } from './form.ts'
import type { Clause } from './negotiate.ts'
import { bodyResponse } from './respond.ts'
import type { ResourceRoute } from './route.ts'

export interface Exchange {
  readonly request: Request
  readonly route: ResourceRoute
  readonly user: User
  readonly clauses: readonly Clause[]
  readonly warnings: string[]
}

/** Answers for one subresource, or for a kind that is not stored. */
export type SpecialHandler = (call: Call, exchange: Exchange) => Promise<Response | Outcome>

export interface Resources {
  /** Undefined: there is no such resource. Throws ApiError. */
  serve(exchange: Exchange): Promise<Response> | undefined
}

export function createResources(parts: Parts, special: ReadonlyMap<string, SpecialHandler>, closing: Closing): Resources {
  return {
    serve(exchange) {
      const { route, request, user, warnings } = exchange
      const kind = parts.catalog.find(route.group, route.version, route.plural)
      if (!kind || !isPlausible(kind, route)) return undefined
      const subresource = route.subresource ? kind.subresources.find(({ name }) => name === route.subresource) : undefined
      if (route.subresource && !subresource) return undefined
      if (kind.deprecation) warnings.push(kind.deprecation)
      const call: Call = { kind, namespace: route.namespace, name: route.name, subresource, user, request, warnings }
      const handler = special.get(specialKey(route))
      if (handler) return runSpecial(handler, call, exchange)
      if (kind.scale && route.subresource === 'scale') return runSpecial(scaleObject(parts, kind.scale), call, exchange, Scale as unknown as Kind)
      return subresource ? serveSubresource(call, exchange) : serveMain(call, exchange)
    },
  }

  async function runSpecial(handler: SpecialHandler, call: Call, exchange: Exchange, kind: Kind = call.kind): Promise<Response> {
    const verbs: readonly string[] = call.subresource?.verbs ?? call.kind.verbs
    if (!verbs.includes(exchange.route.verb)) throw methodNotAllowed()
    const answer = await handler(call, exchange)
    return isResponse(answer) ? answer : outcomeResponse(parts, kind, answer, acceptedForm(exchange.clauses, 'object'), call.request.query)
  }

  async function serveMain(call: Call, { route, clauses, request }: Exchange): Promise<Response> {
    const { kind, namespace, name } = call
    if (!(kind.verbs as readonly string[]).includes(route.verb)) throw methodNotAllowed()
    const { query } = request
    switch (route.verb) {
      case 'list': {
        const accepted = acceptedForm(clauses, 'list')
        return listResponse(parts, await listObjects(parts, kind, namespace, query), accepted, query)
      }
      case 'watch': {
        const accepted = acceptedForm(clauses, 'watch')
        const form = watchForm(kind, accepted, query, () => parts.clock.wall())
        const watch = await watchObjects(parts, { kind, namespace, name, query, signal: request.signal, closing, form })
        return bodyResponse(200, { is: 'watch', watch }, 'application/json')
      }
      case 'deletecollection': {
        const accepted = acceptedForm(clauses, 'list')
        return listResponse(parts, await deleteCollection(parts, call), accepted, query)
      }
      default: {
        const accepted = acceptedForm(clauses, 'object')
        return outcomeResponse(parts, kind, await OBJECT_VERBS[route.verb](parts, call), accepted, query)
      }
    }
  }

  /** Subresources that are a view of the object itself: status, resize, ephemeralcontainers. */
  async function serveSubresource(call: Call, { route, clauses, request }: Exchange): Promise<Response> {
    if (!call.subresource!.verbs.includes(route.verb)) throw methodNotAllowed()
    const accepted = acceptedForm(clauses, 'object')
    const act = route.verb === 'get' ? getObject : route.verb === 'update' ? updateObject : route.verb === 'patch' ? patchObject : undefined
    if (!act) throw methodNotAllowed()
    return outcomeResponse(parts, call.kind, await act(parts, call), accepted, request.query)
  }
}

const OBJECT_VERBS = { get: getObject, create: createObject, update: updateObject, patch: patchObject, delete: deleteObject }

/** `pods/log`; `tokenreviews.authentication.k8s.io`. */
export const specialKey = ({ group, plural, subresource }: Pick<ResourceRoute, 'group' | 'plural' | 'subresource'>): string =>
  `${plural}${group && `.${group}`}${subresource && `/${subresource}`}`

/** Does the path fit the scope of the kind? Otherwise there is nothing there. */
function isPlausible(kind: Kind, { namespace, name, verb }: ResourceRoute): boolean {
  if (!kind.namespaced) return namespace === ''
  if (namespace !== '') return true
  if (name !== '') return false
  if (verb === 'create' || verb === 'deletecollection') throw methodNotAllowed()
  return true
}

const isResponse = (answer: Response | Outcome): answer is Response => 'body' in answer
