import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ipAddress, ipRange } from './addresses.ts'
import { configKey, dns1035Label, dnsLabel, dnsSubdomain, envVarName, labelValue, portName, qualifiedName } from './names.ts'

test('names that are fine', () => {
  const cases: [(text: string) => string[], string[]][] = [
    [dnsSubdomain, ['web', 'a.b-c.d', '1', 'a'.repeat(253)]],
    [dnsLabel, ['web', '1-a', 'a'.repeat(63)]],
    [dns1035Label, ['web', 'a1']],
    [qualifiedName, ['app', 'App.Kubernetes_io-1', 'example.com/name', 'a'.repeat(63)]],
    [labelValue, ['', 'v1.2_3', 'A']],
    [portName, ['http', 'h2c-1', 'a']],
    [envVarName, ['PATH', 'with space', 'a.b-c']],
    [configKey, ['key.name', '.dockerconfigjson', 'a_b']],
    [ipAddress, ['10.9.8.7', '::1', '2001:db8::ffff', '::ffff:1.2.3.4']],
    [ipRange, ['10.0.0.0/8', 'fd00::/64']],
  ]
  for (const [rule, texts] of cases) for (const text of texts) assert.deepEqual(rule(text), [], `${rule.name}(${text})`)
})

test('what is wrong with names, in the words of Kubernetes', () => {
  const label =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
  const cases: [string[], string[]][] = [
    [dnsLabel('Web'), [label]],
    [dnsLabel('a'.repeat(64)), ['must be no more than 63 characters']],
    [dnsLabel('web-'), [label]],
    [
      dnsSubdomain('a..b'),
      [
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      ],
    ],
    [
      dns1035Label('1a'),
      [
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
      ],
    ],
    [qualifiedName('/x'), ['prefix part must be non-empty']],
    [portName('80'), ['must contain at least one letter (a-z)']],
    [portName('a--b'), ['must not contain consecutive hyphens']],
    [envVarName('A=B'), ["a valid environment variable name must consist only of printable ASCII characters other than '='"]],
    [configKey('..'), ["must not be '..'"]],
    [ipAddress('256.1.1.1'), ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']],
    [ipAddress('1::2::3'), ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']],
    [ipRange('10.0.0.0/33'), ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']],
  ]
  for (const [actual, expected] of cases) assert.deepEqual(actual, expected)
})

test('a prefix for generated names may end in a hyphen', () => {
  assert.deepEqual(dnsSubdomain('web-', true), [])
  assert.notDeepEqual(dnsSubdomain('web-', false), [])
})
