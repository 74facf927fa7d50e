/**
 * A kubelet writes its own Node and the Pods bound to it, and nobody else's. Path and verb have been allowed
 * already (auth/node_authorizer.ts); here the object is known.
 */
import type { Pod } from '../../api/kinds/pod.ts'
import { forbiddenBy } from '../../api/status.ts'
import { nodeOf } from '../auth/node_authorizer.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'

const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror'

export const nodeRestriction: AdmissionPlugin = {
  name: 'NodeRestriction',
  handles: ({ user }) => nodeOf(user) !== undefined,
  check(request) {
    const node = nodeOf(request.user)!
    const problem = problemFor(node, request)
    if (problem) throw forbiddenBy(request.kind, request.name || (request.object?.metadata.name ?? ''), problem)
  },
}

function problemFor(node: string, request: AdmissionRequest): string | undefined {
  switch (request.kind.storage.prefix) {
    case '/pods/':
      return problemWithPod(node, request)
    case '/nodes/': {
      const name = request.object?.metadata.name ?? request.name
      return name === node ? undefined : `node ${JSON.stringify(node)} is not allowed to modify node ${JSON.stringify(name)}`
    }
    case '/coordination.k8s.io/leases/': {
      const name = request.object?.metadata.name ?? request.name
      return name === node ? undefined : `can only access node lease with the same name as the requesting node`
    }
    default:
      return undefined
  }
}

function problemWithPod(node: string, { operation, object, old }: AdmissionRequest): string | undefined {
  if (operation === 'CREATE') {
    const pod = object as Pod
    if (pod.metadata.annotations?.[MIRROR_ANNOTATION] === undefined)
      return `pod does not have ${JSON.stringify(MIRROR_ANNOTATION)} annotation, node ${JSON.stringify(node)} can only create mirror pods`
    return pod.spec.nodeName === node ? undefined : `node ${JSON.stringify(node)} can only create pods with spec.nodeName set to itself`
  }
  const bound = (old as Pod).spec.nodeName
  if (bound === node) return undefined
  return operation === 'DELETE'
    ? `node ${JSON.stringify(node)} can only delete pods with spec.nodeName set to itself`
    : `node ${JSON.stringify(node)} can only update pod status for pods with spec.nodeName set to itself`
}
