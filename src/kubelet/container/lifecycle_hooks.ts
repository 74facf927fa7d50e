/** postStart and preStop: a command in the container, a request to it, or a pause. */
import type { Pod } from '../../api/kinds/pod.ts'
import type { Container } from '../../api/types/container.ts'
import type { LifecycleHandler } from '../../api/types/lifecycle.ts'
import { decodeText } from '../../base/bytes.ts'
import { sleep } from '../../base/clock.ts'
import { messageOf } from '../../base/error_message.ts'
import { NetworkError } from '../../base/network.ts'
import type { KubeletContext } from '../context.ts'
import { podLabel } from '../pod/pod_nouns.ts'
import { resolvePort } from '../probe/port.ts'

export const HOOK_USER_AGENT = 'kube-lifecycle/1.34'

/** A hook over HTTP has this long to answer. */
const HTTP_TIMEOUT_MS = 30_000
const BODY_BYTES_MAX = 10_240

export interface HookTarget {
  readonly pod: Pod
  readonly container: Container
  readonly containerId: string
  readonly podIP: string
}

/** Rejects when it failed, in Kubernetes' words. A hook that is aborted is no longer waited for; what runs in the container runs on. */
export async function runHook(context: KubeletContext, hook: LifecycleHandler, target: HookTarget, signal: AbortSignal): Promise<void> {
  const owner = `for Container "${target.container.name}" in Pod "${podLabel(target.pod)}"`
  const failed = (what: string, error: unknown, rest = '') => new Error(`${what} ${owner} failed - error: ${messageOf(error)}${rest}`)
  if (hook.exec) {
    const command = hook.exec.command ?? []
    const { problem, output } = await runCommand(context, command, target.containerId)
    if (problem) throw failed(`Exec lifecycle hook (${command.join(' ')})`, problem, `, message: ${JSON.stringify(output)}`)
  } else if (hook.httpGet) {
    const { path } = hook.httpGet
    await request(context, hook.httpGet, target, signal).catch((error: unknown) => {
      throw failed(`HTTP lifecycle hook (${path})`, error)
    })
  } else if (hook.sleep) {
    const { seconds } = hook.sleep
    await sleep(context.host.clock, seconds * 1000, signal, 'lifecycle sleep').catch((error: unknown) => {
      throw failed(`Sleep lifecycle hook (${seconds})`, error)
    })
  } else {
    // tcpSocket passes validation, but Kubernetes has no way to run it either.
    throw new Error('Cannot run handler: invalid handler: <nil>')
  }
}

async function runCommand({ runtime }: KubeletContext, command: readonly string[], containerId: string): Promise<{ problem?: Error; output: string }> {
  try {
    const { exitCode, stdout, stderr } = await runtime.execSync(containerId, command, 0)
    const output = decodeText(stdout) + decodeText(stderr)
    return exitCode === 0 ? { output } : { problem: new Error(`command '${command.join(' ')}' exited with ${exitCode}: ${decodeText(stderr)}`), output }
  } catch (error) {
    return { problem: error as Error, output: '' }
  }
}

async function request(
  context: KubeletContext,
  get: NonNullable<LifecycleHandler['httpGet']>,
  { pod, container, podIP }: HookTarget,
  signal: AbortSignal,
): Promise<void> {
  const host = get.host || podIP
  const port = resolvePort(get.port, container)
  if (port === undefined) throw new Error(`couldn't find port: ${get.port}`)
  const path = `/${(get.path ?? '/').replace(/^\//, '')}`
  const given = (get.httpHeaders ?? []).map(({ name, value }) => [name, value] as const)
  const headers = given.some(([name]) => name.toLowerCase() === 'user-agent') ? given : [['User-Agent', HOOK_USER_AGENT] as const, ...given]
  const send = (scheme: 'http' | 'https', sent: typeof headers) =>
    context.host.network.http({ scheme, host, port, path, method: 'GET', headers: sent, bodyBytesMax: BODY_BYTES_MAX, timeoutMs: HTTP_TIMEOUT_MS, signal })
  if (get.scheme !== 'HTTPS') return void (await send('http', headers))
  try {
    await send('https', headers)
  } catch (error) {
    const isPlain = error instanceof NetworkError && error.code === 'Tls' && error.message.includes('server gave HTTP response to HTTPS client')
    if (!isPlain) throw error
    // Old manifests say HTTPS to servers that speak plain HTTP, which used to work. What was meant for TLS is not sent in the open.
    const isSafe = ([name]: readonly [string, string]) => name.toLowerCase() !== 'authorization'
    await send('http', headers.filter(isSafe)).catch(() => {
      throw error
    })
    const place = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
    context.events.warning(pod, 'LifecycleHTTPFallback', `request to HTTPS lifecycle hook ${place} got HTTP response, retry with HTTP succeeded`)
  }
}
