/**
 * A kubelet writes its own Node and the Pods bound to it, and nobody else's. Path and verb have been allowed
 * already (auth/node_authorizer.ts); here the object is known.
 */
import { apiReferenceOf } from '../../api/api_references.ts'
import type { Node } from '../../api/kinds/node.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { CONFIG_MIRROR_ANNOTATION, isMirrorPod } from '../../api/pod.ts'
import { forbiddenBy } from '../../api/status.ts'
import { nodeOf } from '../auth/node_authorizer.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import type { AdmissionParts } from './plugins.ts'

export const nodeRestriction = ({ store }: Pick<AdmissionParts, 'store'>): AdmissionPlugin => ({
  name: 'NodeRestriction',
  handles: ({ user }) => nodeOf(user) !== undefined,
  async check(request) {
    const node = nodeOf(request.user)!
    const uidOf = async () => ((await store.get(`/nodes/${node}`))?.value as Node | undefined)?.metadata.uid
    const problem = await problemFor(node, request, uidOf)
    if (problem) throw forbiddenBy(request.kind, request.name || (request.object?.metadata.name ?? ''), problem)
  },
})

async function problemFor(node: string, request: AdmissionRequest, uidOf: () => Promise<string | undefined>): Promise<string | undefined> {
  switch (request.kind.storage.prefix) {
    case '/pods/':
      return request.operation === 'CREATE' ? problemWithMirror(node, request.object as Pod, uidOf) : problemWithPod(node, request)
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

/** A kubelet makes Pods only to show its own static ones, and gains nothing by it: they give access to nothing. */
async function problemWithMirror(node: string, pod: Pod, uidOf: () => Promise<string | undefined>): Promise<string | undefined> {
  const quoted = JSON.stringify(node)
  if (!isMirrorPod(pod)) return `pod does not have ${JSON.stringify(CONFIG_MIRROR_ANNOTATION)} annotation, node ${quoted} can only create mirror pods`
  if (pod.spec.nodeName !== node) return `node ${quoted} can only create pods with spec.nodeName set to itself`
  const owners = pod.metadata.ownerReferences ?? []
  if (owners.length > 1) return `node ${quoted} can only create pods with a single owner reference set to itself`
  const [owner] = owners
  if (!owner || owner.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node)
    return `node ${quoted} can only create pods with an owner reference set to itself`
  if (!owner.controller) return `node ${quoted} can only create pods with a controller owner reference set to itself`
  if (owner.blockOwnerDeletion) return `node ${quoted} must not set blockOwnerDeletion on an owner reference`
  const uid = await uidOf()
  if (owner.uid !== uid) return `node ${quoted} UID mismatch: expected ${owner.uid} got ${uid ?? ''}`
  const reference = apiReferenceOf(pod.spec)
  return reference && `node ${quoted} can not create pods that reference ${reference}`
}

function problemWithPod(node: string, { operation, old }: AdmissionRequest): string | undefined {
  const bound = (old as Pod).spec.nodeName
  if (bound === node) return undefined
  return operation === 'DELETE'
    ? `node ${JSON.stringify(node)} can only delete pods with spec.nodeName set to itself`
    : `node ${JSON.stringify(node)} can only update pod status for pods with spec.nodeName set to itself`
}
