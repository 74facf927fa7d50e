/** How `kubectl get nodes` describes a node. */
import type { Column } from '../kind.ts'
import { ageColumn, nameColumn, orNone, textColumn, wideColumn } from './columns.ts'
import type { Node } from './node.ts'

const ROLE_PREFIX = 'node-role.kubernetes.io/'
const ROLE_LABEL = 'kubernetes.io/role'

export const nodeColumns: readonly Column<Node>[] = [
  nameColumn,
  textColumn('Status', 'Whether the node can run Pods.', printStatus),
  textColumn('Roles', 'What the node is there for, from its labels.', printRoles),
  ageColumn,
  textColumn('Version', 'Version of the kubelet.', node => node.status.nodeInfo?.kubeletVersion ?? ''),
  wideColumn('Internal-IP', 'Address inside the cluster.', node => address(node, 'InternalIP')),
  wideColumn('External-IP', 'Address outside the cluster.', node => address(node, 'ExternalIP')),
  wideColumn('OS-Image', 'Operating system.', node => node.status.nodeInfo?.osImage || '<unknown>'),
  wideColumn('Kernel-Version', 'Version of the kernel.', node => node.status.nodeInfo?.kernelVersion || '<unknown>'),
  wideColumn('Container-Runtime', 'What runs the containers.', node => node.status.nodeInfo?.containerRuntimeVersion || '<unknown>'),
]

function printStatus({ spec, status }: Node): string {
  const ready = status.conditions?.find(({ type }) => type === 'Ready')
  const word = !ready ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'
  return spec.unschedulable ? `${word},SchedulingDisabled` : word
}

function printRoles({ metadata }: Node): string {
  const roles = new Set<string>()
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    if (key.startsWith(ROLE_PREFIX) && key.length > ROLE_PREFIX.length) roles.add(key.slice(ROLE_PREFIX.length))
    if (key === ROLE_LABEL && value) roles.add(value)
  }
  return orNone([...roles].sort().join(','))
}

const address = ({ status }: Node, wanted: string): string => orNone(status.addresses?.find(({ type }) => type === wanted)?.address)
