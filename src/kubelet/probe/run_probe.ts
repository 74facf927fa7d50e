/**
 * One question to one container. A command, a request, a connection or a gRPC health check; the answer is success,
 * failure with what was seen, or an error when the question could not be put at all.
 */
import { NetworkError, type HttpReply } from '../../base/network.ts'
import { decodeText } from '../../base/bytes.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import type { Container } from '../../api/types/container.ts'
import type { Probe } from '../../api/types/probe.ts'
import { RuntimeError } from '../../runtime/runtime.ts'
import { expand } from '../container/expand.ts'
import { goDuration } from '../../base/go_duration.ts'
import type { KubeletContext } from '../context.ts'
import { resolvePort } from './port.ts'

export type ProbeOutcome = { readonly is: 'success'; readonly warning?: string } | { readonly is: 'failure'; readonly output: string }

export interface ProbeTarget {
  readonly pod: Pod
  readonly container: Container
  readonly containerId: string
  readonly podIP: string
}

export const PROBE_USER_AGENT = 'kube-probe/1.34'

const OUTPUT_BYTES_MAX = 10_240
const REDIRECTS_MAX = 10

/** Rejects when no answer could be had for a reason that is not the container's: the run does not count then. */
export async function runProbe(context: KubeletContext, probe: Probe, target: ProbeTarget, signal: AbortSignal): Promise<ProbeOutcome> {
  const timeoutMs = Math.max(1, probe.timeoutSeconds ?? 1) * 1000
  if (probe.exec) return runCommand(context, probe.exec.command ?? [], target, timeoutMs)
  if (probe.httpGet) return runRequest(context, probe.httpGet, target, timeoutMs, signal)
  const { network } = context.host
  if (probe.tcpSocket) {
    const port = needPort(probe.tcpSocket.port, target.container)
    return reaches(() => network.connect(probe.tcpSocket?.host || target.podIP, port, { timeoutMs, signal }))
  }
  if (probe.grpc) {
    const { port, service } = probe.grpc
    return reaches(async () => {
      const health = await network.grpcHealth(target.podIP, port, service ?? '', { timeoutMs, signal })
      return health === 'SERVING' ? undefined : `service unhealthy (responded with "${health}")`
    })
  }
  throw new Error(`missing probe handler for ${target.pod.metadata.name}:${target.container.name}`)
}

async function runCommand(
  { runtime }: KubeletContext,
  command: readonly string[],
  { container, containerId }: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeOutcome> {
  const literal = new Map((container.env ?? []).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const])))
  try {
    const { exitCode, stdout, stderr } = await runtime.execSync(
      containerId,
      command.map(part => expand(part, name => literal.get(name))),
      timeoutMs,
    )
    if (exitCode === 0) return { is: 'success' }
    return { is: 'failure', output: (decodeText(stdout) + decodeText(stderr)).slice(0, OUTPUT_BYTES_MAX) }
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.code !== 'DeadlineExceeded') throw error
    return { is: 'failure', output: `command timed out: "${command.join(' ')}" timed out after ${goDuration(timeoutMs)}` }
  }
}

type HttpGet = NonNullable<Probe['httpGet']>

async function runRequest(
  context: KubeletContext,
  get: HttpGet,
  { container, podIP }: ProbeTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const { network, clock } = context.host
  const deadline = clock.now() + timeoutMs
  let place = {
    scheme: get.scheme === 'HTTPS' ? ('https' as const) : ('http' as const),
    host: get.host || podIP,
    port: needPort(get.port, container),
    path: `/${(get.path ?? '/').replace(/^\//, '')}`,
  }
  const headers = probeHeaders(get)
  try {
    for (let redirects = 0; ; redirects++) {
      const reply = await network.http({
        ...place,
        method: 'GET',
        headers,
        bodyBytesMax: OUTPUT_BYTES_MAX,
        timeoutMs: Math.max(1, deadline - clock.now()),
        signal,
      })
      const next = redirectOf(reply, place)
      if (!next || redirects >= REDIRECTS_MAX) return verdictOn(reply)
      // Another host is not this container: that it was pointed at is all the probe can say.
      if (next.host !== place.host) return { is: 'success', warning: `Probe terminated redirects, Response body: ${reply.body}` }
      place = next
    }
  } catch (error) {
    return failureOf(error)
  }
}

const verdictOn = ({ status }: HttpReply): ProbeOutcome =>
  status >= 200 && status < 400 ? { is: 'success' } : { is: 'failure', output: `HTTP probe failed with statuscode: ${status}` }

function redirectOf({ status, headers }: HttpReply, from: { scheme: 'http' | 'https'; host: string; port: number; path: string }): typeof from | undefined {
  const location = headers.location
  if (![301, 302, 303, 307, 308].includes(status) || !location) return undefined
  const host = from.host.includes(':') ? `[${from.host}]` : from.host
  const url = new URL(location, `${from.scheme}://${host}:${from.port}${from.path}`)
  const scheme = url.protocol === 'https:' ? 'https' : 'http'
  return { scheme, host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) || (scheme === 'https' ? 443 : 80), path: `${url.pathname}${url.search}` }
}

/** Those given go first; `Accept: ` with no value takes the header away. */
function probeHeaders({ httpHeaders = [] }: HttpGet): [string, string][] {
  const has = (wanted: string) => httpHeaders.some(({ name }) => name.toLowerCase() === wanted)
  const given = httpHeaders
    .filter(({ name, value }) => name.toLowerCase() !== 'accept' || value !== '')
    .map(({ name, value }): [string, string] => [name, value])
  return [
    ...(has('user-agent') ? [] : [['User-Agent', PROBE_USER_AGENT] as [string, string]]),
    ...(has('accept') ? [] : [['Accept', '*/*'] as [string, string]]),
    ...given,
  ]
}

async function reaches(ask: () => Promise<string | void>): Promise<ProbeOutcome> {
  try {
    const problem = await ask()
    return problem ? { is: 'failure', output: problem } : { is: 'success' }
  } catch (error) {
    return failureOf(error)
  }
}

/** That it cannot be reached is the container's failure; anything else is ours. */
function failureOf(error: unknown): ProbeOutcome {
  if (error instanceof NetworkError) return { is: 'failure', output: error.message }
  throw error
}

function needPort(port: string | number, container: Container): number {
  const number = resolvePort(port, container)
  if (number === undefined) throw new Error(`couldn't find port: ${port}`)
  return number
}
