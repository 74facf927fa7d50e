/** What nothing acts on says so. The cases are made from the table itself, so a new row is tested as soon as it stands there. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { kinds } from '../../src/api/kinds/index.ts'
import type { Kind } from '../../src/api/kind.ts'
import type { Schema } from '../../src/api/schema.ts'
import { unsupportedFieldsOf, UNSUPPORTED_VOLUMES, type UnsupportedField } from '../../src/api/unsupported.ts'
import { compileUnsupported, pathSteps as steps } from '../../src/api/unsupported_warnings.ts'
import { podNamed, PODS, startServer, type Answer } from '../apiserver/harness.ts'

/** A second version of a resource is the same objects with other names for some fields. */
const stored = kinds.filter(kind => kind.verbs.includes('list') && !kind.storage.fromStored)

describe('each row of the table', () => {
  for (const kind of stored) {
    for (const field of unsupportedFieldsOf(kind.kind)) {
      test(`${kind.kind} ${field.path}${field.only ? ` ${field.only.join()}` : ''} is warned of`, () => {
        const warn = compileUnsupported([field])
        const value = field.only?.[0] ?? (field.unless ? 'other' : exampleAt(kind.schema, field.path))
        const object = objectWith(field.path, value)
        const sentence = `${field.path.replaceAll('[]', '[0]')}: ${field.says}`
        assert.deepEqual(warn(object, undefined), [sentence])
        assert.deepEqual(warn(object, {}), [sentence], 'also when a change brings it')
        assert.deepEqual(warn(object, structuredClone(object)), [], 'but not again when something else changes')
        for (const harmless of field.unless ?? []) assert.deepEqual(warn(objectWith(field.path, harmless), undefined), [])
      })
    }
  }

  test('names a field that its kind has', () => {
    for (const kind of stored) for (const { path } of unsupportedFieldsOf(kind.kind)) assert.ok(schemaAt(kind.schema, path), `${kind.kind} ${path}`)
  })

  test('stands in docs/compatibility.md', async () => {
    const page = await readFile(new URL('../../../docs/compatibility.md', import.meta.url), 'utf8')
    const unnamed = stored
      .flatMap(kind => unsupportedFieldsOf(kind.kind))
      .map(({ path }) => steps(path).at(-1)!.split('/').at(-1)!)
      .filter(name => !page.includes(name))
    assert.deepEqual(unnamed, [])
  })

  test('comes over the wire for every row the server lets through', async () => {
    const server = await startServer()
    const silent: string[] = []
    for (const field of unsupportedFieldsOf('Pod')) {
      if (field.path.startsWith('spec.ephemeralContainers')) continue
      const answer = await server.post(`${PODS}?dryRun=All`, podWith(field))
      if (answer.status === 201 && !warningsOf(answer).some(text => text.endsWith(`: ${field.says}`))) silent.push(field.path)
      if (answer.status !== 201) assert.equal(answer.json.kind, 'Status', field.path)
    }
    assert.deepEqual(silent, [])
  })
})

test('a plain Pod, and what the cluster itself writes, earn no warning', async () => {
  const server = await startServer()
  const pod = await server.post(PODS, podNamed('plain'))
  assert.equal(pod.status, 201)
  assert.equal(pod.headers.warning, undefined)
  for (const [path, body] of [
    ['/api/v1/namespaces', { metadata: { name: 'team' } }],
    ['/api/v1/namespaces/default/configmaps', { metadata: { name: 'c' }, data: { a: 'b' } }],
    ['/api/v1/namespaces/default/secrets', { metadata: { name: 's' }, data: { a: 'Yg==' } }],
    ['/api/v1/namespaces/default/services', { metadata: { name: 'elsewhere' }, spec: { type: 'ExternalName', externalName: 'example.com' } }],
    ['/api/v1/nodes', { metadata: { name: 'n' } }],
  ] as const) {
    const answer = await server.post(path, body)
    assert.equal(answer.status, 201, answer.text)
    assert.equal(answer.headers.warning, undefined, path)
  }
})

test('annotations that once meant something are named', async () => {
  const server = await startServer()
  const annotations = {
    'container.apparmor.security.beta.kubernetes.io/main': 'unconfined',
    'seccomp.security.alpha.kubernetes.io/pod': 'runtime/default',
    other: 'x',
  }
  const answer = await server.post(PODS, podNamed('old', { metadata: { name: 'old', annotations } }))
  assert.deepEqual(warningsOf(answer), [
    'metadata.annotations[container.apparmor.security.beta.kubernetes.io/main]: deprecated since v1.30; use the "appArmorProfile" field instead',
    'metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+; use the "seccompProfile" field instead',
  ])
})

test('a Service earns no warning, whatever its type', async () => {
  const server = await startServer()
  for (const spec of [{}, { type: 'NodePort' }, { type: 'LoadBalancer' }, { clusterIP: 'None', selector: { app: 'a' } }]) {
    const answer = await server.post('/api/v1/namespaces/default/services', { metadata: { generateName: 'web-' }, spec: { ports: [{ port: 80 }], ...spec } })
    assert.equal(answer.status, 201, answer.text)
    assert.deepEqual(warningsOf(answer), [], JSON.stringify(spec))
  }
})

test('walking the table costs a plain Pod next to nothing', () => {
  const warn = compileUnsupported(unsupportedFieldsOf('Pod'))
  const pod = podNamed('plain')
  let steps = 0
  const counting = (value: object): object =>
    new Proxy(value, {
      get(target, name) {
        steps++
        const inside = Reflect.get(target, name) as unknown
        return typeof inside === 'object' && inside !== null ? counting(inside) : inside
      },
    })
  assert.deepEqual(warn(counting(pod), undefined), [])
  assert.ok(steps < 60, `${steps} properties read`)
})

test('every volume kind the table calls unsupported is one of the API', () => {
  const volume = schemaAt(kindNamed('Pod').schema, 'spec.volumes[]')
  assert.equal(volume?.type, 'object')
  for (const name of UNSUPPORTED_VOLUMES) assert.ok(volume.type === 'object' && volume.fields[name], name)
})

const kindNamed = (name: string): Kind => kinds.find(({ kind }) => kind === name)!

const warningsOf = ({ headers }: Answer): string[] => [headers.warning ?? []].flat().map(text => /^299 - "(.*)"$/.exec(text)![1]!.replace(/\\(.)/g, '$1'))

function schemaAt(schema: Schema, path: string): Schema | undefined {
  let at: Schema | undefined = schema
  for (const step of steps(path)) {
    at =
      step === '[]'
        ? at?.type === 'list'
          ? at.items
          : undefined
        : at?.type === 'object'
          ? at.fields[step]?.schema
          : at?.type === 'map'
            ? at.values
            : undefined
  }
  return at
}

const exampleAt = (schema: Schema, path: string): unknown => example(schemaAt(schema, path)!)

/** The least that can stand there: required members only. */
function example(schema: Schema): unknown {
  switch (schema.type) {
    case 'string':
      return schema.format === 'quantity' ? '1' : schema.values?.[0] || 'x'
    case 'integer':
    case 'number':
      return 1
    case 'boolean':
      return true
    case 'list':
      return [example(schema.items)]
    case 'map':
      return { x: example(schema.values) }
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.fields)
          .filter(([, { required }]) => required)
          .map(([name, field]) => [name, example(field.schema)]),
      )
    default:
      return 'x'
  }
}

function objectWith(path: string, value: unknown): object {
  return steps(path).reduceRight<unknown>((inside, step) => (step === '[]' ? [inside] : { [step]: inside }), value) as object
}

/** A whole Pod around one field, with what every Pod, container and volume must have besides. */
function podWith(field: UnsupportedField): object {
  const value = field.only?.[0] ?? (field.unless ? 'HugePages' : exampleAt(kindNamed('Pod').schema, field.path))
  const pod = objectWith(field.path, value) as any
  pod.metadata = { ...pod.metadata, generateName: 'row-' }
  pod.spec = { ...pod.spec }
  const named = (items: any[] | undefined, extra: object) => items?.map((item, index) => ({ name: `it-${index}`, ...extra, ...item }))
  pod.spec.initContainers = named(pod.spec.initContainers, { image: 'busybox' })
  pod.spec.containers = named(pod.spec.containers, { image: 'busybox' }) ?? [{ name: 'main', image: 'busybox' }]
  pod.spec.volumes = named(pod.spec.volumes, {})
  return pod
}
