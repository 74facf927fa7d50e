/** What a ResourceQuota can count, by the names of its resources. */
import type { Kind } from '../kind.ts'

/** Kinds whose number may be written without `count/`. */
const COUNTED_BY_NAME = ['configmaps', 'persistentvolumeclaims', 'pods', 'replicationcontrollers', 'resourcequotas', 'secrets', 'services']

const COMPUTE = ['cpu', 'memory', 'ephemeral-storage']
const POD_RESOURCES: ReadonlySet<string> = new Set(['pods', ...COMPUTE.flatMap(name => [name, `requests.${name}`, `limits.${name}`])])
const SERVICE_RESOURCES: ReadonlySet<string> = new Set(['services', 'services.nodeports', 'services.loadbalancers'])
const CLAIM_RESOURCES: ReadonlySet<string> = new Set(['persistentvolumeclaims', 'requests.storage'])

/** `gold.storageclass.storage.k8s.io/requests.storage`: what the claims of one class may ask for. */
export const STORAGE_CLASS_INFIX = '.storageclass.storage.k8s.io/'

/** `count/deployments.apps`, `count/pods`. */
export const countName = ({ plural, group }: Pick<Kind, 'plural' | 'group'>): string => `count/${plural}${group && `.${group}`}`

/** Names without a slash must be these. */
export const isStandardQuotaResource = (name: string): boolean =>
  POD_RESOURCES.has(name) || SERVICE_RESOURCES.has(name) || CLAIM_RESOURCES.has(name) || COUNTED_BY_NAME.includes(name) || isHugePages(name)

/** Whether objects of this kind can use some of this resource. */
export function isCountedFor(kind: Pick<Kind, 'plural' | 'group'>, name: string): boolean {
  if (name === countName(kind)) return true
  if (kind.group !== '') return false
  switch (kind.plural) {
    case 'pods':
      return POD_RESOURCES.has(name) || isHugePages(name) || isExtended(name)
    case 'services':
      return SERVICE_RESOURCES.has(name)
    case 'persistentvolumeclaims':
      return CLAIM_RESOURCES.has(name) || name.includes(STORAGE_CLASS_INFIX)
    default:
      return name === kind.plural && COUNTED_BY_NAME.includes(name)
  }
}

const isHugePages = (name: string): boolean => /^(requests\.)?hugepages-/.test(name)

/** Of a vendor's resource only `requests.` is counted, because its limit is always the same. */
const isExtended = (name: string): boolean => name.startsWith('requests.') && name.includes('/') && !name.includes('kubernetes.io/')
