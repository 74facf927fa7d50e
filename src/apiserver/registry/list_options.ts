/** The parameters of lists and watches, and which combinations mean anything. */
import { forbidden, invalidValue, notSupported, type FieldError } from '../../api/field_error.ts'
import { badRequest, invalid } from '../../api/status.ts'
import { isTrue } from '../http/route.ts'
import { optionsResource } from './write_options.ts'

export interface ListOptions {
  /** 0: any, or none was given; see `resourceVersion`. */
  readonly revision: number
  readonly resourceVersion: string
  readonly match: '' | 'NotOlderThan' | 'Exact'
  readonly limit: number
  readonly continue: string
}

export interface WatchOptions {
  readonly revision: number
  /** '' and 0 both begin with what is there; anything else with what happens after it. */
  readonly resourceVersion: string
  readonly bookmarks: boolean
  readonly sendInitialEvents: boolean | undefined
  readonly timeoutSeconds: number | undefined
}

/** Throws a 400 or 422 ApiError. */
export function listOptions(query: URLSearchParams): ListOptions {
  const resourceVersion = query.get('resourceVersion') ?? ''
  const match = query.get('resourceVersionMatch') ?? ''
  const errors: FieldError[] = []
  if (match) {
    if (query.get('continue')) errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'))
    if (!resourceVersion) errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'))
    if (match !== 'Exact' && match !== 'NotOlderThan') errors.push(notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']))
    if (match === 'Exact' && resourceVersion === '0')
      errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
  }
  if (query.get('sendInitialEvents')) errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  refuse(errors)
  return {
    revision: readRevision(resourceVersion),
    resourceVersion,
    match: match as ListOptions['match'],
    limit: readCount(query, 'limit') ?? 0,
    continue: query.get('continue') ?? '',
  }
}

/** Throws a 400 or 422 ApiError. */
export function watchOptions(query: URLSearchParams): WatchOptions {
  const resourceVersion = query.get('resourceVersion') ?? ''
  const match = query.get('resourceVersionMatch') ?? ''
  const bookmarks = query.has('allowWatchBookmarks') && isTrue(query.get('allowWatchBookmarks'))
  const initial = query.get('sendInitialEvents')
  const errors: FieldError[] = []
  if (initial === null && match)
    errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'))
  if (initial !== null) {
    if (match !== 'NotOlderThan')
      errors.push(
        match
          ? notSupported('resourceVersionMatch', match, ['NotOlderThan'])
          : forbidden('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'),
      )
    if (isTrue(initial) && !bookmarks) errors.push(forbidden('allowWatchBookmarks', 'sendInitialEvents requires that allowWatchBookmarks is set'))
  }
  refuse(errors)
  return {
    revision: readRevision(resourceVersion),
    resourceVersion,
    bookmarks,
    sendInitialEvents: initial === null ? undefined : isTrue(initial),
    timeoutSeconds: readCount(query, 'timeoutSeconds'),
  }
}

/** '' reads as 0. */
export function readRevision(text: string | null): number {
  if (!text) return 0
  if (!/^[0-9]{1,15}$/.test(text))
    throw invalid(optionsResource('ListOptions'), '', [invalidValue('resourceVersion', text, 'strconv.ParseUint: parsing resourceVersion: invalid syntax')])
  return Number(text)
}

function readCount(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  if (!/^-?[0-9]{1,15}$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  return Math.max(0, Number(text))
}

function refuse(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid(optionsResource('ListOptions'), '', errors)
}
