import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeText, encodeText, type ByteSource } from '../../../base/bytes.ts'
import { createSpdyConnection, type SpdyStream } from './connection.ts'
import { createFrameParser, dataFrame, pingFrame, synStreamFrame, type Frame } from './frames.ts'
import { createHeaderDeflater, createHeaderInflater, DICTIONARY, DICTIONARY_ID } from './headers.ts'

test('the dictionary is the one of SPDY/3, by the checksum that names it', () => {
  let [low, high] = [1, 0]
  for (const byte of DICTIONARY) {
    low = (low + byte) % 65521
    high = (high + low) % 65521
  }
  assert.equal(high * 65536 + low, DICTIONARY_ID)
})

test('frames are the same in whatever portions they arrive', () => {
  const bytes = Buffer.concat([
    synStreamFrame(1, Buffer.from('block')),
    dataFrame(1, Buffer.from('hello'), false),
    pingFrame(1),
    dataFrame(1, Buffer.alloc(0), true),
  ])
  const whole = parse([bytes])
  assert.deepEqual(
    whole.map(frame => frame.is),
    ['synStream', 'data', 'ping', 'data'],
  )
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 8 }), cuts => {
      const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length]
      assert.deepEqual(parse(edges.slice(1).map((edge, i) => bytes.subarray(edges[i], edge))), whole)
    }),
  )
})

test('headers come out as they went in, block after block, and lower case', () => {
  fc.assert(
    fc.property(fc.array(fc.dictionary(fc.stringMatching(/^[a-z-]{1,20}$/), fc.string({ maxLength: 300 })), { minLength: 1, maxLength: 20 }), blocks => {
      const [deflate, inflate] = [createHeaderDeflater(), createHeaderInflater()]
      for (const headers of blocks) assert.deepEqual({ ...inflate(deflate(headers)) }, { ...headers })
    }),
  )
  assert.deepEqual({ ...createHeaderInflater()(createHeaderDeflater()({ StreamType: 'data' })) }, { streamtype: 'data' })
})

test('a side that only listens sends nothing: bytes that wait unread make the kernel reset the connection when the peer closes it', async () => {
  const [near, far] = pair()
  const client = createSpdyConnection(near, { side: 'client' })
  const heard: string[] = []
  createSpdyConnection(far, {
    side: 'server',
    async opened(stream) {
      await stream.outgoing.write(encodeText('x'.repeat(100_000)))
      await stream.outgoing.end()
    },
  })
  const parser = createFrameParser(frame => heard.push(frame.is))
  far.on('data', (chunk: Buffer) => parser(chunk))
  let length = 0
  for await (const bytes of client.open({ streamtype: 'stdout' }).incoming) length += bytes.length
  assert.deepEqual([length, heard], [100_000, ['synStream']])
})

test('a header block that unpacks to far more than it is, or that lies about its lengths, is refused', () => {
  const bomb = createHeaderDeflater()({ a: 'x'.repeat(1_000_000) })
  assert.ok(bomb.length < 10_000)
  assert.throws(() => createHeaderInflater()(bomb))
  assert.throws(() => createHeaderInflater()(Buffer.from('no dictionary')))
})

test('whatever a peer sends, it can only end its own connection', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 10 }), async chunks => {
      const [near, far] = pair()
      createSpdyConnection(near, { side: 'server', opened() {} })
      for (const chunk of chunks) if (!far.destroyed) far.write(Buffer.concat([Buffer.from([0x80, 3, 0, chunk[0] ?? 0]), chunk]))
      await new Promise(resolve => setImmediate(resolve))
      near.destroy()
      far.destroy()
    }),
    { numRuns: 50 },
  )
})

test('each direction of a stream closes by itself, and a lost connection ends them all', async () => {
  const [near, far] = pair()
  let served: SpdyStream | undefined
  const server = createSpdyConnection(near, {
    side: 'server',
    opened(stream) {
      served = stream
      void text(stream.incoming)
        .then(async got => {
          await stream.outgoing.write(encodeText(`${stream.headers['streamtype']} ${got}`))
          await stream.outgoing.end()
        })
        .catch(() => {}) // the second one is cut off
    },
  })
  const client = createSpdyConnection(far, { side: 'client' })
  const stream = client.open({ streamtype: 'data' })
  await stream.outgoing.write(encodeText('hello'))
  await stream.outgoing.end()
  assert.equal(await text(stream.incoming), 'data hello')
  const other = client.open({ streamtype: 'data' })
  server.destroy()
  far.destroy()
  assert.equal(await text(other.incoming), '')
  await assert.rejects(other.outgoing.write(encodeText('x')), /closed/)
  assert.ok(served)
})

function parse(chunks: readonly Buffer[]): Frame[] {
  const frames: Frame[] = []
  const take = createFrameParser(frame => void frames.push(frame))
  chunks.forEach(take)
  return frames
}

async function text(source: ByteSource): Promise<string> {
  let all = ''
  for await (const bytes of source) all += decodeText(bytes)
  return all
}

/** Two ends of a pipe. */
function pair(): [Duplex, Duplex] {
  const make = (other: () => Duplex) =>
    new Duplex({
      read() {},
      write(chunk, _, done) {
        if (!other().destroyed) other().push(chunk)
        done()
      },
      final(done) {
        if (!other().destroyed) other().push(null)
        done()
      },
    })
  const near: Duplex = make(() => far)
  const far: Duplex = make(() => near)
  return [near, far]
}
