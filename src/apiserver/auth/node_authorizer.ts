/**
 * What a kubelet may do: look at what it needs to run Pods, and write only to what is its own.
 *
 * A kubelet is a user `system:node:<name>` in the group system:nodes. This file decides by path alone; what
 * needs the object (is that Pod bound to this Node?) is decided at admission (admission/node_restriction.ts).
 */
import type { User } from '../../base/transport.ts'
import { ALLOWED, NO_OPINION, type Authorizer, type Decision, type ResourceAttributes } from './authorizer.ts'
import type { NodeReferences, Referred } from './node_references.ts'

const NODE_PREFIX = 'system:node:'
const NODES_GROUP = 'system:nodes'

/** The Node a user is the kubelet of, or undefined when it is none. */
export const nodeOf = ({ name, groups }: User): string | undefined =>
  name.startsWith(NODE_PREFIX) && groups.includes(NODES_GROUP) ? name.slice(NODE_PREFIX.length) : undefined

export const nodeAuthorizer = (references: NodeReferences): Authorizer => ({
  authorize(attributes) {
    const node = nodeOf(attributes.user)
    if (node === undefined || attributes.is !== 'resource') return NO_OPINION
    const named = attributes.group === '' && attributes.subresource === '' ? NAMED_BY_PODS[attributes.plural] : undefined
    if (named) return readOfNamed(node, attributes, named, references)
    return allows(node, attributes) ? ALLOWED : NO_OPINION
  },
  rulesOf: user => (nodeOf(user) === undefined ? { rules: [] } : { rules: [], incomplete: 'node authorizer does not support user rule resolution' }),
})

const NAMED_BY_PODS: Readonly<Record<string, Referred | undefined>> = {
  secrets: 'secret',
  configmaps: 'configMap',
  serviceaccounts: 'serviceAccount',
  persistentvolumeclaims: 'claim',
  persistentvolumes: 'volume',
}

/** These a kubelet does not follow. */
const READ_ONE_BY_ONE: ReadonlySet<Referred> = new Set(['claim', 'volume'])

/** One by one, by name, and only those that one of its Pods names. A list or watch counts when its field selector has one name. */
async function readOfNamed(node: string, { verb, namespace, name }: ResourceAttributes, what: Referred, references: NodeReferences): Promise<Decision> {
  if (READ_ONE_BY_ONE.has(what) && verb !== 'get') return { is: 'denied', why: 'can only get individual resources of this type' }
  if (!READ.includes(verb)) return { is: 'denied', why: 'can only read resources of this type' }
  if (name === '') return { is: 'denied', why: 'No Object name found' }
  return (await references.has(node, what, namespace, name)) ? ALLOWED : { is: 'denied', why: `no relationship found between node '${node}' and this object` }
}

const READ = ['get', 'list', 'watch']

function allows(node: string, { verb, group, plural, subresource, namespace, name }: ResourceAttributes): boolean {
  const reads = READ.includes(verb)
  switch (`${group}/${plural}${subresource && `/${subresource}`}`) {
    case '/nodes':
      return reads || verb === 'create' || ((verb === 'update' || verb === 'patch' || verb === 'delete') && name === node)
    case '/nodes/status':
      return (verb === 'update' || verb === 'patch') && name === node
    case '/pods':
      return reads || verb === 'create' || (verb === 'delete' && name !== '')
    case '/pods/status':
      return verb === 'update' || verb === 'patch'
    case '/pods/eviction':
      return verb === 'create'
    case '/services':
    case '/namespaces':
    case '/endpoints':
    case 'discovery.k8s.io/endpointslices':
    case 'node.k8s.io/runtimeclasses':
    case 'storage.k8s.io/csidrivers':
      return reads
    case '/serviceaccounts/token':
      return verb === 'create'
    case '/events':
    case 'events.k8s.io/events':
      return verb === 'create' || verb === 'update' || verb === 'patch'
    case 'coordination.k8s.io/leases':
      return (
        namespace === 'kube-node-lease' &&
        (verb === 'create' || (name === node && (verb === 'get' || verb === 'update' || verb === 'patch' || verb === 'delete')))
      )
    case 'authentication.k8s.io/tokenreviews':
    case 'authorization.k8s.io/subjectaccessreviews':
      return verb === 'create'
    default:
      return false
  }
}
