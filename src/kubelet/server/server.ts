/**
 * The kubelet's own server, which the API server asks on behalf of users. Its paths are those of Kubernetes' kubelet.
 *
 *   GET  /containerLogs/{namespace}/{pod}/{container}
 *   POST /exec/{namespace}/{pod}/{container}      /attach/…      /portForward/{namespace}/{pod}
 *   GET  /pods   /healthz   /stats/summary[?only_cpu_and_memory=true]   /metrics/resource
 *
 * One is Poise's own: POST and DELETE /localPath, for the provisioner of poise.dev/local-path.
 */
import { ApiError, badRequest, failure, internalError, notFound } from '../../api/status.ts'
import { Pod } from '../../api/kinds/pod.ts'
import { encodeText } from '../../base/bytes.ts'
import { messageOf } from '../../base/error_message.ts'
import type { Request, Response, Session, Transport } from '../../base/transport.ts'
import { RuntimeError, type ContainerStatus } from '../../runtime/runtime.ts'
import type { KubeletContext } from '../context.ts'
import { newestOf } from '../pod/instances.ts'
import type { PodWorkers } from '../pod/pod_workers.ts'
import type { StatsProvider } from '../stats/provider.ts'
import { resourceMetrics } from '../stats/resource_metrics.ts'
import { summaryObject } from '../stats/summary.ts'
import { createLocalPathDirectories } from '../volume/local_path.ts'
import { containerLogs } from './container_logs.ts'
import { answerLocalPath } from './local_path.ts'

export function createKubeletServer(context: KubeletContext, workers: PodWorkers, stats: StatsProvider): Transport {
  const { runtime } = context
  const localPath = createLocalPathDirectories(context)

  async function route(request: Request): Promise<Response> {
    const [verb = '', namespace = '', name = '', container = ''] = request.path.split('/').slice(1).map(decodeURIComponent)
    switch (verb) {
      case 'healthz':
        return text(200, 'ok')
      case 'pods':
        return object({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: workers.list().map(({ pod }) => pod) })
      case 'stats':
        return namespace === 'summary' ? summary(request) : text(404, '404 page not found\n')
      case 'metrics':
        return namespace === 'resource' ? text(200, resourceMetrics(await stats.readUsage()), METRICS_TYPE) : text(404, '404 page not found\n')
      case 'containerLogs':
        return containerLogs(context, find(namespace, name), container, request)
      case 'exec':
        return command(request, running(namespace, name, container), 'exec')
      case 'attach':
        return command(request, running(namespace, name, container), 'attach')
      case 'portForward':
        return portForward(namespace, name)
      case 'localPath':
        return object(await answerLocalPath(localPath, namespace, request))
      default:
        return text(404, '404 page not found\n')
    }
  }

  async function summary({ query }: Request): Promise<Response> {
    const usageOnly = query.get('only_cpu_and_memory') === 'true'
    return object(summaryObject(context.nodeName, await (usageOnly ? stats.readUsage() : stats.read()), { usageOnly }))
  }

  function find(namespace: string, name: string) {
    const found = workers.find(namespace, name)
    if (!found) throw notFound(Pod, name)
    return found
  }

  function running(namespace: string, name: string, container: string): ContainerStatus {
    const { worker } = find(namespace, name)
    const newest = newestOf(worker.observed, container)
    if (!newest) throw failure(404, 'NotFound', `container not found ("${container}")`)
    if (newest.state !== 'running') throw internalError(`container not running (${newest.id})`)
    return newest
  }

  function command({ query, path }: Request, container: ContainerStatus, action: 'exec' | 'attach'): Response {
    const tty = isSet(query, 'tty')
    const options = { stdin: isSet(query, 'input'), stdout: isSet(query, 'output'), stderr: isSet(query, 'error') && !tty, tty }
    if (!options.stdin && !options.stdout && !options.stderr) throw badRequest(`you must specify at least 1 of stdin, stdout, stderr for ${path}`)
    return session({
      is: 'remoteCommand',
      options,
      async run(streams) {
        try {
          return await (action === 'exec'
            ? runtime.exec(container.id, query.getAll('command'), options, streams)
            : runtime.attach(container.id, options, streams))
        } catch (error) {
          return { is: 'failed', message: messageOf(error) }
        }
      },
    })
  }

  function portForward(namespace: string, name: string): Response {
    const { worker } = find(namespace, name)
    const sandbox = worker.observed.sandboxes.find(({ ready }) => ready)
    if (!sandbox) throw internalError(`the sandbox of pod ${name} is not running`)
    return session({ is: 'portForward', forward: (port, connection) => runtime.portForward(sandbox.id, port, connection) })
  }

  return async request => {
    try {
      return await route(request)
    } catch (error) {
      const shown =
        error instanceof ApiError
          ? error
          : error instanceof RuntimeError && error.code === 'NotFound'
            ? failure(404, 'NotFound', error.message)
            : internalError(messageOf(error))
      return object(shown.status, shown.code)
    }
  }
}

const isSet = (query: URLSearchParams, name: string): boolean => query.get(name) === '1' || query.get(name) === 'true'

const session = (it: Session): Response => ({ status: 101, headers: {}, body: { is: 'session', session: it } })

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

const text = (status: number, body: string, contentType = 'text/plain; charset=utf-8'): Response => ({
  status,
  headers: { 'content-type': contentType },
  body: { is: 'bytes', bytes: encodeText(body) },
})

const object = (it: unknown, status = 200): Response => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: { is: 'object', object: it, json: () => encodeText(JSON.stringify(it)) },
})
