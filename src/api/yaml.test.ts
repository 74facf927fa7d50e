import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cannotBeHandled, readFieldValidation, strayFieldWarnings, strictDecodingProblem } from './field_validation.ts'
import { ApiError } from './status.ts'
import { decodeAnyBody, decodeBody } from './yaml.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const yaml = (text: string) => decodeBody(bytes(text), 'application/yaml', { findDuplicates: true })
const json = (text: string) => decodeBody(bytes(text), 'application/json; charset=utf-8', { findDuplicates: true })
const refusal = (run: () => unknown): { code: number; message: string } => {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof ApiError, String(error))
    return { code: error.code, message: error.message }
  }
  throw new Error('it was accepted')
}

test('YAML is read as Kubernetes reads it', () => {
  const { json } = yaml(`
a: yes
b: on
c: "yes"
d: 0644
e: 22:22
f: 2024-05-01
g: 1_000
h: ~
i: 1e3
j: &x {k: [1, 2]}
l: *x
8080: number
m: |
  text
o: {<<: *x, p: 1}
y: 1
`)
  assert.deepEqual(json, {
    a: true,
    b: true,
    c: 'yes',
    d: 420,
    e: '22:22',
    f: '2024-05-01',
    g: 1000,
    h: null,
    i: 1000,
    j: { k: [1, 2] },
    l: { k: [1, 2] },
    8080: 'number',
    m: 'text\n',
    o: { k: [1, 2], p: 1 },
    true: 1,
  })
})

test('JSON sent as YAML is read as JSON, and a flow mapping as YAML', () => {
  assert.deepEqual(yaml('{"a": {"b": 1}}').json, { a: { b: 1 } })
  assert.deepEqual(yaml('{a: {b: yes}}').json, { a: { b: true } })
})

test('fields given twice are found in JSON and in YAML', () => {
  assert.deepEqual(json('{"a":1,"spec":{"x":1,"y":[{"n":1,"n":2}],"x":2,"x":3},"\\u0061":2}').duplicateFields, ['spec.y[0].n', 'spec.x', 'a'])
  assert.deepEqual(json('{"a":1,"spec":{"x":1,"x":2}}').json, { a: 1, spec: { x: 2 } })
  const { json: last, duplicateFields } = yaml('spec:\n  x: 1\n  z:\n  - m: 1\n    m: 2\n  x: 2\n')
  assert.deepEqual(duplicateFields, ['spec.z[0].m', 'spec.x'])
  assert.deepEqual(last, { spec: { x: 2, z: [{ m: 2 }] } })
  assert.deepEqual(decodeBody(bytes('{"a":1,"a":2}'), 'application/json').duplicateFields, [])
})

test('colons and quotes inside strings do not look like members', () => {
  assert.deepEqual(json('{"a:b":"c:\\":d","e":[{"f":":"},{"f":"\\\\"}]}').duplicateFields, [])
  assert.deepEqual(json('{"a":":","b":{"__proto__":1,"__proto__":2}}').duplicateFields, ['b.__proto__'])
})

test('what cannot be read is refused with 400 and its place', () => {
  const cases: [string, () => unknown, RegExp][] = [
    ['empty', () => json(''), /unexpected end of JSON input \(line 1, column 1\)/],
    ['cut off', () => json('{"a":'), /unexpected end of JSON input/],
    ['bad value', () => json('{\n "a": x}'), /invalid character 'x' looking for beginning of value \(line 2, column 7\)/],
    ['bad key', () => json('{a: 1}'), /invalid character 'a' looking for beginning of object key string/],
    ['trailing', () => json('{} {}'), /invalid character '\{' after top-level value/],
    ['array', () => json('[]'), /cannot unmarshal array into Go value/],
    ['text', () => yaml('just text'), /cannot unmarshal string into Go value/],
    ['nothing', () => yaml('# only a comment'), /cannot unmarshal null into Go value/],
    ['bad indentation', () => yaml('a:\n  b: 1\n c: 2\n'), /error converting YAML to JSON: yaml: line \d/],
    ['two documents', () => yaml('a: 1\n---\nb: 2\n'), /error converting YAML to JSON: yaml: line/],
    ['infinity', () => yaml('a: .inf'), /unsupported value/],
    ['bad UTF-8', () => decodeBody(Uint8Array.of(0x7b, 0xff, 0x7d), 'application/json'), /not valid UTF-8/],
    ['deep JSON', () => json(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), /exceeded max depth/],
    ['deep YAML', () => yaml(`a: ${'[ '.repeat(100_000)}`), /exceeded max depth/],
    ['deep YAML lists', () => yaml('- '.repeat(100_000)), /exceeded max depth/],
    [
      'alias bomb',
      () =>
        yaml(
          `a: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
            .split('')
            .map((c, i) => `${c}: &${c} [${`*${'abcdefgh'[i]},`.repeat(10)}]`)
            .join('\n')}\n`,
        ),
      /error converting YAML to JSON/,
    ],
  ]
  for (const [name, run, message] of cases) {
    const answer = refusal(run)
    assert.equal(answer.code, 400, name)
    assert.match(answer.message, message, name)
  }
  assert.equal(refusal(() => decodeBody(bytes('{}'), 'application/vnd.kubernetes.protobuf')).code, 415)
})

test('a member called __proto__ stays data', () => {
  assert.equal(JSON.stringify(json('{"__proto__":{"a":1}}').json), '{"__proto__":{"a":1}}')
  const fromYaml = yaml('__proto__: {a: 1}').json
  assert.equal(Object.getPrototypeOf(fromYaml), Object.prototype)
  assert.deepEqual(decodeAnyBody(bytes('[1]'), 'application/json-patch+json').json, [1])
})

test('stray fields become one refusal or several warnings', () => {
  const stray = { unknownFields: ['spec.foo'], duplicateFields: ['metadata.name'] }
  assert.equal(strictDecodingProblem(stray), 'strict decoding error: duplicate field "metadata.name", unknown field "spec.foo"')
  assert.equal(strictDecodingProblem({ unknownFields: [], duplicateFields: [] }), undefined)
  assert.deepEqual(strayFieldWarnings(stray), ['duplicate field "metadata.name"', 'unknown field "spec.foo"'])
  assert.equal(cannotBeHandled({ kind: 'Pod', version: 'v1' }, 'x').message, 'Pod in version "v1" cannot be handled as a Pod: x')
  assert.equal(readFieldValidation(''), 'Warn')
  assert.equal(readFieldValidation('Strict'), 'Strict')
  assert.equal(refusal(() => readFieldValidation('Sometimes')).code, 422)
})
