/**
 * The grammars of names. Each function returns what is wrong with the text; an empty list means it is fine.
 * The sentences are Kubernetes' own, because programs and people compare them.
 */
export type NameRule = (name: string, prefix: boolean) => string[]

interface Pattern {
  /** As messages quote it. */
  readonly text: string
  readonly whole: RegExp
}

const pattern = (text: string): Pattern => ({ text, whole: new RegExp(`^${text}$`) })

const LABEL = pattern('[a-z0-9]([-a-z0-9]*[a-z0-9])?')
const SUBDOMAIN = pattern(`${LABEL.text}(\\.${LABEL.text})*`)
const DNS_1035 = pattern('[a-z]([-a-z0-9]*[a-z0-9])?')
const QUALIFIED = pattern('([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')
const LABEL_VALUE = pattern(`(${QUALIFIED.text})?`)
const CONFIG_KEY = pattern('[-._a-zA-Z0-9]+')
const HTTP_HEADER = pattern('[-A-Za-z0-9]+')

const QUALIFIED_RULE = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
const QUALIFIED_EXAMPLES = ['MyName', 'my.name', '123-abc']

/** Names of most objects: `web.example-1`. */
export function dnsSubdomain(value: string, prefix = false): string[] {
  return [
    ...lengthAtMost(value, 253),
    ...matches(
      maskPrefix(value, prefix),
      SUBDOMAIN,
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
      ['example.com'],
    ),
  ]
}

/** Names of namespaces, containers, volumes. */
export function dnsLabel(value: string, prefix = false): string[] {
  const masked = maskPrefix(value, prefix)
  const length = lengthAtMost(value, 63)
  // What would do as a subdomain fails as a label for its dots alone.
  if (SUBDOMAIN.whole.test(masked) && !LABEL.whole.test(masked)) return [...length, 'must not contain dots']
  return [
    ...length,
    ...matches(
      masked,
      LABEL,
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
      ['my-name', '123-abc'],
    ),
  ]
}

/** Names of Services: they may not begin with a digit. */
export function dns1035Label(value: string, prefix = false): string[] {
  return [
    ...lengthAtMost(value, 63),
    ...matches(
      maskPrefix(value, prefix),
      DNS_1035,
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
      ['my-name', 'abc-123'],
    ),
  ]
}

/** Label keys, condition types, finalizers: `example.com/name`, the part before the slash being optional. */
export function qualifiedName(value: string): string[] {
  const parts = value.split('/')
  if (parts.length > 2) {
    return [
      `a qualified name ${explain(QUALIFIED_RULE, QUALIFIED_EXAMPLES, QUALIFIED)} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  }
  const name = parts.at(-1)!
  const errors: string[] = []
  if (parts.length === 2) {
    if (parts[0] === '') errors.push('prefix part must be non-empty')
    else errors.push(...dnsSubdomain(parts[0]!).map(error => `prefix part ${error}`))
  }
  if (name === '') errors.push('name part must be non-empty')
  else errors.push(...lengthAtMost(name, 63).map(error => `name part ${error}`))
  errors.push(...matches(name, QUALIFIED, QUALIFIED_RULE, QUALIFIED_EXAMPLES).map(error => `name part ${error}`))
  return errors
}

export function labelValue(value: string): string[] {
  return [
    ...lengthAtMost(value, 63),
    ...matches(
      value,
      LABEL_VALUE,
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
      ['MyValue', 'my_value', '12345'],
    ),
  ]
}

/** Keys of ConfigMaps and Secrets: they become file names. */
export function configKey(value: string): string[] {
  const errors = [
    ...lengthAtMost(value, 253),
    ...matches(value, CONFIG_KEY, "a valid config key must consist of alphanumeric characters, '-', '_' or '.'", ['key.name', 'KEY_NAME', 'key-name']),
  ]
  if (value === '.') errors.push("must not be '.'")
  else if (value === '..') errors.push("must not be '..'")
  else if (value.startsWith('..')) errors.push("must not start with '..'")
  return errors
}

/** Any printable ASCII but `=`: the rule since 1.32. */
export function envVarName(value: string): string[] {
  if (value === '') return ['environment variable name must be non-empty']
  return /^[ -<>-~]+$/.test(value) ? [] : ["a valid environment variable name must consist only of printable ASCII characters other than '='"]
}

export const httpHeaderName = (value: string): string[] =>
  matches(value, HTTP_HEADER, "a valid HTTP header must consist of alphanumeric characters or '-'", ['X-Header-Name'])

/** IANA service names: how container and Service ports are called. */
export function portName(value: string): string[] {
  const errors = lengthAtMost(value, 15)
  if (!/^[-a-z0-9]+$/.test(value)) errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  if (!/[a-z]/.test(value)) errors.push('must contain at least one letter (a-z)')
  if (value.includes('--')) errors.push('must not contain consecutive hyphens')
  if (value.startsWith('-') || value.endsWith('-')) errors.push('must not begin or end with a hyphen')
  return errors
}

export const portNumber = (value: number): string[] => (value >= 1 && value <= 65535 ? [] : ['must be between 1 and 65535, inclusive'])

export const lengthAtMost = (value: string, max: number): string[] => (value.length > max ? [`must be no more than ${max} characters`] : [])

function matches(value: string, expected: Pattern, rule: string, examples: readonly string[]): string[] {
  return expected.whole.test(value) ? [] : [explain(rule, examples, expected)]
}

const explain = (rule: string, examples: readonly string[], { text }: Pattern): string =>
  `${rule} (e.g. ${examples.map(example => `'${example}', `).join(' or ')}regex used for validation is '${text}')`

/** A generateName ends where the random part begins, so `web-` must pass although no name may end so. */
const maskPrefix = (value: string, prefix: boolean): string => (prefix && value.length > 1 && value.endsWith('-') ? `${value.slice(0, -1)}a` : value)
