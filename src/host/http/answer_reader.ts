/** What came back from an API server, from the bytes of an HTTP response of either version. */
import type { Readable } from 'node:stream'
import type { ByteSource } from '../../base/bytes.ts'
import type { Request, Response, ResponseBody } from '../../base/transport.ts'
import { readWatch } from './watch_reader.ts'

export interface AnswerOnTheWire {
  readonly stream: Readable
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Tells the server that nobody wants more. */
  stop(): void
  /** Asked at the end of the stream: what was wrong with it, if anything. */
  complaint(): string | undefined
}

export async function readAnswer(answer: AnswerOnTheWire, request: Request): Promise<Response> {
  const fields = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !name.startsWith(':'))) as Response['headers']
  return { status: answer.status, headers: fields, body: await readBody(answer, request) }
}

export function bodyBytesOf({ body }: Request): Uint8Array | undefined {
  if (body.is === 'none') return undefined
  return body.is === 'bytes' ? body.bytes : Buffer.from(JSON.stringify(body.object))
}

async function readBody(answer: AnswerOnTheWire, { method, query }: Request): Promise<ResponseBody> {
  const { stream, status, headers } = answer
  const isJson = String(headers['content-type'] ?? '').includes('json')
  const watches = ['true', '1'].includes(query.get('watch') ?? '')
  if (method !== 'HEAD' && status === 200 && isJson && watches) return { is: 'watch', watch: readWatch(stream, answer.stop) }
  if (method !== 'HEAD' && !BODYLESS.has(status) && !isJson && headers['content-length'] === undefined) return { is: 'stream', stream: stream as ByteSource }
  const bytes = await readAll(answer)
  if (bytes.length === 0) return { is: 'none' }
  if (!isJson) return { is: 'bytes', bytes }
  return { is: 'object', object: JSON.parse(bytes.toString('utf8')) as unknown, json: () => bytes }
}

/** Answers of these never have a body (RFC 9110), so none of them says how long it is. */
const BODYLESS: ReadonlySet<number> = new Set([204, 304])

async function readAll({ stream, complaint }: AnswerOnTheWire): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk)
  const wrong = complaint()
  if (wrong) throw new Error(wrong)
  return Buffer.concat(chunks)
}
