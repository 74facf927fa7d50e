/**
 * `/api/v1/nodes/{name}/proxy/…`: the kubelet's own server, seen through the API: `/stats/summary`, `/metrics/resource`, `/pods`.
 * Whoever may use nodes/proxy may do there whatever the kubelet can, as on Kubernetes.
 */
import { Node } from '../../api/kinds/node.ts'
import { badRequest, internalError } from '../../api/status.ts'
import type { Response } from '../../base/transport.ts'
import type { Exchange } from '../http/resources.ts'
import type { Parts } from '../parts.ts'
import type { Call } from '../registry/call.ts'
import { storedObject } from '../registry/get.ts'
import { KUBELET_CLIENT, type Kubelets } from './kubelet_streams.ts'

/** The port that Nodes name as their kubelet's. */
const KUBELET_PORT = '10250'

export async function nodeProxy(parts: Parts, kubelets: Kubelets, call: Call, { route }: Exchange): Promise<Response> {
  const name = nodeNameOf(call.name)
  await storedObject(parts, { kind: Node, namespace: '', name })
  const kubelet = kubelets(name)
  if (!kubelet) throw internalError(`error dialing backend: no connection to the kubelet of node ${JSON.stringify(name)}`)
  const { method, query, headers, body, signal } = call.request
  return kubelet({ method, query, headers, body, signal, path: `/${route.tail.map(encodeURIComponent).join('/')}`, user: KUBELET_CLIENT })
}

/** `node`, `node:10250` or `https:node:10250`. There is no way to another port of a node. */
function nodeNameOf(text: string): string {
  const parts = text.split(':')
  const [scheme, name, port] = parts.length === 3 ? parts : ['', ...parts]
  if (parts.length > 3 || !name || !['', 'http', 'https'].includes(scheme!)) throw badRequest(`invalid node request ${JSON.stringify(text)}`)
  if (port && port !== KUBELET_PORT) throw badRequest(`the proxy leads to the kubelet of a node and to no other port: ${port}`)
  return name
}
