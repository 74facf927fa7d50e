/** Answers: every one has a Content-Type and says that it may not be cached. */
import type { ApiError, Status } from '../../api/status.ts'
import { encodeText } from '../../base/bytes.ts'
import type { Response, ResponseBody } from '../../base/transport.ts'

const COMMON = { 'cache-control': 'no-cache, private' }

/** An object and how to encode it; stored objects bring bytes they already have. */
export function objectResponse(
  status: number,
  object: unknown,
  json: () => Uint8Array = () => encodeText(JSON.stringify(object)),
  contentType = 'application/json',
): Response {
  return { status, headers: { ...COMMON, 'content-type': contentType }, body: { is: 'object', object, json } }
}

export function statusResponse(status: Status): Response {
  const response = objectResponse(status.code, status)
  const retryAfter = status.details?.retryAfterSeconds
  return retryAfter ? withHeaders(response, { 'retry-after': String(retryAfter) }) : response
}

export const errorResponse = (error: ApiError): Response => statusResponse(error.status)

export function textResponse(status: number, text: string, contentType = 'text/plain; charset=utf-8'): Response {
  return bodyResponse(status, { is: 'bytes', bytes: encodeText(text) }, contentType)
}

export const pageNotFound = (): Response => textResponse(404, '404 page not found\n')

export function bodyResponse(status: number, body: ResponseBody, contentType: string): Response {
  return { status, headers: { ...COMMON, 'content-type': contentType }, body }
}

export const withHeaders = (response: Response, headers: Response['headers']): Response => ({ ...response, headers: { ...response.headers, ...headers } })

/** RFC 7234 warning 299 with a quoted text: kubectl prints them above its own output. */
export function withWarnings(response: Response, warnings: readonly string[]): Response {
  if (warnings.length === 0) return response
  return withHeaders(response, { warning: [...new Set(warnings)].map(text => `299 - ${quoteWarning(text)}`) })
}

const quoteWarning = (text: string): string => `"${text.replace(/[\r\n\t]+/g, ' ').replace(/["\\]/g, '\\$&')}"`
