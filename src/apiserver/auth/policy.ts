/**
 * Who may do what before there are Roles: the administrators, the components of the control plane, and what
 * everybody may. Rules have the shape of RBAC's PolicyRule, so that RBAC can reuse `covers`.
 */
import { LOCAL_PATH_USER } from '../../api/storage.ts'
import { ALLOWED, NO_OPINION, type Attributes, type Authorizer, type Rule } from './authorizer.ts'

export interface Grant {
  /** A user's name, or a group's with the prefix `group:`. */
  readonly to: string
  readonly rules: readonly Rule[]
}

export function policyAuthorizer(grants: readonly Grant[]): Authorizer {
  const rulesOf = new Map<string, readonly Rule[]>()
  for (const { to, rules } of grants) rulesOf.set(to, [...(rulesOf.get(to) ?? []), ...rules])
  return {
    authorize(attributes) {
      const { name, groups } = attributes.user
      if (rulesOf.get(name)?.some(rule => covers(rule, attributes))) return ALLOWED
      for (const group of groups) if (rulesOf.get(`group:${group}`)?.some(rule => covers(rule, attributes))) return ALLOWED
      return NO_OPINION
    },
    rulesOf: ({ name, groups }) => ({ rules: [name, ...groups.map(group => `group:${group}`)].flatMap(to => rulesOf.get(to) ?? []) }),
  }
}

export function covers(rule: Rule, attributes: Attributes): boolean {
  if (!has(rule.verbs, attributes.verb)) return false
  if (attributes.is === 'path') return rule.nonResourceURLs?.some(url => urlCovers(url, attributes.path)) ?? false
  const { plural, subresource, group, name } = attributes
  const resource = subresource ? `${plural}/${subresource}` : plural
  return (
    has(rule.apiGroups ?? [], group) &&
    (has(rule.resources ?? [], resource) || (subresource !== '' && (rule.resources ?? []).includes(`*/${subresource}`))) &&
    (!rule.resourceNames || rule.resourceNames.length === 0 || rule.resourceNames.includes(name))
  )
}

const has = (list: readonly string[], word: string): boolean => list.includes(word) || list.includes('*')

const urlCovers = (url: string, path: string): boolean => (url.endsWith('*') ? path.startsWith(url.slice(0, -1)) : path === url)

const READ = ['get', 'list', 'watch']
const WRITE = ['create', 'update', 'patch', 'delete', 'deletecollection']
const EVERYTHING: Rule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }
const EVENTS: Rule = { verbs: ['create', 'patch', 'update'], apiGroups: ['', 'events.k8s.io'], resources: ['events'] }
const LEASES: Rule = { verbs: [...READ, ...WRITE], apiGroups: ['coordination.k8s.io'], resources: ['leases'] }

const HEALTH_PATHS = ['/healthz', '/healthz/*', '/livez', '/livez/*', '/readyz', '/readyz/*', '/version', '/version/']
const DISCOVERY_PATHS = ['/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*']

/** What holds in every cluster. Kubernetes gives the same by ClusterRoles made at start. */
export const BUILT_IN_GRANTS: readonly Grant[] = [
  { to: 'group:system:masters', rules: [EVERYTHING, { verbs: ['*'], nonResourceURLs: ['*'] }] },
  { to: 'system:apiserver', rules: [EVERYTHING, { verbs: ['*'], nonResourceURLs: ['*'] }] },
  { to: 'system:kube-controller-manager', rules: [EVERYTHING, { verbs: ['get'], nonResourceURLs: ['*'] }] },
  {
    to: 'system:kube-scheduler',
    rules: [
      { verbs: READ, apiGroups: ['*'], resources: ['*'] },
      { verbs: ['create'], apiGroups: [''], resources: ['bindings', 'pods/binding'] },
      { verbs: ['patch', 'update'], apiGroups: [''], resources: ['pods/status'] },
      { verbs: ['delete'], apiGroups: [''], resources: ['pods'] },
      // Kubernetes' system:volume-scheduler.
      { verbs: ['patch', 'update'], apiGroups: [''], resources: ['persistentvolumes', 'persistentvolumeclaims'] },
      EVENTS,
      LEASES,
    ],
  },
  {
    to: 'system:kube-proxy',
    rules: [
      { verbs: READ, apiGroups: [''], resources: ['services', 'endpoints', 'nodes', 'namespaces'] },
      { verbs: READ, apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'] },
      EVENTS,
    ],
  },
  {
    to: 'system:serviceaccount:kube-system:coredns',
    rules: [
      { verbs: READ, apiGroups: [''], resources: ['services', 'endpoints', 'pods', 'namespaces', 'nodes'] },
      { verbs: READ, apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'] },
    ],
  },
  {
    to: LOCAL_PATH_USER,
    rules: [
      { verbs: READ, apiGroups: ['', 'storage.k8s.io'], resources: ['nodes', 'persistentvolumeclaims', 'storageclasses'] },
      { verbs: ['update'], apiGroups: [''], resources: ['persistentvolumeclaims'] },
      { verbs: [...READ, 'create', 'update', 'delete'], apiGroups: [''], resources: ['persistentvolumes'] },
      EVENTS,
    ],
  },
  { to: 'group:system:serviceaccounts', rules: [{ verbs: ['get', 'head'], nonResourceURLs: ['/.well-known/openid-configuration', '/openid/v1/jwks'] }] },
  { to: 'group:system:unauthenticated', rules: [{ verbs: ['get', 'head'], nonResourceURLs: HEALTH_PATHS }] },
  {
    to: 'group:system:authenticated',
    rules: [
      { verbs: ['get', 'head'], nonResourceURLs: [...HEALTH_PATHS, ...DISCOVERY_PATHS] },
      { verbs: ['create'], apiGroups: ['authorization.k8s.io'], resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'] },
      { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] },
    ],
  },
]
