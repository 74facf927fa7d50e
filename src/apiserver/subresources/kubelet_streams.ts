/**
 * Logs, exec, attach and port-forward: the server finds the Pod, picks the container, and passes the request on to the
 * kubelet of its Node. What the kubelet answers (a stream, a session, a Status) goes back as it is.
 */
import { forbidden, invalidValue, type FieldError } from '../../api/field_error.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { badRequest, internalError, invalid } from '../../api/status.ts'
import type { Response, Transport, User } from '../../base/transport.ts'
import { bodyResponse } from '../http/respond.ts'
import { isTrue } from '../http/route.ts'
import type { Parts } from '../parts.ts'
import type { Call } from '../registry/call.ts'
import { storedObject } from '../registry/get.ts'

export type Kubelets = (nodeName: string) => Transport | undefined

/** How the server introduces itself to kubelets. */
export const KUBELET_CLIENT: User = { name: 'kube-apiserver-kubelet-client', groups: ['system:masters', 'system:authenticated'] }

export async function podLog(parts: Parts, kubelets: Kubelets, call: Call): Promise<Response> {
  const { query } = call.request
  checkLogOptions(query)
  const pod = (await storedObject(parts, call)).value as Pod
  const container = containerFor(pod, query.get('container') ?? '')
  // Nothing has run yet, so there is nothing to show; kubectl logs -f comes back by itself.
  if (!pod.spec.nodeName) return bodyResponse(200, { is: 'none' }, 'text/plain')
  return askKubelet(kubelets, call, pod, 'GET', ['containerLogs', call.namespace, call.name, container], only(query, LOG_PARAMETERS))
}

export async function podExec(parts: Parts, kubelets: Kubelets, call: Call): Promise<Response> {
  return remoteCommand(parts, kubelets, call, 'exec')
}

export async function podAttach(parts: Parts, kubelets: Kubelets, call: Call): Promise<Response> {
  return remoteCommand(parts, kubelets, call, 'attach')
}

export async function podPortForward(parts: Parts, kubelets: Kubelets, call: Call): Promise<Response> {
  const pod = await scheduledPod(parts, call)
  return askKubelet(kubelets, call, pod, 'POST', ['portForward', call.namespace, call.name], only(call.request.query, ['ports']))
}

async function remoteCommand(parts: Parts, kubelets: Kubelets, call: Call, action: 'exec' | 'attach'): Promise<Response> {
  const { query } = call.request
  if (action === 'exec' && query.getAll('command').length === 0) throw badRequest('you must specify at least one command for the container')
  const pod = await scheduledPod(parts, call)
  const container = containerFor(pod, query.get('container') ?? '')
  const asked = new URLSearchParams()
  for (const command of query.getAll('command')) asked.append('command', command)
  for (const [ours, theirs] of [
    ['stdin', 'input'],
    ['stdout', 'output'],
    ['stderr', 'error'],
    ['tty', 'tty'],
  ] as const) {
    if (query.has(ours) && isTrue(query.get(ours))) asked.set(theirs, '1')
  }
  // With a terminal there is one stream only.
  if (asked.has('tty')) asked.delete('error')
  return askKubelet(kubelets, call, pod, 'POST', [action, call.namespace, call.name, container], asked)
}

async function scheduledPod(parts: Parts, call: Call): Promise<Pod> {
  const pod = (await storedObject(parts, call)).value as Pod
  if (!pod.spec.nodeName) throw badRequest(`pod ${call.name} does not have a host assigned`)
  return pod
}

/** Throws a 400 ApiError when the name is wrong, or missing where there are several. */
export function containerFor({ metadata, spec }: Pod, asked: string): string {
  const names = (containers: readonly { name: string }[] | undefined): string[] => (containers ?? []).map(({ name }) => name)
  const regular = names(spec.containers)
  const init = names(spec.initContainers)
  const ephemeral = names(spec.ephemeralContainers)
  if (asked) {
    if (![...regular, ...init, ...ephemeral].includes(asked)) throw badRequest(`container ${asked} is not valid for pod ${metadata.name}`)
    return asked
  }
  if (regular.length === 1) return regular[0]!
  if (regular.length === 0) throw badRequest(`a container name must be specified for pod ${metadata.name}`)
  const others = [
    init.length > 0 ? ` or one of the init containers: [${init.join(' ')}]` : '',
    ephemeral.length > 0 ? ` or one of the ephemeral containers: [${ephemeral.join(' ')}]` : '',
  ].join('')
  throw badRequest(`a container name must be specified for pod ${metadata.name}, choose one of: [${regular.join(' ')}]${others}`)
}

async function askKubelet(
  kubelets: Kubelets,
  call: Call,
  pod: Pod,
  method: 'GET' | 'POST',
  segments: readonly string[],
  query: URLSearchParams,
): Promise<Response> {
  const nodeName = pod.spec.nodeName!
  const kubelet = kubelets(nodeName)
  if (!kubelet) throw internalError(`error dialing backend: no connection to the kubelet of node ${JSON.stringify(nodeName)}`)
  return kubelet({
    method,
    query,
    path: `/${segments.map(encodeURIComponent).join('/')}`,
    headers: call.request.headers,
    body: { is: 'none' },
    user: KUBELET_CLIENT,
    signal: call.request.signal,
  })
}

const LOG_PARAMETERS = ['follow', 'previous', 'sinceSeconds', 'sinceTime', 'timestamps', 'tailLines', 'limitBytes']

function only(query: URLSearchParams, names: readonly string[]): URLSearchParams {
  const kept = new URLSearchParams()
  for (const [name, value] of query) if (names.includes(name)) kept.append(name, value)
  return kept
}

function checkLogOptions(query: URLSearchParams): void {
  const errors: FieldError[] = []
  const count = (name: string, min: 0 | 1): void => {
    const text = query.get(name)
    if (text === null) return
    if (!/^-?[0-9]{1,15}$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
    if (Number(text) < min) errors.push(invalidValue(name, Number(text), min === 0 ? 'must be greater than or equal to 0' : 'must be greater than 0'))
  }
  count('tailLines', 0)
  count('limitBytes', 1)
  count('sinceSeconds', 1)
  const sinceTime = query.get('sinceTime')
  if (sinceTime !== null && query.has('sinceSeconds')) errors.push(forbidden('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'))
  if (sinceTime !== null && Number.isNaN(Date.parse(sinceTime))) throw badRequest(`parsing time ${JSON.stringify(sinceTime)}: it is no RFC 3339 time`)
  // Choosing one of the two streams is alpha and off in 1.34.
  if (query.has('stream') && query.get('stream') !== 'All') errors.push(forbidden('stream', 'may not be specified'))
  if (errors.length > 0) throw invalid({ group: '', plural: 'podlogoptions', kind: 'PodLogOptions' }, '', errors)
}
