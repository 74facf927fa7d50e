import type { Readable } from 'node:stream'
import type { RequestBody } from '../../base/transport.ts'
import type { BodyFault, BodyLimit } from './exchange.ts'

/**
 * Reads a request's body to its end. One that is too large is answered while it still comes; the rest is read and
 * dropped, because a client that cannot send on may never look at the answer.
 */
export function readBody(source: Readable, announced: string | undefined, { bytesMax, timeoutMs }: BodyLimit): Promise<RequestBody | BodyFault> {
  return new Promise(resolve => {
    const chunks: Buffer[] = []
    let size = 0
    const settle = (result: RequestBody | BodyFault) => {
      clearTimeout(timer)
      source.off('data', take)
      // 'end' does not come without a reader.
      source.resume()
      resolve(result)
    }
    const take = (chunk: Buffer) => {
      size += chunk.length
      if (size > bytesMax) return settle({ is: 'tooLarge' })
      chunks.push(chunk)
    }
    const timer = setTimeout(() => settle({ is: 'tooSlow' }), timeoutMs)
    source.once('end', () => settle(size === 0 ? { is: 'none' } : { is: 'bytes', bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks) }))
    source.once('error', () => settle({ is: 'gone' }))
    source.once('close', () => settle({ is: 'gone' }))
    if (Number(announced) > bytesMax) return settle({ is: 'tooLarge' })
    source.on('data', take)
  })
}
