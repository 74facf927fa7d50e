/** /healthz, /livez, /readyz: `ok`, or which check failed. */
import type { Response } from '../../base/transport.ts'
import { pageNotFound, textResponse } from './respond.ts'

export interface HealthCheck {
  readonly name: string
  /** Not asked about by /livez: the process need not be restarted for it. */
  readonly readyOnly?: boolean
  /** Undefined: well. Otherwise what is wrong. */
  check(): string | undefined
}

export type Probe = 'healthz' | 'livez' | 'readyz'

/** The segments behind the probe's name choose one check: /livez/ping. */
export function healthResponse(probe: Probe, segments: readonly string[], query: URLSearchParams, checks: readonly HealthCheck[]): Response {
  const asked = checks.filter(check => probe !== 'livez' || !check.readyOnly)
  const [one, ...more] = segments
  if (one !== undefined) {
    const check = asked.find(({ name }) => name === one)
    if (!check || more.length > 0) return pageNotFound()
    const problem = check.check()
    return problem === undefined ? textResponse(200, 'ok') : textResponse(500, `internal server error: ${problem}\n`)
  }

  const excluded = new Set(query.getAll('exclude'))
  const unknown = [...excluded].filter(name => !asked.some(check => check.name === name))
  const results = asked.map(check => ({ name: check.name, excluded: excluded.has(check.name), problem: excluded.has(check.name) ? undefined : check.check() }))
  const failed = results.some(({ problem }) => problem !== undefined)
  if (!failed && !query.has('verbose')) return textResponse(200, 'ok')
  const lines = [
    ...unknown.map(name => `warn: some health checks cannot be excluded: no matches for ${JSON.stringify(name)}`),
    ...results.map(({ name, excluded, problem }) =>
      excluded ? `[+]${name} excluded: ok` : problem === undefined ? `[+]${name} ok` : `[-]${name} failed: ${problem}`,
    ),
    `${probe} check ${failed ? 'failed' : 'passed'}`,
  ]
  return textResponse(failed ? 500 : 200, `${lines.join('\n')}\n`)
}
