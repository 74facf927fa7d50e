/** How `kubectl get services` describes a Service. */
import type { Column } from '../kind.ts'
import { ageColumn, nameColumn, orNone, printLabels, textColumn, wideColumn } from './columns.ts'
import type { Service } from './service.ts'

export const serviceColumns: readonly Column<Service>[] = [
  nameColumn,
  textColumn('Type', 'How the Service is reached.', ({ spec }) => spec.type),
  textColumn('Cluster-IP', 'Its address inside the cluster.', ({ spec }) => orNone(spec.clusterIPs?.[0] ?? spec.clusterIP)),
  textColumn('External-IP', 'Its addresses outside the cluster.', printExternalAddress),
  textColumn('Port(s)', 'Its ports, and the ports on every node behind the colon.', printPorts),
  ageColumn,
  wideColumn('Selector', 'Labels of the Pods behind it.', ({ spec }) => printLabels(spec.selector)),
]

function printExternalAddress({ spec, status }: Service): string {
  const external = spec.externalIPs ?? []
  if (spec.type === 'ExternalName') return spec.externalName ?? ''
  if (spec.type !== 'LoadBalancer') return orNone(external.join(','))
  const balancers = (status.loadBalancer.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').filter(Boolean)
  return [...balancers, ...external].join(',') || '<pending>'
}

function printPorts({ spec }: Service): string {
  return orNone((spec.ports ?? []).map(({ port, nodePort, protocol }) => (nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`)).join(','))
}
