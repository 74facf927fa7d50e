/** /openapi/v2 and /openapi/v3: the documents that kubectl validates and explains by. */
import { SWAGGER_PROTOBUF_ACCEPT, SWAGGER_PROTOBUF_CONTENT_TYPE, type OpenApiDocument, type OpenApiDocuments } from '../../api/openapi/documents.ts'
import { notAcceptable } from '../../api/status.ts'
import type { Request, Response } from '../../base/transport.ts'
import type { Clause } from './negotiate.ts'
import { bodyResponse, withHeaders } from './respond.ts'

/** Undefined: there is no such document. Throws 406. */
export function openApiResponse(documents: OpenApiDocuments, segments: readonly string[], request: Request, clauses: readonly Clause[]): Response | undefined {
  const [version, ...path] = segments
  if (version === 'v2' && path.length === 0) return swagger(documents, request, clauses)
  if (version !== 'v3') return undefined
  const document = path.length === 0 ? documents.index() : documents.groupVersion(path.join('/'))
  if (!document) return undefined
  if (!takesJson(clauses)) throw notAcceptable()
  const response = documentResponse(document, 'application/json', request)
  // A document asked for by its hash never changes.
  return request.query.get('hash') === document.hash && path.length > 0 ? withHeaders(response, { 'cache-control': 'public, immutable' }) : response
}

function swagger(documents: OpenApiDocuments, request: Request, clauses: readonly Clause[]): Response {
  for (const { type } of clauses) {
    if (type === SWAGGER_PROTOBUF_ACCEPT) return documentResponse(documents.swaggerProtobuf(), SWAGGER_PROTOBUF_CONTENT_TYPE, request)
    if (JSON_TYPES.includes(type)) return documentResponse(documents.swaggerJson(), 'application/json', request)
  }
  throw notAcceptable()
}

const JSON_TYPES = ['application/json', 'application/*', '*/*']
const takesJson = (clauses: readonly Clause[]): boolean => clauses.some(({ type }) => JSON_TYPES.includes(type))

function documentResponse({ bytes, hash }: OpenApiDocument, contentType: string, { headers }: Request): Response {
  const etag = `"${hash}"`
  const response = headers['if-none-match'] === etag ? bodyResponse(304, { is: 'none' }, contentType) : bodyResponse(200, { is: 'bytes', bytes }, contentType)
  return withHeaders(response, { etag, vary: 'Accept' })
}
