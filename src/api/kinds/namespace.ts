import { cloneJson } from '../deep.ts'
import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, present, type Infer } from '../schema.ts'
import { namespaceSpec, namespaceStatus } from '../types/namespace.ts'
import { dnsLabel } from '../validation/names.ts'
import { validateNamespace, validateNamespaceUpdate } from '../validation/namespace.ts'
import { ageColumn, nameColumn, textColumn } from './columns.ts'
import { declareKind, statusSubresource } from './declare.ts'

const schema = object(
  'io.k8s.api.core.v1.Namespace',
  {
    ...objectFields,
    spec: present(namespaceSpec),
    status: present(namespaceStatus),
  },
  { doc: 'A scope for names; deleting it deletes everything in it.' },
)

export interface Namespace extends Infer<typeof schema> {}

/** The namespace controller takes it off when everything in the namespace is gone. */
const CONTENT_FINALIZER = 'kubernetes'
const NAME_LABEL = 'kubernetes.io/metadata.name'

export const Namespace: Kind<Namespace> = declareKind<Namespace>({
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  schema,
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  validateName: dnsLabel,
  subresources: [{ name: 'finalize', verbs: ['update'] }, statusSubresource],
  fieldSelectors: { 'status.phase': ({ status }) => status.phase },
  setDefaults: namespace => {
    const { name } = namespace.metadata
    if (name) namespace.metadata.labels = { ...namespace.metadata.labels, [NAME_LABEL]: name }
  },
  prepareForCreate: namespace => {
    namespace.status = { phase: 'Active' }
    const finalizers = namespace.spec.finalizers ?? []
    namespace.spec.finalizers = finalizers.includes(CONTENT_FINALIZER) ? finalizers : [...finalizers, CONTENT_FINALIZER]
  },
  prepareForUpdate: (draft, old, subresource) => {
    if (subresource !== 'finalize') draft.spec = cloneJson(old.spec)
    if (subresource !== 'status') draft.status = cloneJson(old.status)
  },
  validate: validateNamespace,
  validateUpdate: validateNamespaceUpdate,
  columns: [nameColumn, textColumn('Status', 'Active, or Terminating while its content is being deleted.', ({ status }) => status.phase), ageColumn],
})
