/**
 * A load through the Service proxy of an API server: open-loop as every other, and blind for much. The server opens a connection
 * of its own to a Pod that it picks itself.
 */
import { ApiError } from '../api/status.ts'
import { TimeoutError, withTimeout, type Clock } from '../base/clock.ts'
import { messageOf } from '../base/error_message.ts'
import { NetworkError } from '../base/network.ts'
import type { Client } from '../client/client.ts'
import type { RequestOutcome, Symptom } from './observation.ts'
import { startOpenLoop } from './open_loop.ts'
import type { LoadOptions, RunningLoad } from './site.ts'

/** What is under way at once, at the most: the API server has others to serve. */
const UNDER_WAY_MAX = 500

export function startProxyLoad({ clock, client }: { clock: Clock; client: Client }, options: LoadOptions): RunningLoad {
  const { target, path, ratePerSecond, timeoutMs } = options
  const base = `/api/v1/namespaces/${encodeURIComponent(target.namespace)}/services/${encodeURIComponent(`${target.service}:${target.port}`)}/proxy`
  const { pathname, searchParams } = new URL(path, 'http://service')
  const query: Record<string, string[]> = {}
  for (const name of new Set(searchParams.keys())) query[name] = searchParams.getAll(name)
  let underWay = 0

  const ask = async (): Promise<RequestOutcome> => {
    if (underWay >= UNDER_WAY_MAX) return { is: 'failed', symptom: 'other', during: 'connect' }
    underWay++
    try {
      await withTimeout(
        clock,
        timeoutMs,
        signal => client.request({ method: 'GET', path: base + pathname, query, headers: { accept: '*/*' }, signal }),
        undefined,
        'load',
      )
      return { is: 'answered', status: 200 }
    } catch (error) {
      return outcomeOf(error)
    } finally {
      underWay--
    }
  }
  // Whether a connection is kept is up to the API server.
  return startOpenLoop(clock, { clients: ['new'], ratePerSecond }, async (_, id) => ({ connection: id, outcome: await ask() }))
}

/** What the proxy itself says it could not do, in the words it has for that; everything else is the Pod's own answer. */
const WORDS: readonly [RegExp, Symptom, 'connect' | 'request'][] = [
  [/connection refused|no endpoints available/, 'refused', 'connect'],
  [/connection reset/, 'reset', 'request'],
  [/EOF|server closed|closed network connection/, 'closed', 'request'],
  [/no route to host|unreachable/, 'unreachable', 'connect'],
  [/timeout|timed out|deadline exceeded/i, 'timeout', 'request'],
]

function outcomeOf(error: unknown): RequestOutcome {
  if (error instanceof TimeoutError) return { is: 'failed', symptom: 'timeout', during: 'request' }
  const words = WORDS.find(([pattern]) => pattern.test(messageOf(error)))
  if (error instanceof ApiError && (error.code < 500 || !words)) return { is: 'answered', status: error.code }
  if (words) return { is: 'failed', symptom: words[1], during: words[2] }
  return { is: 'failed', symptom: error instanceof NetworkError && error.code === 'Reset' ? 'reset' : 'other', during: 'request' }
}
