/** Which kinds there are, under which names: /api, /apis and what lies below them, plain and aggregated. */
import { apiVersionOf, type Kind } from '../../api/kind.ts'
import type { Request, Response } from '../../base/transport.ts'
import { encodeText } from '../../base/bytes.ts'
import { fingerprint } from './fingerprint.ts'
import { negotiate, type Accepted, type Clause } from './negotiate.ts'
import { encoded } from './form.ts'
import { bodyResponse, withHeaders } from './respond.ts'

export interface Discovery {
  /** Undefined: there is no such path. Throws 406. */
  respond(segments: readonly string[], request: Request, clauses: readonly Clause[]): Response | undefined
}

const DISCOVERY_GROUP = 'apidiscovery.k8s.io'
const AGGREGATED_VERSIONS = ['v2', 'v2beta1']

export function createDiscovery(kinds: readonly Kind[]): Discovery {
  const groups = groupsOf(kinds)
  const aggregated = new Map<string, Aggregated>()

  return {
    respond(segments, request, clauses) {
      const [root, group, version] = root0(segments)
      if (root === 'api' && group === undefined) return rootResponse('api', coreVersions(groups), request, clauses)
      if (root === 'api') return segments.length === 2 ? resourceList('', group!, request, clauses) : undefined
      if (group === undefined)
        return rootResponse('apis', { kind: 'APIGroupList', apiVersion: 'v1', groups: namedGroups(groups).map(plainGroup) }, request, clauses)
      const found = groups.find(({ name }) => name === group && name !== '')
      if (!found) return undefined
      if (version === undefined) return plain({ kind: 'APIGroup', apiVersion: 'v1', ...plainGroup(found) }, request, clauses)
      return segments.length === 3 ? resourceList(group, version, request, clauses) : undefined
    },
  }

  function rootResponse(root: 'api' | 'apis', plainBody: object, request: Request, clauses: readonly Clause[]): Response {
    const accepted = negotiate(
      clauses,
      ({ as, group, version }) =>
        as === undefined || (as === 'APIGroupDiscoveryList' && group === DISCOVERY_GROUP && AGGREGATED_VERSIONS.includes(version ?? '')),
    )
    if (accepted.as === undefined) return encoded(200, plainBody, undefined, accepted, request.query)
    return aggregatedResponse(root, accepted, request)
  }

  function aggregatedResponse(root: 'api' | 'apis', accepted: Accepted, request: Request): Response {
    const key = `${root} ${accepted.version}`
    let known = aggregated.get(key)
    if (!known)
      aggregated.set(key, (known = aggregatedList(root === 'api' ? groups.filter(group => group.name === '') : namedGroups(groups), accepted.version!)))
    const contentType = `application/json;g=${DISCOVERY_GROUP};v=${accepted.version};as=APIGroupDiscoveryList`
    const headers = { etag: known.etag, vary: 'Accept', 'cache-control': 'public' }
    if (request.headers['if-none-match'] === known.etag) return withHeaders(bodyResponse(304, { is: 'none' }, contentType), headers)
    return withHeaders(bodyResponse(200, { is: 'bytes', bytes: known.bytes }, contentType), headers)
  }

  function resourceList(group: string, version: string, request: Request, clauses: readonly Clause[]): Response | undefined {
    const served = kinds.filter(kind => kind.group === group && kind.version === version)
    if (served.length === 0) return undefined
    return plain(
      { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersionOf({ group, version }), resources: served.flatMap(plainResources) },
      request,
      clauses,
    )
  }
}

interface Group {
  readonly name: string
  /** Best first: GA before beta before alpha, higher numbers first. */
  readonly versions: readonly { readonly version: string; readonly kinds: readonly Kind[] }[]
}

interface Aggregated {
  readonly bytes: Uint8Array
  readonly etag: string
}

const root0 = (segments: readonly string[]): [string | undefined, string | undefined, string | undefined] => [segments[0], segments[1], segments[2]]
const plain = (object: object, request: Request, clauses: readonly Clause[]): Response =>
  encoded(
    200,
    object,
    undefined,
    negotiate(clauses, ({ as }) => as === undefined),
    request.query,
  )
const namedGroups = (groups: readonly Group[]): readonly Group[] => groups.filter(group => group.name !== '')

function groupsOf(kinds: readonly Kind[]): readonly Group[] {
  return [...new Set(kinds.map(kind => kind.group))].map(name => {
    const ofGroup = kinds.filter(kind => kind.group === name)
    const versions = [...new Set(ofGroup.map(kind => kind.version))].sort(byPriority)
    return { name, versions: versions.map(version => ({ version, kinds: ofGroup.filter(kind => kind.version === version) })) }
  })
}

function byPriority(a: string, b: string): number {
  const [stageA, majorA, minorA] = rank(a)
  const [stageB, majorB, minorB] = rank(b)
  return stageB - stageA || majorB - majorA || minorB - minorA
}

function rank(version: string): [number, number, number] {
  const [, major = '0', stage, minor = '0'] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version) ?? []
  return [stage === undefined ? 2 : stage === 'beta' ? 1 : 0, Number(major), Number(minor)]
}

const coreVersions = (groups: readonly Group[]): object => ({
  kind: 'APIVersions',
  versions: groups.find(group => group.name === '')?.versions.map(({ version }) => version) ?? [],
  serverAddressByClientCIDRs: [],
})

function plainGroup({ name, versions }: Group): object {
  const entries = versions.map(({ version }) => ({ groupVersion: `${name}/${version}`, version }))
  return { name, versions: entries, preferredVersion: entries[0] }
}

function plainResources(kind: Kind): object[] {
  const main = {
    name: kind.plural,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: kind.verbs,
    ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
    ...(kind.categories.length > 0 && { categories: kind.categories }),
  }
  const subresources = kind.subresources.map(subresource => ({
    name: `${kind.plural}/${subresource.name}`,
    singularName: '',
    namespaced: kind.namespaced,
    ...(subresource.kind &&
      (subresource.kind.group !== kind.group || subresource.kind.version !== kind.version) && {
        group: subresource.kind.group,
        version: subresource.kind.version,
      }),
    kind: subresource.kind?.kind ?? kind.kind,
    verbs: subresource.verbs,
  }))
  return [main, ...subresources]
}

function aggregatedList(groups: readonly Group[], version: string): Aggregated {
  const bytes = encodeText(
    JSON.stringify({
      kind: 'APIGroupDiscoveryList',
      apiVersion: `${DISCOVERY_GROUP}/${version}`,
      metadata: {},
      items: groups.map(group => ({
        metadata: { ...(group.name && { name: group.name }), creationTimestamp: null },
        versions: group.versions.map(({ version, kinds }) => ({ version, resources: kinds.map(aggregatedResource), freshness: 'Current' })),
      })),
    }),
  )
  return { bytes, etag: `"${fingerprint(bytes)}"` }
}

function aggregatedResource(kind: Kind): object {
  const { group, version } = kind
  const subresources = kind.subresources.map(subresource => ({
    subresource: subresource.name,
    responseKind: { group: subresource.kind?.group ?? group, version: subresource.kind?.version ?? version, kind: subresource.kind?.kind ?? kind.kind },
    verbs: subresource.verbs,
  }))
  return {
    resource: kind.plural,
    responseKind: { group, version, kind: kind.kind },
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: kind.verbs,
    ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
    ...(kind.categories.length > 0 && { categories: kind.categories }),
    ...(subresources.length > 0 && { subresources }),
  }
}
