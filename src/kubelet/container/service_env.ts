/** Variables for the Services a Pod can see: those of its namespace, and `default/kubernetes` everywhere. */
import type { Pod } from '../../api/kinds/pod.ts'
import type { Service } from '../../api/kinds/service.ts'
import { keyText } from '../../api/meta.ts'

export function serviceEnv(pod: Pod, services: readonly Service[]): [string, string][] {
  const namespace = pod.metadata.namespace ?? ''
  const visible = services
    .filter(service => hasAddress(service))
    .filter(service => isMaster(service) || (pod.spec.enableServiceLinks !== false && service.metadata.namespace === namespace))
    .sort((a, b) => (keyText(nameOf(a)) < keyText(nameOf(b)) ? -1 : 1))
  // A Service `kubernetes` of the Pod's own namespace hides the cluster's.
  const hidden = visible.some(service => service.metadata.name === 'kubernetes' && !isMaster(service))
  return visible.filter(service => !hidden || !isMaster(service)).flatMap(variablesOf)
}

const nameOf = ({ metadata }: Service) => ({ namespace: metadata.namespace ?? '', name: metadata.name ?? '' })
const isMaster = ({ metadata }: Service): boolean => metadata.namespace === 'default' && metadata.name === 'kubernetes'
const hasAddress = ({ spec }: Service): boolean => Boolean(spec?.clusterIP) && spec?.clusterIP !== 'None' && spec?.type !== 'ExternalName'

function variablesOf({ metadata, spec }: Service): [string, string][] {
  const prefix = (metadata.name ?? '').replaceAll('-', '_').toUpperCase()
  const address = spec?.clusterIP ?? ''
  const host = address.includes(':') ? `[${address}]` : address
  const ports = spec?.ports ?? []
  if (ports.length === 0) return []
  const first = ports[0]!
  const variables: [string, string][] = [
    [`${prefix}_SERVICE_HOST`, address],
    [`${prefix}_SERVICE_PORT`, String(first.port)],
  ]
  for (const { name, port } of ports) if (name) variables.push([`${prefix}_SERVICE_PORT_${name.replaceAll('-', '_').toUpperCase()}`, String(port)])
  variables.push([`${prefix}_PORT`, `${(first.protocol ?? 'TCP').toLowerCase()}://${host}:${first.port}`])
  for (const { port, protocol = 'TCP' } of ports) {
    const one = `${prefix}_PORT_${port}_${protocol}`
    variables.push(
      [one, `${protocol.toLowerCase()}://${host}:${port}`],
      [`${one}_PROTO`, protocol.toLowerCase()],
      [`${one}_PORT`, String(port)],
      [`${one}_ADDR`, address],
    )
  }
  return variables
}
