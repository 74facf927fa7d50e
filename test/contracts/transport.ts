/**
 * What every Transport must do, whatever lies between the one who asks and the handler: one suite, run in process
 * and over HTTPS.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { notFound, type Status } from '../../src/api/status.ts'
import { decodeText, encodeText } from '../../src/base/bytes.ts'
import type { Request, Response, Transport, WatchEvent, WatchSink } from '../../src/base/transport.ts'

/** Gives a transport whose requests end in `handle`. */
export type Connect = (t: TestContext, handle: Transport) => Promise<Transport>

export function transportContract(name: string, connect: Connect): void {
  const claim = (what: string, check: (transport: Transport, toy: Toy, t: TestContext) => Promise<void>): void => {
    void test(`${name}: ${what}`, async t => {
      const toy = createToy()
      await check(await connect(t, toy.handle), toy, t)
    })
  }

  claim('an object arrives as an object, with its status and headers', async transport => {
    const response = await transport(request('GET', '/objects/a%2Fb', { query: 'x=1&x=2' }))
    assert.equal(response.status, 200)
    assert.equal(response.headers['x-toy'], 'yes')
    assert.deepEqual(objectOf(response), { path: '/objects/a%2Fb', x: ['1', '2'], name: 'Ünïcode' })
  })

  claim('a body that is sent arrives', async transport => {
    const object = { metadata: { name: 'web' }, text: 'ü'.repeat(100_000) }
    const response = await transport(request('POST', '/echo', { body: { is: 'object', object } }))
    assert.equal(response.status, 201)
    assert.deepEqual(objectOf(response), object)
    const raw = await transport(request('POST', '/echo', { body: { is: 'bytes', bytes: encodeText('{"a":1}') } }))
    assert.deepEqual(objectOf(raw), { a: 1 })
  })

  claim('an error arrives as its Status', async transport => {
    const response = await transport(request('GET', '/missing'))
    assert.equal(response.status, 404)
    const status = objectOf(response) as Status
    assert.equal(status.kind, 'Status')
    assert.equal(status.message, 'pods "missing" not found')
  })

  claim('many requests at once get each its own answer', async transport => {
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => transport(request('GET', '/objects/x', { query: `x=${i}` }))))
    assert.deepEqual(
      answers.map(answer => (objectOf(answer) as { x: string[] }).x[0]),
      Array.from({ length: 50 }, (_, i) => String(i)),
    )
  })

  claim('a watch delivers its events in order and ends when the server ends it', async (transport, toy) => {
    const events = await openWatch(transport)
    await toy.watching(1)
    for (let i = 0; i < 100; i++) toy.push('ADDED', { i })
    toy.push('DELETED', { i: 100 })
    toy.endWatches()
    await events.ended
    assert.deepEqual(
      events.seen.map(event => (event.object as { i: number }).i),
      Array.from({ length: 101 }, (_, i) => i),
    )
    assert.equal(events.seen.at(-1)?.type, 'DELETED')
    assert.equal(decodeText(events.seen[0]!.json()), '{"type":"ADDED","object":{"i":0}}\n')
  })

  claim('a watch that is stopped frees the server of it and says nothing more', async (transport, toy) => {
    const events = await openWatch(transport)
    await toy.watching(1)
    events.stop()
    await toy.watching(0)
    toy.push('ADDED', {})
    assert.deepEqual(events.seen, [])
  })

  claim('a client that goes away aborts the signal of its request', async (transport, toy) => {
    const abort = new AbortController()
    const answer = transport(request('GET', '/never', { signal: abort.signal }))
    const signal = await toy.neverAsked
    abort.abort(new Error('the client has lost interest'))
    await assert.rejects(answer, /lost interest/)
    if (!signal.aborted) await new Promise(resolve => signal.addEventListener('abort', resolve))
  })

  claim('a stream of bytes arrives in order and whole', async transport => {
    const response = await transport(request('GET', '/stream'))
    assert.equal(response.body.is, 'stream')
    if (response.body.is !== 'stream') return
    let text = ''
    for await (const bytes of response.body.stream) text += decodeText(bytes)
    assert.equal(text, Array.from({ length: 200 }, (_, i) => `line ${i}\n`).join(''))
  })

  claim('text and nothing arrive as text and nothing', async transport => {
    const text = await transport(request('GET', '/text'))
    assert.equal(text.body.is === 'bytes' && decodeText(text.body.bytes), 'ok')
    const nothing = await transport(request('GET', '/nothing'))
    assert.equal(nothing.body.is, 'none')
  })
}

interface Toy {
  readonly handle: Transport
  readonly neverAsked: Promise<AbortSignal>
  push(type: WatchEvent['type'], object: object): void
  endWatches(): void
  /** Resolves when so many watches are open. */
  watching(count: number): Promise<void>
}

function createToy(): Toy {
  const sinks = new Set<WatchSink>()
  const waiters: { count: number; resolve: () => void }[] = []
  const changed = () => waiters.filter(({ count }) => count === sinks.size).forEach(({ resolve }) => resolve())
  let asked: (signal: AbortSignal) => void
  const neverAsked = new Promise<AbortSignal>(resolve => {
    asked = resolve
  })
  return {
    neverAsked,
    async handle({ path, query, body, signal }) {
      if (path.startsWith('/objects/')) {
        return json(200, path === '/objects/x' ? { x: query.getAll('x') } : { path, x: query.getAll('x'), name: 'Ünïcode' })
      }
      switch (path) {
        case '/echo':
          return json(201, body.is === 'object' ? body.object : body.is === 'bytes' ? JSON.parse(decodeText(body.bytes)) : undefined)
        case '/missing':
          return json(404, notFound({ group: '', plural: 'pods', kind: 'Pod' }, 'missing').status)
        case '/watch':
          return { status: 200, headers: {}, body: { is: 'watch', watch: { start } } }
        case '/stream':
          return { status: 200, headers: {}, body: { is: 'stream', stream: lines() } }
        case '/text':
          return { status: 200, headers: { 'content-type': 'text/plain' }, body: { is: 'bytes', bytes: encodeText('ok') } }
        case '/never':
          asked(signal)
          return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
        default:
          return { status: 204, headers: {}, body: { is: 'none' } }
      }
    },
    push(type, object) {
      const line = encodeText(`${JSON.stringify({ type, object })}\n`)
      for (const sink of sinks) sink.event({ type, object, json: () => line })
    },
    endWatches() {
      for (const sink of sinks) sink.end()
    },
    watching: count => (sinks.size === count ? Promise.resolve() : new Promise(resolve => waiters.push({ count, resolve }))),
  }

  function start(sink: WatchSink) {
    sinks.add(sink)
    changed()
    return {
      stop() {
        sinks.delete(sink)
        changed()
      },
    }
  }
}

async function* lines(): AsyncIterable<Uint8Array> {
  for (let i = 0; i < 200; i++) yield encodeText(`line ${i}\n`)
}

async function openWatch(transport: Transport) {
  const response = await transport(request('GET', '/watch', { query: 'watch=true' }))
  assert.equal(response.body.is, 'watch')
  const seen: WatchEvent[] = []
  let end = () => {}
  const ended = new Promise<void>(resolve => {
    end = resolve
  })
  const running = response.body.is === 'watch' ? response.body.watch.start({ event: event => void seen.push(event), end }) : { stop() {} }
  return { seen, ended, stop: () => running.stop() }
}

export const request = (
  method: string,
  path: string,
  { query = '', body = { is: 'none' }, headers = {}, signal = new AbortController().signal }: { query?: string } & Partial<Omit<Request, 'query'>> = {},
): Request => ({ method, path, query: new URLSearchParams(query), headers, body, signal })

const json = (status: number, object: unknown): Response => ({
  status,
  headers: { 'x-toy': 'yes' },
  body: { is: 'object', object, json: () => encodeText(JSON.stringify(object)) },
})

function objectOf({ body }: Response): unknown {
  assert.equal(body.is, 'object')
  return body.is === 'object' ? body.object : undefined
}
