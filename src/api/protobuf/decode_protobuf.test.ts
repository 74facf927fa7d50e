import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeText } from '../../base/bytes.ts'
import { kinds } from '../kinds/index.ts'
import { Pod } from '../kinds/pod.ts'
import { SelfSubjectAccessReview } from '../kinds/self_subject_access_review.ts'
import type { Fields, ObjectSchema, Schema } from '../schema.ts'
import { ApiError } from '../status.ts'
import { CORE_FIELD_NUMBERS } from './core_field_numbers.ts'
import { decodeProtobuf } from './decode_protobuf.ts'
import { FIELD_NUMBERS } from './field_numbers.ts'

type Part = readonly [number: number, value: string | number | Uint8Array]

/** One message: texts and messages are length-delimited, numbers varints. */
function message(...parts: Part[]): Uint8Array {
  const bytes: number[] = []
  for (const [number, value] of parts) {
    if (typeof value === 'number') bytes.push(...varint(number * 8), ...varint(value))
    else {
      const content = typeof value === 'string' ? encodeText(value) : value
      bytes.push(...varint(number * 8 + 2), ...varint(content.length), ...content)
    }
  }
  return Uint8Array.from(bytes)
}
const varint = (value: number): number[] => (value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))])
const envelope = (apiVersion: string, kind: string, raw: Uint8Array): Uint8Array =>
  Uint8Array.from([...encodeText('k8s\0'), ...message([1, message([1, apiVersion], [2, kind])], [2, raw])])

test('what kubectl 1.35 sends for `auth can-i get pods` is read', () => {
  const hex =
    '6b3873000a320a17617574686f72697a6174696f6e2e6b38732e696f2f7631121753656c665375626a65637441636365737352657669657712' +
    '3c0a100a0012001a0022002a00320038004200121e0a1c0a0764656661756c7412036765741a0022002a04706f647332003a001a08080012001a0020001a002200'
  assert.deepEqual(decodeProtobuf(Uint8Array.from(hex.match(/../g)!.map(byte => parseInt(byte, 16))), SelfSubjectAccessReview.schema), {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { namespace: 'default', verb: 'get', resource: 'pods' } },
    status: { allowed: false },
  })
})

test('every form a field can have becomes the JSON it stands for', () => {
  const quantity = message([1, '100m'])
  const container = message(
    [1, 'c'],
    [2, 'image'],
    [3, 'sh'],
    [3, ''],
    [6, message([1, ''], [2, 0], [3, 80], [4, 'TCP'], [5, ''])],
    [7, message([1, 'E'], [2, ''], [3, message([4, message([1, message([1, 'secret'])], [2, 'key'], [3, 0])])])],
    [8, message([1, message([1, 'cpu'], [2, quantity])])],
    [10, message([1, message([2, message([1, '/'], [2, message([1, 1], [2, 0], [3, 'http'])], [3, ''])])], [2, 0], [4, 5])],
    [15, message([4, 0], [5, 0])],
    [16, 0],
    [18, 1],
  )
  const pod = message(
    [1, message([1, 'p'], [3, ''], [7, 0], [8, new Uint8Array()], [11, message([1, 'app'], [2, 'web'])], [14, 'f'])],
    [2, message([1, message([1, 'v'], [2, message([2, message([1, ''])])])], [2, container], [4, 0], [10, ''])],
    [3, message([1, ''])],
  )
  assert.deepEqual(decodeProtobuf(envelope('v1', 'Pod', pod), Pod.schema), {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', labels: { app: 'web' }, finalizers: ['f'] },
    spec: {
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [
        {
          name: 'c',
          image: 'image',
          command: ['sh', ''],
          ports: [{ containerPort: 80, protocol: 'TCP' }],
          env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 'secret', key: 'key', optional: false } } }],
          resources: { limits: { cpu: '100m' } },
          livenessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 5 },
          securityContext: { runAsUser: 0, runAsNonRoot: false },
          tty: true,
        },
      ],
      terminationGracePeriodSeconds: 0,
    },
  })
})

test('times, and what nobody set, are told apart', () => {
  const at = message([1, 1_700_000_000], [2, 0])
  const pod = message([1, message([8, at], [9, new Uint8Array()])])
  assert.deepEqual(decodeProtobuf(envelope('v1', 'Pod', pod), Pod.schema)['metadata'], { creationTimestamp: '2023-11-14T22:13:20Z' })
})

test('what is no such message is refused', () => {
  const refused = (bytes: Uint8Array): void =>
    assert.throws(
      () => decodeProtobuf(bytes, Pod.schema),
      (error: unknown) => error instanceof ApiError && error.code === 400,
    )
  refused(new Uint8Array())
  refused(encodeText('{"kind":"Pod"}'))
  refused(Uint8Array.from([...encodeText('k8s\0'), 0x0a, 0x7f]))
  refused(Uint8Array.from([...encodeText('k8s\0'), ...Array<number>(20).fill(0xff)]))
  refused(envelope('v1', 'Pod', message([1, 5])))
  refused(envelope('v1', 'Pod', Uint8Array.of(0x0b)))
})

test('every field of every kind of Kubernetes has its number', () => {
  const tables: Record<string, string> = { ...CORE_FIELD_NUMBERS, ...FIELD_NUMBERS }
  const fieldsOf = (model: string): string[] => {
    const group = model.slice(0, model.lastIndexOf('.'))
    const line = tables[group]?.split('\n').find(candidate => candidate.trim().startsWith(`${model.slice(group.length + 1)}: `))
    assert.ok(line, `no numbers for ${model}`)
    return line
      .trim()
      .split(' ')
      .slice(1)
      .flatMap(name => (name.startsWith('@') ? fieldsOf(`${group}.${name.slice(1)}`) : [name]))
  }
  const seen = new Set<ObjectSchema<Fields>>()
  const visit = (schema: Schema): void => {
    if (schema.type === 'list') return visit(schema.items)
    if (schema.type === 'map') return visit(schema.values)
    if (schema.type !== 'object' || seen.has(schema)) return
    seen.add(schema)
    const names = [...fieldsOf(schema.name), 'apiVersion', 'kind']
    for (const name of Object.keys(schema.fields)) {
      assert.ok(names.includes(name), `${schema.name}.${name}`)
      visit(schema.fields[name]!.schema)
    }
  }
  // Kinds of Poise's own have no protobuf form, and are only read.
  for (const kind of kinds.filter(({ group }) => !group.endsWith('poise.dev'))) visit(kind.schema)
  for (const kind of kinds) for (const { kind: other } of kind.subresources) if (other?.schema) visit(other.schema)
  assert.ok(seen.size > 150)
  for (const { group, verbs } of kinds) if (group.endsWith('poise.dev')) assert.ok(!verbs.some(verb => ['create', 'update', 'patch'].includes(verb)))
})
