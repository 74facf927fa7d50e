/** The OpenAPI documents of a set of kinds: built when first asked for, kept as text after that. */
import { encodeText } from '../../base/bytes.ts'
import { apiVersionOf, type Kind } from '../kind.ts'
import { any, int32, object, string, type Fields, type ObjectSchema } from '../schema.ts'
import { deleteOptions } from '../types/delete_options.ts'
import { defineModels, type Dialect, type Json } from './definitions.ts'
import { describePaths } from './paths.ts'
import { encodeSwagger } from './swagger_protobuf.ts'

/** What kubectl asks for at /openapi/v2. */
export const SWAGGER_PROTOBUF_ACCEPT = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'
/** What the answer calls itself: Go refuses the `@` of the name above in a Content-Type. */
export const SWAGGER_PROTOBUF_CONTENT_TYPE = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'

export interface OpenApiDocument {
  readonly bytes: Uint8Array
  /** Changes whenever the content does: an ETag, and the `hash` parameter of version 3. */
  readonly hash: string
}

export interface OpenApiDocuments {
  /** Answers /openapi/v3: where the document of each group and version is. */
  index(): OpenApiDocument
  /** Answers /openapi/v3/<path>, where path is `api/v1` or `apis/apps/v1`; undefined when nothing is served there. */
  groupVersion(path: string): OpenApiDocument | undefined
  /** Answers /openapi/v2 as JSON. */
  swaggerJson(): OpenApiDocument
  /** Answers /openapi/v2 as kubectl asks for it (SWAGGER_PROTOBUF_ACCEPT). */
  swaggerProtobuf(): OpenApiDocument
}

/** `version` is the server's own, such as v1.34.0. */
export function openApiDocuments(kinds: readonly Kind[], version: string): OpenApiDocuments {
  const paths = [...new Set(kinds.map(documentPathOf))].sort()
  const groupVersion = keep((path: string): OpenApiDocument | undefined => {
    const members = kinds.filter(kind => documentPathOf(kind) === path)
    return members.length ? documentOf(JSON.stringify(buildV3(members, version))) : undefined
  })
  const index = keep(() => {
    const entries = paths.map(path => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${groupVersion(path)!.hash}` }])
    return documentOf(JSON.stringify({ paths: Object.fromEntries(entries) }))
  })
  const swaggerJson = keep(() => documentOf(JSON.stringify(buildV2(kinds, version))))
  const swaggerProtobuf = keep((): OpenApiDocument => ({ bytes: encodeSwagger(buildV2(kinds, version)), hash: swaggerJson('').hash }))
  return { index: () => index(''), groupVersion, swaggerJson: () => swaggerJson(''), swaggerProtobuf: () => swaggerProtobuf('') }
}

const documentPathOf = (kind: Kind): string => (kind.group ? `apis/${apiVersionOf(kind)}` : `api/${kind.version}`)

const status = object(
  'io.k8s.apimachinery.pkg.apis.meta.v1.Status',
  {
    apiVersion: string(),
    code: int32(),
    details: any(),
    kind: string(),
    message: string(),
    metadata: any(),
    reason: string(),
    status: string(),
  },
  { doc: 'The answer to a request that has no object to answer with: an error, or the success of a deletion.' },
)

const patch = object('io.k8s.apimachinery.pkg.apis.meta.v1.Patch', {}, { doc: 'A change to an object; its form depends on the media type.' })

function buildV3(kinds: readonly Kind[], version: string): Json {
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version },
    paths: pathsOf(kinds, 3),
    components: { schemas: defineModels(kinds, modelsBeside(kinds), 3) },
  }
}

function buildV2(kinds: readonly Kind[], version: string): Json {
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version },
    paths: pathsOf(kinds, 2),
    definitions: defineModels(kinds, modelsBeside(kinds), 2),
  }
}

const pathsOf = (kinds: readonly Kind[], dialect: Dialect): Json =>
  Object.fromEntries(kinds.flatMap(kind => describePaths(kind, dialect)).sort(([a], [b]) => (a < b ? -1 : 1)))

/** Models that operations name beside the kinds: of subresources, deletions and patches. */
function modelsBeside(kinds: readonly Kind[]): ObjectSchema<Fields>[] {
  const ofSubresources = kinds.flatMap(kind => kind.subresources.map(subresource => subresource.kind?.schema)).filter(schema => schema?.type === 'object')
  return [status, patch, deleteOptions, ...ofSubresources]
}

function keep<T>(build: (key: string) => T): (key: string) => T {
  const built = new Map<string, T>()
  return key => {
    const kept = built.get(key)
    if (kept !== undefined) return kept
    const fresh = build(key)
    if (fresh !== undefined) built.set(key, fresh)
    return fresh
  }
}

function documentOf(text: string): OpenApiDocument {
  return { bytes: encodeText(text), hash: hashOf(text) }
}

/** 64 bits of FNV-1a in hexadecimal, twice over: it tells versions apart and guards nothing. */
function hashOf(text: string): string {
  let low = 0x811c9dc5
  let high = 0x01000193
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    low = Math.imul(low ^ code, 0x01000193)
    high = Math.imul(high ^ (code + i), 0x01000193)
  }
  return [low, high]
    .map(part => (part >>> 0).toString(16).padStart(8, '0'))
    .join('')
    .toUpperCase()
}
