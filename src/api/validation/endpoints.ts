/** The addresses behind Services, in both forms. */
import { invalidValue, requiredValue, tooMany, type FieldError } from '../field_error.ts'
import type { EndpointSlice } from '../kinds/endpoint_slice.ts'
import type { Endpoints } from '../kinds/endpoints.ts'
import { ipAddress, isIPv4, isIPv6 } from './addresses.ts'
import { dnsLabel, dnsSubdomain, portNumber } from './names.ts'
import { forEachAt, noDuplicates } from './rules.ts'

const ENDPOINTS_MAX = 1000
const ADDRESSES_MAX = 100
const PORTS_MAX = 100

export const validateEndpoints = ({ subsets }: Endpoints): FieldError[] =>
  forEachAt(subsets, 'subsets', ({ addresses, notReadyAddresses, ports }, at) => [
    ...(addresses?.length || notReadyAddresses?.length ? [] : [requiredValue(at, 'must specify `addresses` or `notReadyAddresses`')]),
    ...forEachAt(addresses, `${at}.addresses`, ({ ip }, item) => validateEndpointIP(ip ?? '', `${item}.ip`)),
    ...forEachAt(notReadyAddresses, `${at}.notReadyAddresses`, ({ ip }, item) => validateEndpointIP(ip ?? '', `${item}.ip`)),
    ...forEachAt(ports, `${at}.ports`, ({ name, port }, item) => [
      ...(!name && ports!.length > 1 ? [requiredValue(`${item}.name`)] : []),
      ...(name ? dnsLabel(name).map(problem => invalidValue(`${item}.name`, name, problem)) : []),
      ...portNumber(port ?? 0).map(problem => invalidValue(`${item}.port`, port ?? 0, problem)),
    ]),
  ])

export function validateEndpointSlice({ addressType, endpoints, ports = [] }: EndpointSlice): FieldError[] {
  const errors: FieldError[] = []
  if (!addressType) errors.push(requiredValue('addressType', 'must specify a valid address type'))
  if (endpoints.length > ENDPOINTS_MAX) errors.push(tooMany('endpoints', endpoints.length, ENDPOINTS_MAX))
  if (ports.length > PORTS_MAX) errors.push(tooMany('ports', ports.length, PORTS_MAX))
  errors.push(
    ...forEachAt(endpoints, 'endpoints', ({ addresses, hostname }, at) => [
      ...(addresses.length === 0 ? [requiredValue(`${at}.addresses`, 'must contain at least 1 address')] : []),
      ...(addresses.length > ADDRESSES_MAX ? [tooMany(`${at}.addresses`, addresses.length, ADDRESSES_MAX)] : []),
      ...forEachAt(addresses, `${at}.addresses`, (address, item) => validateAddress(address, addressType, item)),
      ...(hostname ? dnsLabel(hostname).map(problem => invalidValue(`${at}.hostname`, hostname, problem)) : []),
    ]),
  )
  errors.push(...forEachAt(ports, 'ports', ({ name }, at) => (name ? dnsLabel(name).map(problem => invalidValue(`${at}.name`, name, problem)) : [])))
  errors.push(
    ...noDuplicates(
      ports,
      ({ name }) => `name ${name ?? ''}`,
      index => `ports[${index}].name`,
      ({ name }) => name ?? '',
    ),
  )
  return errors
}

export const validateEndpointSliceUpdate = ({ addressType }: EndpointSlice, old: EndpointSlice): FieldError[] =>
  addressType === old.addressType ? [] : [invalidValue('addressType', addressType, 'field is immutable')]

function validateAddress(address: string, type: EndpointSlice['addressType'], path: string): FieldError[] {
  switch (type) {
    case 'IPv4':
      return isIPv4(address) ? validateEndpointIP(address, path) : [invalidValue(path, address, 'must be an IPv4 address')]
    case 'IPv6':
      return isIPv6(address) ? validateEndpointIP(address, path) : [invalidValue(path, address, 'must be an IPv6 address')]
    case 'FQDN':
      return dnsSubdomain(address).map(problem => invalidValue(path, address, problem))
    default:
      return [] // the type itself has been refused
  }
}

/** An address that only means something on one machine would send everybody to his own. */
function validateEndpointIP(ip: string, path: string): FieldError[] {
  const problems = ipAddress(ip)
  if (problems.length > 0) return problems.map(problem => invalidValue(path, ip, problem))
  if (ip === '0.0.0.0' || ip === '::') return [invalidValue(path, ip, 'may not be unspecified (0.0.0.0 or ::)')]
  if (ip.startsWith('127.') || ip === '::1') return [invalidValue(path, ip, 'may not be in the loopback range (127.0.0.0/8, ::1/128)')]
  if (ip.startsWith('169.254.') || /^fe[89ab]/i.test(ip)) return [invalidValue(path, ip, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)')]
  if (ip.startsWith('224.0.0.') || /^ff02:/i.test(ip)) return [invalidValue(path, ip, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)')]
  return []
}
