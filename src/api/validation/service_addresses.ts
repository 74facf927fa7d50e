/** The addresses of a Service and their families (behaviour 9.3). A cluster of Poise's has one family, IPv4. */
import { duplicateValue, forbidden, invalidValue, notSupported, type FieldError } from '../field_error.ts'
import type { ServiceSpec } from '../types/service.ts'
import { ipAddress } from './addresses.ts'
import { forEachAt } from './rules.ts'

const FAMILIES = ['IPv4', 'IPv6']
const FIELDS = ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const

export function validateClusterIPs(spec: ServiceSpec): FieldError[] {
  const { clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy, type } = spec
  if (type === 'ExternalName')
    return FIELDS.filter(field => spec[field]?.length).map(field => forbidden(`spec.${field}`, "may not be set when `type` is 'ExternalName'"))
  const errors = validateFamilies(ipFamilies)
  if (!clusterIP && clusterIPs?.length) errors.push(invalidValue('spec.clusterIPs', clusterIPs, 'must be empty when `clusterIP` is not specified'))
  else if (clusterIPs?.length && clusterIPs[0] !== clusterIP) errors.push(invalidValue('spec.clusterIPs', clusterIPs, 'first value must match `clusterIP`'))
  if (clusterIPs && clusterIPs.length > 1) {
    if (clusterIPs.length > 2) errors.push(invalidValue('spec.clusterIPs', clusterIPs, 'may only hold up to 2 values'))
    else if (familyOf(clusterIPs[0]!) === familyOf(clusterIPs[1]!))
      errors.push(invalidValue('spec.clusterIPs', clusterIPs, 'may specify no more than one IP for each IP family'))
  }
  errors.push(...forEachAt(clusterIPs, 'spec.clusterIPs', (ip, at) => validateClusterIP(ip, at, spec)))
  if (ipFamilyPolicy === 'RequireDualStack')
    errors.push(invalidValue('spec.ipFamilyPolicy', ipFamilyPolicy, 'this cluster is not configured for dual-stack services'))
  return errors
}

/** The address stays with the Service until it becomes an alias of another name. */
export function validateClusterIPsUpdate(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  if (spec.type === 'ExternalName' || old.type === 'ExternalName') return []
  const before = old.clusterIPs?.[0]
  const after = spec.clusterIPs?.[0]
  if (!before || before === after) return []
  return after
    ? [invalidValue('spec.clusterIPs[0]', spec.clusterIPs, 'may not change once set')]
    : [invalidValue('spec.clusterIPs[0]', spec.clusterIPs ?? [], 'primary clusterIP can not be unset')]
}

const validateFamilies = (families: readonly string[] | undefined): FieldError[] =>
  (families ?? []).flatMap((family, index) => {
    const at = `spec.ipFamilies[${index}]`
    if (families!.indexOf(family) < index) return [duplicateValue(at, family)]
    if (!FAMILIES.includes(family)) return [notSupported(at, family, FAMILIES)]
    return family === 'IPv4' ? [] : [invalidValue(at, family, 'not configured on this cluster')]
  })

function validateClusterIP(ip: string, at: string, { clusterIPs, ipFamilies }: ServiceSpec): FieldError[] {
  if (ip === 'None' && clusterIPs!.length === 1) return []
  const problems = ipAddress(ip)
  if (problems.length > 0) return problems.map(problem => invalidValue(at, ip, problem))
  // A family that was named is refused by its own field.
  return familyOf(ip) === 'IPv6' && !ipFamilies?.includes('IPv6') ? [invalidValue(at, clusterIPs, 'IPv6 is not configured on this cluster')] : []
}

const familyOf = (ip: string): string => (ip.includes(':') ? 'IPv6' : 'IPv4')
