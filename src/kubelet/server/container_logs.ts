/** Which log is meant, and what of it: the rules behind `kubectl logs`. */
import type { Pod } from '../../api/kinds/pod.ts'
import { badRequest } from '../../api/status.ts'
import { containerStatusNamed } from '../../api/pod.ts'
import type { Request, Response } from '../../base/transport.ts'
import type { ContainerStatus } from '../../runtime/runtime.ts'
import type { KubeletContext } from '../context.ts'
import { containerLogPath, podLogsOf } from '../directories.ts'
import { restartCountOf } from '../container/labels.ts'
import { hasExited, instancesOf } from '../pod/instances.ts'
import { containersOf } from '../pod/pod_nouns.ts'
import type { PodWorker } from '../pod/pod_worker.ts'
import { readLog, type LogOptions } from '../logs/log_reader.ts'

export function containerLogs(context: KubeletContext, { pod, worker }: { pod: Pod; worker: PodWorker }, container: string, request: Request): Response {
  if (!containersOf(pod).some(named => named.container.name === container)) throw badRequest(`container ${container} is not valid for pod ${pod.metadata.name}`)
  const { query } = request
  const instance = choose(pod, worker, container, query.get('previous') === 'true')
  const path = `${podLogsOf(context.directories, pod)}/${containerLogPath(container, restartCountOf(instance))}`
  const options: LogOptions = {
    follow: query.get('follow') === 'true',
    timestamps: query.get('timestamps') === 'true',
    tailLines: numberOf(query, 'tailLines'),
    limitBytes: numberOf(query, 'limitBytes'),
    since: sinceOf(query, context.host.clock.wall()),
    // Once the container has ended there is nothing more to come.
    isOver: () => instancesOf(worker.observed, container).find(({ id }) => id === instance.id)?.state !== 'running',
  }
  return {
    status: 200,
    headers: { 'content-type': 'text/plain' },
    body: { is: 'stream', stream: readLog(context.host, path, options, request.signal) },
  }
}

/** The running instance, or the one that ended last; with `previous` the one before. */
function choose(pod: Pod, worker: PodWorker, container: string, previous: boolean): ContainerStatus {
  const instances = instancesOf(worker.observed, container).filter(({ state }) => state !== 'created')
  const [newest, before] = instances
  const name = pod.metadata.name
  if (previous) {
    const isWaiting = newest !== undefined && hasExited(newest) && containerStatusNamed(pod, container)?.state?.waiting !== undefined
    const chosen = isWaiting ? newest : before
    if (!chosen) throw badRequest(`previous terminated container "${container}" in pod "${name}" not found`)
    return chosen
  }
  if (newest) return newest
  const { reason = 'ContainerCreating' } = containerStatusNamed(pod, container)?.state?.waiting ?? {}
  throw badRequest(`container "${container}" in pod "${name}" is waiting to start: ${PULLING[reason] ?? reason}`)
}

const PULLING: Readonly<Record<string, string>> = { ErrImagePull: "image can't be pulled", ImagePullBackOff: 'trying and failing to pull image' }

function numberOf(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name)
  return value === null ? undefined : Number(value)
}

function sinceOf(query: URLSearchParams, now: number): string | undefined {
  const seconds = numberOf(query, 'sinceSeconds')
  if (seconds !== undefined) return new Date(now - seconds * 1000).toISOString()
  return query.get('sinceTime') ?? undefined
}
