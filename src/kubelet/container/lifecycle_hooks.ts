/** postStart and preStop: a command in the container, a request to it, or a pause. */
import type { Pod } from '../../api/kinds/pod.ts'
import type { Container } from '../../api/types/container.ts'
import type { LifecycleHandler } from '../../api/types/lifecycle.ts'
import { decodeText } from '../../base/bytes.ts'
import { sleep } from '../../base/clock.ts'
import { NetworkError } from '../../base/network.ts'
import type { KubeletContext } from '../context.ts'
import { resolvePort } from '../probe/port.ts'

export const HOOK_USER_AGENT = 'kube-lifecycle/1.34'

/** A hook over HTTP has this long to answer. */
const HTTP_TIMEOUT_MS = 30_000
const BODY_BYTES_MAX = 10_240

/** Rejects when it failed. A hook that is aborted is no longer waited for; what runs in the container runs on. */
export async function runHook(
  context: KubeletContext,
  hook: LifecycleHandler,
  target: { pod: Pod; container: Container; containerId: string; podIP: string },
  signal: AbortSignal,
): Promise<void> {
  const { host, runtime } = context
  if (hook.exec) {
    const { exitCode, stdout, stderr } = await runtime.execSync(target.containerId, hook.exec.command ?? [], 0)
    if (exitCode !== 0) throw new Error(`command '${(hook.exec.command ?? []).join(' ')}' exited with ${exitCode}: ${decodeText(stderr)}${decodeText(stdout)}`)
  } else if (hook.httpGet) {
    await request(context, hook.httpGet, target, signal)
  } else if (hook.sleep) {
    await sleep(host.clock, hook.sleep.seconds * 1000, signal, 'lifecycle sleep')
  } else {
    // tcpSocket passes validation, but Kubernetes has no way to run it either.
    throw new Error('invalid handler: <nil>')
  }
}

async function request(
  context: KubeletContext,
  get: NonNullable<LifecycleHandler['httpGet']>,
  { pod, container, podIP }: { pod: Pod; container: Container; podIP: string },
  signal: AbortSignal,
): Promise<void> {
  const host = get.host || podIP
  const port = resolvePort(get.port, container)
  if (port === undefined) throw new Error(`couldn't find port: ${get.port}`)
  const path = `/${(get.path ?? '/').replace(/^\//, '')}`
  const given = (get.httpHeaders ?? []).map(({ name, value }) => [name, value] as const)
  const headers = given.some(([name]) => name.toLowerCase() === 'user-agent') ? given : [['User-Agent', HOOK_USER_AGENT] as const, ...given]
  const send = (scheme: 'http' | 'https') =>
    context.host.network.http({ scheme, host, port, path, method: 'GET', headers, bodyBytesMax: BODY_BYTES_MAX, timeoutMs: HTTP_TIMEOUT_MS, signal })
  if (get.scheme !== 'HTTPS') {
    await send('http')
    return
  }
  try {
    await send('https')
  } catch (error) {
    if (!(error instanceof NetworkError && error.code === 'Tls')) throw error
    // Old manifests say HTTPS to servers that speak plain HTTP, which used to work.
    context.events.warning(pod, 'LifecycleHTTPFallback', `HTTP lifecycle hook fallback to HTTP for container ${container.name}`)
    await send('http')
  }
}
