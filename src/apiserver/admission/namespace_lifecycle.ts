import type { Namespace } from '../../api/kinds/namespace.ts'
import { forbiddenBy, notFound } from '../../api/status.ts'
import { namespaceKey } from '../registry/keys.ts'
import type { AdmissionPlugin } from './admission.ts'
import type { AdmissionParts } from './plugins.ts'

/** What the cluster itself lives in. */
const IMMORTAL = ['default', 'kube-system', 'kube-public']

const namespaces = { group: '', plural: 'namespaces', kind: 'Namespace' }

/** Nothing is created where there is no namespace, or where it is on its way out; and three of them never go. */
export const namespaceLifecycle = ({ store }: AdmissionParts): AdmissionPlugin => ({
  name: 'NamespaceLifecycle',
  handles: ({ operation, kind }) => (operation === 'CREATE' && kind.namespaced) || (operation === 'DELETE' && kind.storage.prefix === '/namespaces/'),
  async mutate({ operation, kind, namespace, object }) {
    if (operation !== 'CREATE') return
    const stored = await store.get(namespaceKey(namespace))
    if (!stored) throw notFound(namespaces, namespace)
    const { metadata, status } = stored.value as Namespace
    if (status?.phase !== 'Terminating' && !metadata.deletionTimestamp) return
    const message = `namespace ${namespace} is being terminated`
    throw forbiddenBy(kind, object?.metadata.name ?? '', `unable to create new content in namespace ${namespace} because it is being terminated`, [
      { reason: 'NamespaceTerminating', message, field: 'metadata.namespace' },
    ])
  },
  check({ operation, kind, name }) {
    if (operation === 'DELETE' && IMMORTAL.includes(name)) throw forbiddenBy(kind, name, 'this namespace may not be deleted')
  },
})
