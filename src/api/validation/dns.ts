/** A Pod's resolver and its hosts file (behaviour 9.6). */
import { invalidValue, requiredValue, type FieldError } from '../field_error.ts'
import type { HostAlias, PodSpec } from '../types/pod_spec.ts'
import { isIP } from './addresses.ts'
import { dnsSubdomain } from './names.ts'
import { forEachAt } from './rules.ts'

const NAMESERVERS_MAX = 3
const SEARCH_PATHS_MAX = 32
const SEARCH_LENGTH_MAX = 2048

export function validateDns({ dnsPolicy, dnsConfig }: PodSpec, path: string): FieldError[] {
  const at = `${path}.dnsConfig`
  if (dnsPolicy === 'None') {
    if (!dnsConfig) return [requiredValue(at, 'must provide `dnsConfig` when `dnsPolicy` is None')]
    if (!dnsConfig.nameservers?.length) return [requiredValue(`${at}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None')]
  }
  if (!dnsConfig) return []
  const { nameservers = [], searches = [], options = [] } = dnsConfig
  const errors: FieldError[] = []
  if (nameservers.length > NAMESERVERS_MAX)
    errors.push(invalidValue(`${at}.nameservers`, nameservers, `must not have more than ${NAMESERVERS_MAX} nameservers`))
  errors.push(...forEachAt(nameservers, `${at}.nameservers`, validateIP))
  if (searches.length > SEARCH_PATHS_MAX) errors.push(invalidValue(`${at}.searches`, searches, `must not have more than ${SEARCH_PATHS_MAX} search paths`))
  if (searches.join(' ').length > SEARCH_LENGTH_MAX)
    errors.push(invalidValue(`${at}.searches`, searches, `must not have more than ${SEARCH_LENGTH_MAX} characters (including spaces) in the search list`))
  errors.push(
    ...forEachAt(searches, `${at}.searches`, (search, item) =>
      search === '.' ? [] : dnsSubdomain(search.replace(/\.$/, '')).map(problem => invalidValue(item, search, problem)),
    ),
  )
  errors.push(...forEachAt(options, `${at}.options`, ({ name }, item) => (name ? [] : [requiredValue(item, 'must not be empty')])))
  return errors
}

export const validateHostAliases = (aliases: readonly HostAlias[] | undefined, path: string): FieldError[] =>
  forEachAt(aliases, path, ({ ip, hostnames }, at) => [
    ...validateIP(ip ?? '', `${at}.ip`),
    ...forEachAt(hostnames, `${at}.hostnames`, hostname => dnsSubdomain(hostname).map(problem => invalidValue(`${at}.hostnames`, hostname, problem))),
  ])

const validateIP = (text: string, path: string): FieldError[] =>
  isIP(text) ? [] : [invalidValue(path, text, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')]
