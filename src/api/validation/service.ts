/** Services (behaviour 9.3). Which addresses and node ports are free is the server's to say, not decided here. */
import { duplicateValue, forbidden, invalidValue, requiredValue, type FieldError } from '../field_error.ts'
import type { Service } from '../kinds/service.ts'
import { serviceSpec, type ServicePort, type ServiceSpec } from '../types/service.ts'
import { ipAddress, ipRange } from './addresses.ts'
import { dnsLabel, dnsSubdomain, labelValue, portNumber, qualifiedName } from './names.ts'
import { validatePort } from './probes.ts'
import { forEachAt, noDuplicates } from './rules.ts'
import { validateClusterIPs, validateClusterIPsUpdate } from './service_addresses.ts'
import { compileValues } from './values.ts'

const AFFINITY_SECONDS_MAX = 86400
const valuesErrors = compileValues(serviceSpec)

export function validateService({ spec }: Service): FieldError[] {
  return [
    ...validatePortsGiven(spec),
    ...forEachAt(spec.ports, 'spec.ports', (port, at) => validateServicePort(port, at, spec)),
    ...noDuplicates(
      spec.ports,
      ({ name }) => name,
      index => `spec.ports[${index}].name`,
    ),
    ...validatePortsDistinct(spec),
    ...validateSelector(spec.selector),
    ...validateAffinity(spec),
    ...validateType(spec),
    ...valuesErrors(spec, 'spec'),
    ...forEachAt(spec.externalIPs, 'spec.externalIPs', (ip, at) => ipAddress(ip).map(problem => invalidValue(at, ip, problem))),
    ...validateClusterIPs(spec),
    ...validateOutside(spec),
  ]
}

export function validateServiceUpdate({ spec }: Service, { spec: old }: Service): FieldError[] {
  const errors = validateClusterIPsUpdate(spec, old)
  if (needsHealthCheck(spec) && needsHealthCheck(old) && spec.healthCheckNodePort !== old.healthCheckNodePort)
    errors.push(forbidden('spec.healthCheckNodePort', 'field is immutable'))
  if (spec.type === 'LoadBalancer' && old.type === 'LoadBalancer' && spec.loadBalancerClass !== old.loadBalancerClass)
    errors.push(invalidValue('spec.loadBalancerClass', spec.loadBalancerClass, 'may not change once set'))
  return errors
}

const needsHealthCheck = ({ type, externalTrafficPolicy }: ServiceSpec): boolean => type === 'LoadBalancer' && externalTrafficPolicy === 'Local'

function validatePortsGiven({ type, ports, clusterIP }: ServiceSpec): FieldError[] {
  return ports?.length || type === 'ExternalName' || clusterIP === 'None' ? [] : [requiredValue('spec.ports')]
}

function validateServicePort(
  { name, port, targetPort, nodePort, appProtocol, protocol }: ServicePort,
  path: string,
  { ports, type }: ServiceSpec,
): FieldError[] {
  const errors: FieldError[] = []
  if (!name && ports!.length > 1) errors.push(requiredValue(`${path}.name`))
  if (name) errors.push(...dnsLabel(name).map(problem => invalidValue(`${path}.name`, name, problem)))
  errors.push(...portNumber(port ?? 0).map(problem => invalidValue(`${path}.port`, port ?? 0, problem)))
  if (!protocol) errors.push(requiredValue(`${path}.protocol`))
  errors.push(...validatePort(targetPort, `${path}.targetPort`))
  if (appProtocol) errors.push(...qualifiedName(appProtocol).map(problem => invalidValue(`${path}.appProtocol`, appProtocol, problem)))
  if (nodePort && (type === 'ClusterIP' || type === 'ExternalName')) errors.push(forbidden(`${path}.nodePort`, `may not be used when \`type\` is '${type}'`))
  return errors
}

function validatePortsDistinct({ ports }: ServiceSpec): FieldError[] {
  const seen = new Set<string>()
  const nodePorts = new Set<string>()
  return forEachAt(ports, 'spec.ports', ({ port, protocol, nodePort }, at) => {
    const errors: FieldError[] = []
    if (seen.has(`${protocol}/${port}`)) errors.push(duplicateValue(at, { protocol, port }))
    seen.add(`${protocol}/${port}`)
    if (nodePort && nodePorts.has(`${protocol}/${nodePort}`)) errors.push(duplicateValue(`${at}.nodePort`, { protocol, nodePort }))
    nodePorts.add(`${protocol}/${nodePort}`)
    return errors
  })
}

const validateSelector = (selector: ServiceSpec['selector']): FieldError[] =>
  Object.entries(selector ?? {}).flatMap(([key, value]) => [
    ...qualifiedName(key).map(problem => invalidValue('spec.selector', key, problem)),
    ...labelValue(value).map(problem => invalidValue('spec.selector', value, problem)),
  ])

function validateAffinity({ sessionAffinity, sessionAffinityConfig }: ServiceSpec): FieldError[] {
  if (sessionAffinity === 'None') return sessionAffinityConfig ? [forbidden('spec.sessionAffinityConfig', 'must not be set when session affinity is None')] : []
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds
  if (seconds === undefined || (seconds > 0 && seconds <= AFFINITY_SECONDS_MAX)) return []
  return [invalidValue('spec.sessionAffinityConfig.clientIP.timeoutSeconds', seconds, `must be greater than 0 and less than ${AFFINITY_SECONDS_MAX}`)]
}

function validateType({ type, clusterIP, externalName }: ServiceSpec): FieldError[] {
  if (type === 'ExternalName') {
    const name = externalName?.replace(/\.$/, '')
    return name ? dnsSubdomain(name).map(problem => invalidValue('spec.externalName', externalName, problem)) : [requiredValue('spec.externalName')]
  }
  const isHeadless = clusterIP === 'None'
  return isHeadless && (type === 'NodePort' || type === 'LoadBalancer')
    ? [invalidValue('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${type} services`)]
    : []
}

/** Fields that only mean something for Services reached from outside the cluster. */
function validateOutside(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = []
  const isBalanced = spec.type === 'LoadBalancer'
  const isOutside = isBalanced || spec.type === 'NodePort' || (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0)
  if (spec.externalTrafficPolicy && !isOutside)
    errors.push(invalidValue('spec.externalTrafficPolicy', spec.externalTrafficPolicy, 'may only be set for externally-accessible services'))
  if (spec.healthCheckNodePort && !needsHealthCheck(spec))
    errors.push(
      invalidValue(
        'spec.healthCheckNodePort',
        spec.healthCheckNodePort,
        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
      ),
    )
  if (!isBalanced) {
    if (spec.allocateLoadBalancerNodePorts !== undefined)
      errors.push(forbidden('spec.allocateLoadBalancerNodePorts', "may only be used when `type` is 'LoadBalancer'"))
    if (spec.loadBalancerClass !== undefined) errors.push(forbidden('spec.loadBalancerClass', "may only be used when `type` is 'LoadBalancer'"))
    if (spec.loadBalancerSourceRanges?.length) errors.push(forbidden('spec.LoadBalancerSourceRanges', "may only be used when `type` is 'LoadBalancer'"))
  } else {
    const { loadBalancerClass } = spec
    if (loadBalancerClass !== undefined)
      errors.push(...qualifiedName(loadBalancerClass).map(problem => invalidValue('spec.loadBalancerClass', loadBalancerClass, problem)))
    errors.push(
      ...forEachAt(spec.loadBalancerSourceRanges, 'spec.LoadBalancerSourceRanges', (range, at) =>
        ipRange(range.trim()).map(problem => invalidValue(at, range, problem)),
      ),
    )
  }
  return errors
}
