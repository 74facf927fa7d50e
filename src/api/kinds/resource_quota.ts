import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, present, type Infer } from '../schema.ts'
import { resourceQuotaSpec, resourceQuotaStatus } from '../types/resource_quota.ts'
import { validateResourceQuota, validateResourceQuotaUpdate } from '../validation/resource_quota.ts'
import { ageColumn, nameColumn, textColumn } from './columns.ts'
import { declareKind, keepOtherPart, statusSubresource } from './declare.ts'

const schema = object(
  'io.k8s.api.core.v1.ResourceQuota',
  {
    ...objectFields,
    spec: present(resourceQuotaSpec),
    status: present(resourceQuotaStatus),
  },
  { doc: 'How much the objects of a namespace may use together, and how much they do. What would exceed it is refused.' },
)

export interface ResourceQuota extends Infer<typeof schema> {}

export const ResourceQuota: Kind<ResourceQuota> = declareKind<ResourceQuota>({
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  shortNames: ['quota'],
  namespaced: true,
  schema,
  subresources: [statusSubresource],
  prepareForCreate: draft => {
    draft.status = {}
  },
  prepareForUpdate: keepOtherPart,
  validate: validateResourceQuota,
  validateUpdate: validateResourceQuotaUpdate,
  columns: [
    nameColumn,
    textColumn('Request', 'What is used of what may be used, but for limits.', quota => printUse(quota, name => !isLimit(name))),
    textColumn('Limit', 'What is used of the limits.', quota => printUse(quota, isLimit)),
    ageColumn,
  ],
})

/** `pods: 1/2, requests.cpu: 0/1`, in the order of names. */
const printUse = ({ status }: ResourceQuota, isShown: (name: string) => boolean): string =>
  Object.keys(status.hard ?? {})
    .filter(isShown)
    .sort()
    .map(name => `${name}: ${status.used?.[name] ?? '0'}/${status.hard![name]}`)
    .join(', ')

const isLimit = (name: string): boolean => name.startsWith('limits.')
