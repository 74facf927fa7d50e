import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, present, type Infer } from '../schema.ts'
import { serviceSpec, serviceStatus } from '../types/service.ts'
import { dns1035Label } from '../validation/names.ts'
import { validateService, validateServiceUpdate } from '../validation/service.ts'
import { declareKind, statusSubresource } from './declare.ts'
import { serviceColumns } from './service_columns.ts'
import { prepareServiceForUpdate, setServiceDefaults } from './service_defaults.ts'

const schema = object(
  'io.k8s.api.core.v1.Service',
  {
    ...objectFields,
    spec: present(serviceSpec),
    status: present(serviceStatus),
  },
  { doc: 'One name and address for a changing set of Pods.' },
)

export interface Service extends Infer<typeof schema> {}

export const Service: Kind<Service> = declareKind<Service>({
  kind: 'Service',
  plural: 'services',
  shortNames: ['svc'],
  categories: ['all'],
  namespaced: true,
  schema,
  validateName: dns1035Label,
  subresources: [
    { name: 'proxy', verbs: ['create', 'delete', 'get', 'patch', 'update'], kind: { group: '', version: 'v1', kind: 'ServiceProxyOptions' } },
    statusSubresource,
  ],
  fieldSelectors: {
    'spec.clusterIP': ({ spec }) => spec.clusterIP ?? '',
    'spec.type': ({ spec }) => spec.type,
  },
  setDefaults: setServiceDefaults,
  prepareForCreate: draft => {
    draft.status = { loadBalancer: {} }
  },
  prepareForUpdate: prepareServiceForUpdate,
  validate: validateService,
  validateUpdate: validateServiceUpdate,
  columns: serviceColumns,
})
