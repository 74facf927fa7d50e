/** Which log is meant, and what of it: the rules behind `kubectl logs`. */
import type { Pod } from '../../api/kinds/pod.ts'
import { badRequest } from '../../api/status.ts'
import { containerStatusNamed, isTerminal } from '../../api/pod.ts'
import { encodeText } from '../../base/bytes.ts'
import type { Request, Response } from '../../base/transport.ts'
import type { ContainerStatus } from '../../runtime/runtime.ts'
import type { KubeletContext } from '../context.ts'
import { containerLogPath, podLogsOf } from '../directories.ts'
import { restartCountOf } from '../container/labels.ts'
import { hasExited, instancesOf } from '../pod/instances.ts'
import { containersOf } from '../pod/pod_nouns.ts'
import type { PodWorker } from '../pod/pod_worker.ts'
import { readLog, type LogOptions } from '../logs/log_reader.ts'

export async function containerLogs(
  context: KubeletContext,
  { pod, worker }: { pod: Pod; worker: PodWorker },
  container: string,
  request: Request,
): Promise<Response> {
  if (!containersOf(pod).some(named => named.container.name === container)) throw badRequest(`container ${container} is not valid for pod ${pod.metadata.name}`)
  const { query } = request
  const choice = choose(pod, worker, container, query.get('previous') === 'true')
  if (choice.is === 'lost') return text(`unable to retrieve container logs for ${choice.id}`)
  const { instance } = choice
  const path = `${podLogsOf(context.directories, pod)}/${containerLogPath(container, restartCountOf(instance))}`
  // The file may outlive the runtime's record of the container, or go before it; it is the file that counts.
  if (hasExited(instance) && !(await context.host.disk.stat(path))) return text(`unable to retrieve container logs for ${fullIdOf(pod, container, instance)}`)
  const options: LogOptions = {
    follow: query.get('follow') === 'true',
    timestamps: query.get('timestamps') === 'true',
    tailLines: numberOf(query, 'tailLines'),
    limitBytes: numberOf(query, 'limitBytes'),
    since: sinceOf(query, context.host.clock.wall()),
    // Once the container has ended there is nothing more to come.
    isOver: () => instancesOf(worker.observed, container).find(({ id }) => id === instance.id)?.state !== 'running',
  }
  return { status: 200, headers: TEXT, body: { is: 'stream', stream: readLog(context.host, path, options, request.signal) } }
}

/** With the name of the runtime before it, which the status has. */
function fullIdOf(pod: Pod, container: string, { id }: ContainerStatus): string {
  const { containerID, lastState } = containerStatusNamed(pod, container) ?? {}
  return [containerID, lastState?.terminated?.containerID].find(known => known?.endsWith(`//${id}`)) ?? id
}

const TEXT = { 'content-type': 'text/plain' }
const text = (line: string): Response => ({ status: 200, headers: TEXT, body: { is: 'bytes', bytes: encodeText(line) } })

type Choice = { readonly is: 'instance'; readonly instance: ContainerStatus } | { readonly is: 'lost'; readonly id: string }

/**
 * The running instance, or the one that ended last; with `previous` the one before. `lost`: the Pod's status knows of one
 * that the runtime has no more. Throws a 400 ApiError when there is none, in the words of Kubernetes (behaviour 11.11.7).
 */
function choose(pod: Pod, worker: PodWorker, container: string, previous: boolean): Choice {
  const [newest, before] = instancesOf(worker.observed, container).filter(({ state }) => state !== 'created')
  const status = containerStatusNamed(pod, container)
  const named = `container "${container}" in pod "${pod.metadata.name}"`
  if (previous) {
    const isWaiting = newest !== undefined && hasExited(newest) && status?.state?.waiting !== undefined
    const chosen = isWaiting ? newest : before
    if (chosen) return { is: 'instance', instance: chosen }
    const { containerID } = status?.lastState?.terminated ?? {}
    if (containerID) return { is: 'lost', id: containerID }
    throw badRequest(`previous terminated ${named} not found`)
  }
  if (newest) return { is: 'instance', instance: newest }
  const ended = status?.state?.terminated ?? status?.lastState?.terminated
  if (ended?.containerID) return { is: 'lost', id: ended.containerID }
  if (ended) throw badRequest(`${named} is terminated`)
  if (!status && isTerminal(pod)) throw badRequest(`${named} is not available`)
  const { reason = 'ContainerCreating' } = status?.state?.waiting ?? {}
  throw badRequest(`${named} is waiting to start: ${PULLING[reason] ?? reason}`)
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
