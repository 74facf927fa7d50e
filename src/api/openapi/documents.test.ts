import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeText } from '../../base/bytes.ts'
import { kinds } from '../kinds/index.ts'
import { openApiDocuments, type OpenApiDocument } from './documents.ts'

const documents = openApiDocuments(kinds, 'v1.34.0')
const json = (document: OpenApiDocument | undefined): any => JSON.parse(decodeText(document!.bytes))

test('the index of version 3 leads to a document for every group and version', () => {
  const { paths } = json(documents.index())
  assert.deepEqual(Object.keys(paths), [...new Set(kinds.map(kind => (kind.group ? `apis/${kind.group}/${kind.version}` : `api/${kind.version}`)))].sort())
  for (const [path, { serverRelativeURL }] of Object.entries<any>(paths)) {
    const document = documents.groupVersion(path)!
    assert.equal(serverRelativeURL, `/openapi/v3/${path}?hash=${document.hash}`)
    assert.equal(json(document).openapi, '3.0.0')
  }
  assert.equal(documents.groupVersion('apis/none/v1'), undefined)
})

test('kubectl finds the kind of a patch, its media types and fieldValidation', () => {
  const patch = json(documents.groupVersion('api/v1')).paths['/api/v1/namespaces/{namespace}/pods/{name}'].patch
  assert.deepEqual(patch['x-kubernetes-group-version-kind'], { group: '', kind: 'Pod', version: 'v1' })
  assert.deepEqual(Object.keys(patch.requestBody.content), [
    'application/json-patch+json',
    'application/merge-patch+json',
    'application/strategic-merge-patch+json',
    'application/apply-patch+yaml',
  ])
  assert.deepEqual(
    patch.parameters.map((parameter: any) => parameter.name),
    ['dryRun', 'fieldManager', 'fieldValidation', 'force'],
  )
})

test('models carry the keys by which lists are merged', () => {
  const { schemas } = json(documents.groupVersion('api/v1')).components
  const { containers, volumes } = schemas['io.k8s.api.core.v1.PodSpec'].properties
  assert.equal(containers['x-kubernetes-patch-strategy'], 'merge')
  assert.equal(containers['x-kubernetes-patch-merge-key'], 'name')
  assert.deepEqual(containers['x-kubernetes-list-map-keys'], ['name'])
  assert.equal(volumes['x-kubernetes-patch-strategy'], 'merge,retainKeys')
  assert.deepEqual(schemas['io.k8s.api.core.v1.Container'].properties.ports['x-kubernetes-list-map-keys'], ['containerPort', 'protocol'])
  assert.deepEqual(schemas['io.k8s.api.core.v1.PodList']['x-kubernetes-group-version-kind'], [{ group: '', kind: 'PodList', version: 'v1' }])
})

test('models say which fields are unions, of which a patch names the members to keep', () => {
  const { schemas } = json(documents.groupVersion('apis/apps/v1')).components
  const spec = schemas['io.k8s.api.apps.v1.DeploymentSpec']
  assert.equal(spec.properties.strategy['x-kubernetes-patch-strategy'], 'retainKeys')
  assert.deepEqual(spec.required, ['selector', 'template'])
})

test('every reference of every document leads to a model in it', () => {
  for (const document of [json(documents.swaggerJson()), ...Object.keys(json(documents.index()).paths).map(path => json(documents.groupVersion(path)))]) {
    const models = document.definitions ?? document.components.schemas
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference!.split('/').at(-1)!)
    assert.ok(references.length > 5)
    for (const reference of references) assert.ok(models[reference], reference)
  }
})

test('operations are named once', () => {
  const ids = [...decodeText(documents.swaggerJson().bytes).matchAll(/"operationId":"([^"]+)"/g)].map(([, id]) => id)
  assert.equal(new Set(ids).size, ids.length)
})

test('the protobuf form says what the JSON form says', () => {
  const swagger = json(documents.swaggerJson())
  const document = readMessage(documents.swaggerProtobuf().bytes)
  assert.equal(text(document, 1), '2.0')
  const paths = readMessage(document.get(8)![0]!)
    .get(2)!
    .map(bytes => text(readMessage(bytes), 1))
  assert.deepEqual(paths, Object.keys(swagger.paths))
  const definitions = new Map(
    readMessage(document.get(9)![0]!)
      .get(1)!
      .map(bytes => {
        const entry = readMessage(bytes)
        return [text(entry, 1), readMessage(entry.get(2)![0]!)]
      }),
  )
  assert.deepEqual([...definitions.keys()], Object.keys(swagger.definitions))
  const podSpec = definitions.get('io.k8s.api.core.v1.PodSpec')!
  const properties = readMessage(podSpec.get(25)![0]!)
    .get(1)!
    .map(bytes => readMessage(bytes))
  assert.deepEqual(
    properties.map(entry => text(entry, 1)),
    Object.keys(swagger.definitions['io.k8s.api.core.v1.PodSpec'].properties),
  )
  assert.deepEqual(podSpec.get(19)!.map(decodeText), ['containers'])
})

/** Reads back one message in which every member is length-delimited or a single-byte flag. */
function readMessage(bytes: Uint8Array): Map<number, Uint8Array[]> {
  const members = new Map<number, Uint8Array[]>()
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const size = (tag & 7) === 2 ? varint() : 1
    members.set(tag >> 3, [...(members.get(tag >> 3) ?? []), bytes.subarray(at, at + size)])
    at += size
  }
  assert.equal(at, bytes.length)
  return members
}

const text = (message: Map<number, Uint8Array[]>, number: number): string => decodeText(message.get(number)![0]!)
