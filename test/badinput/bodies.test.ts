/** Requests that reach the API and should not: each gets a Status error that says why, and harms nobody. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ConfigMap } from '../../src/api/kinds/config_map.ts'
import { serveForAbuse, type Served } from './served.ts'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const PODS = '/api/v1/namespaces/default/pods'
const KEPT = { namespace: 'default', name: 'kept' }

let served: Served
before(async () => {
  served = await serveForAbuse()
  await served.client.create(ConfigMap, { metadata: KEPT, data: { a: '1' } })
})
after(async () => {
  assert.ok(served.isAlive(), 'the server has survived')
  assert.deepEqual((await served.client.get(ConfigMap, KEPT)).data, { a: '1' }, 'nothing was lost or changed')
  assert.deepEqual(
    (await served.client.list(ConfigMap, { namespace: 'default' })).items.map(({ metadata }) => metadata.name),
    ['kept', 'kube-root-ca.crt'],
    'nothing half-made is there',
  )
  await served[Symbol.asyncDispose]()
})

interface Case {
  readonly method?: string
  readonly path?: string
  readonly headers?: Record<string, string>
  readonly body?: string | Uint8Array
  readonly expected: readonly number[]
}

const json = (value: unknown) => JSON.stringify(value)
const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
const configMap = (more: object) => json({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'bad' }, ...more })
const patch = (type: string, body: string): Case => ({
  method: 'PATCH',
  path: `${CONFIG_MAPS}/kept`,
  headers: { 'Content-Type': type },
  body,
  expected: [400, 422],
})

const BAD: Record<string, Case> = {
  'half an object': { body: '{"apiVersion":"v1","kind":"Conf', expected: [400] },
  'no JSON at all': { body: 'hello', expected: [400] },
  'an empty body': { headers: { 'Content-Length': '0', 'Content-Type': 'application/json' }, expected: [400] },
  'a list instead of an object': { body: '[1,2]', expected: [400] },
  null: { body: 'null', expected: [400] },
  'a number': { body: '7', expected: [400] },
  'broken YAML': { headers: { 'Content-Type': 'application/yaml' }, body: 'a: [1\nb: }', expected: [400] },
  'YAML that unfolds without end': { headers: { 'Content-Type': 'application/yaml' }, body: bomb(), expected: [400, 413, 422] },
  'invalid UTF-8': { body: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), expected: [400] },
  'another kind': { body: json({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'bad' } }), expected: [400] },
  'an unknown kind': { body: json({ apiVersion: 'v1', kind: 'Nothing', metadata: { name: 'bad' } }), expected: [400] },
  'another namespace': { body: json({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'bad', namespace: 'kube-system' } }), expected: [400] },
  'no name': { body: json({ apiVersion: 'v1', kind: 'ConfigMap', metadata: {} }), expected: [422] },
  'a name of another kind of letters': { body: configMap({ metadata: { name: '../../etc' } }), expected: [422] },
  'a name of 10,000 letters': { body: configMap({ metadata: { name: 'a'.repeat(10_000) } }), expected: [422] },
  'a number where a text belongs': { body: configMap({ data: { a: 1 } }), expected: [400] },
  'a text where an object belongs': { body: configMap({ data: 'text' }), expected: [400] },
  'metadata that is a text': { body: json({ apiVersion: 'v1', kind: 'ConfigMap', metadata: 'bad' }), expected: [400] },
  'an unknown field, when the client wants to know': { path: `${CONFIG_MAPS}?fieldValidation=Strict`, body: configMap({ nothing: 1 }), expected: [400] },
  'a field twice, when the client wants to know': {
    path: `${CONFIG_MAPS}?fieldValidation=Strict`,
    body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bad"},"data":{"a":"1"},"data":{"b":"1"}}',
    expected: [400],
  },
  'a field validation that does not exist': { path: `${CONFIG_MAPS}?fieldValidation=Maybe`, body: configMap({}), expected: [400, 422] },
  'a dry run that does not exist': { path: `${CONFIG_MAPS}?dryRun=Some`, body: configMap({}), expected: [400, 422] },
  'a prototype as a label': { body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bad","labels":{"__proto__":{"a":1}}}}', expected: [400] },
  'a prototype as a field, when the client wants to know': {
    path: `${CONFIG_MAPS}?fieldValidation=Strict`,
    body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bad"},"__proto__":{"polluted":"yes"}}',
    expected: [400],
  },
  '100,000 levels of nesting': { body: deep(100_000), expected: [400] },
  '100,000 levels inside a known field': { body: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bad"},"data":${deep(100_000)}}`, expected: [400] },
  'a body of 5 MB': { body: configMap({ data: { a: 'x'.repeat(5 * 1024 * 1024) } }), expected: [413] },
  'data of 2 MB': { body: configMap({ data: { a: 'x'.repeat(2 * 1024 * 1024) } }), expected: [422] },
  'a content type nobody speaks': { headers: { 'Content-Type': 'text/plain' }, body: configMap({}), expected: [415] },
  'a Pod without containers': { path: PODS, body: json({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'bad' }, spec: {} }), expected: [422] },
  'a Pod with a container that is a text': {
    path: PODS,
    body: json({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'bad' }, spec: { containers: ['c'] } }),
    expected: [400],
  },
  'a Pod with a port of 10^30': {
    path: PODS,
    body: json({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'bad' },
      spec: { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 1e30 }] }] },
    }),
    expected: [400, 422],
  },
  'a patch of a type nobody knows': { ...patch('application/made-up', '{}'), expected: [415] },
  'a JSON patch that is no list': patch('application/json-patch+json', '{"op":"add"}'),
  'a JSON patch with an unknown operation': patch('application/json-patch+json', '[{"op":"explode","path":"/data"}]'),
  'a JSON patch of a path that is not there': patch('application/json-patch+json', '[{"op":"remove","path":"/data/nothing/there"}]'),
  'a JSON patch of the prototype': patch('application/json-patch+json', '[{"op":"add","path":"/__proto__/polluted","value":"yes"}]'),
  'a JSON patch whose test fails': patch('application/json-patch+json', '[{"op":"test","path":"/data/a","value":"2"}]'),
  'a merge patch that is a list': patch('application/merge-patch+json', '[]'),
  'a merge patch that breaks the type': patch('application/merge-patch+json', '{"data":{"a":1}}'),
  // Kubernetes itself answers 500 here.
  'a strategic patch with an unknown directive': {
    ...patch('application/strategic-merge-patch+json', '{"data":{"$patch":"explode"}}'),
    expected: [400, 422, 500],
  },
  'an apply without a manager': patch('application/apply-patch+yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept}'),
  'a change of the name': { method: 'PUT', path: `${CONFIG_MAPS}/kept`, body: configMap({ metadata: { name: 'other' } }), expected: [400] },
  'an old version': { method: 'PUT', path: `${CONFIG_MAPS}/kept`, body: configMap({ metadata: { name: 'kept', resourceVersion: '1' } }), expected: [409] },
  'a version that is no number': {
    method: 'PUT',
    path: `${CONFIG_MAPS}/kept`,
    body: configMap({ metadata: { name: 'kept', resourceVersion: 'x' } }),
    expected: [400, 409, 422],
  },
  'options for a deletion that are none': { method: 'DELETE', path: `${CONFIG_MAPS}/kept`, body: '{"gracePeriodSeconds":"soon"}', expected: [400] },
  'a selector that cannot be read': { method: 'GET', path: `${CONFIG_MAPS}?labelSelector=a%20in%20(`, expected: [400] },
  'a field selector nobody supports': { method: 'GET', path: `${CONFIG_MAPS}?fieldSelector=data.a%3D1`, expected: [400] },
  'a limit that is no number': { method: 'GET', path: `${CONFIG_MAPS}?limit=many`, expected: [400] },
  "a continue token of one's own": { method: 'GET', path: `${CONFIG_MAPS}?continue=AAAA`, expected: [400, 410] },
  'a watch from a version that is no number': { method: 'GET', path: `${CONFIG_MAPS}?watch=1&resourceVersion=abc`, expected: [400, 422] },
  'a deletion of a whole collection by a selector that cannot be read': { method: 'DELETE', path: `${CONFIG_MAPS}?labelSelector=%3D%3D%3D`, expected: [400] },
}

for (const [name, { method = 'POST', path = CONFIG_MAPS, headers, body, expected }] of Object.entries(BAD)) {
  test(`${name}: ${expected.join(' or ')} and a Status`, async () => {
    const answer = await served.ask({ method, path, ...(headers && { headers }), ...(body !== undefined && { body }) })
    assert.ok(expected.includes(answer.status), `${answer.status} ${answer.text.slice(0, 500)}`)
    assert.equal(answer.json?.kind, 'Status', answer.text.slice(0, 500))
    assert.equal(answer.json.status, 'Failure')
    assert.equal(answer.json.code, answer.status)
    assert.ok(answer.json.message, 'it says what is wrong')
    assert.doesNotMatch(answer.text, /\bat \S+ \(|node:internal|\.js:\d/, 'no stack trace leaves the server')
  })
}

test('a hundred bodies of 5 MB are each told so, and do not stay in memory', async () => {
  const before = await served.residentMiB()
  const body = 'x'.repeat(5 * 1024 * 1024)
  for (let batch = 0; batch < 10; batch++) {
    const answers = await Promise.all(Array.from({ length: 10 }, () => served.ask({ method: 'POST', path: CONFIG_MAPS, body })))
    // A connection that is closed on bytes nobody has read is reset, and the client may never see why.
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([413]))
  }
  const grown = (await served.residentMiB()) - before
  assert.ok(grown < 300, `grown by ${grown.toFixed(0)} MiB for 500 MB sent`)
})

test('keys of the prototype in data are data and nothing else', async () => {
  const body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"proto"},"data":{"constructor":"c","toString":"t"}}'
  const made = await served.ask({ method: 'POST', path: CONFIG_MAPS, body })
  assert.equal(made.status, 201, made.text)
  assert.deepEqual((await served.client.get(ConfigMap, { namespace: 'default', name: 'proto' })).data, { constructor: 'c', toString: 't' })
  await served.client.delete(ConfigMap, { namespace: 'default', name: 'proto' })
})

/** Each line doubles what the line before it stands for. */
function bomb(): string {
  const lines = ['a0: &a0 [x,x,x,x,x,x,x,x,x]']
  for (let i = 1; i < 12; i++) lines.push(`a${i}: &a${i} [${Array.from({ length: 9 }, () => `*a${i - 1}`).join(',')}]`)
  return lines.join('\n')
}
