/** The objects every cluster has from the start. Made by the server itself, past authorization and admission. */
import { Namespace } from '../api/kinds/namespace.ts'
import { PriorityClass } from '../api/kinds/priority_class.ts'
import { Service } from '../api/kinds/service.ts'
import { StorageClass } from '../api/kinds/storage_class.ts'
import type { Kind } from '../api/kind.ts'
import { isReason } from '../api/status.ts'
import { IS_DEFAULT_CLASS, LOCAL_PATH_PROVISIONER, STANDARD_CLASS } from '../api/storage.ts'
import type { Request, User } from '../base/transport.ts'
import type { Parts } from './parts.ts'
import { storeNewObject } from './registry/create.ts'
import { draftOf } from './registry/read_object.ts'

const SERVER: User = { name: 'system:apiserver', groups: ['system:masters'] }

const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease']

export interface BootstrapOptions {
  /** First usable address of the service range: where containers find the API server. */
  readonly apiServerIP: string
  /** The port the server listens on behind the Service's 443. */
  readonly apiServerPort: number
}

/** What is there already stays as it is, so that a cluster can be started again. */
export async function bootstrap(parts: Parts, { apiServerIP, apiServerPort }: BootstrapOptions): Promise<void> {
  for (const name of NAMESPACES) await ensure(parts, Namespace as never, '', { metadata: { name } })
  await ensure(parts, PriorityClass as never, '', {
    metadata: { name: 'system-node-critical' },
    value: 2_000_001_000,
    globalDefault: false,
    description: 'Used for system critical pods that must not be moved from their current node.',
  })
  await ensure(parts, PriorityClass as never, '', {
    metadata: { name: 'system-cluster-critical' },
    value: 2_000_000_000,
    globalDefault: false,
    description: 'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  })
  await ensure(parts, StorageClass as never, '', {
    metadata: { name: STANDARD_CLASS, annotations: { [IS_DEFAULT_CLASS]: 'true' } },
    provisioner: LOCAL_PATH_PROVISIONER,
    reclaimPolicy: 'Delete',
    // A directory is on one node, so it is made where the first Pod that uses it was put.
    volumeBindingMode: 'WaitForFirstConsumer',
  })
  await ensure(parts, Service as never, 'default', {
    metadata: { name: 'kubernetes', labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      type: 'ClusterIP',
      clusterIP: apiServerIP,
      clusterIPs: [apiServerIP],
      ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: apiServerPort }],
      sessionAffinity: 'None',
    },
  })
}

async function ensure(parts: Parts, kind: Kind, namespace: string, object: Record<string, unknown>): Promise<void> {
  const { name } = object.metadata as { name: string }
  const options = { dryRun: false, fieldManager: 'kube-apiserver', managerGiven: true, fieldValidation: 'Strict', force: false } as const
  const draft = draftOf(parts, kind, object, { validation: 'Strict', warnings: [] })
  try {
    await storeNewObject(parts, { kind, namespace, name, subresource: undefined, user: SERVER, request: NO_REQUEST, warnings: [] }, draft, options)
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error
  }
}

const NO_REQUEST: Request = { method: 'POST', path: '/', query: new URLSearchParams(), headers: {}, body: { is: 'none' }, signal: new AbortController().signal }
