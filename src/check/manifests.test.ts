import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readManifests } from './manifests.ts'
import { CheckProblem } from './problem.ts'

const read = (text: string, file = 'web.yaml') => readManifests([{ file, text }])

/** What is said of a text that cannot be used. */
function refusal(text: string): string {
  try {
    read(text)
  } catch (error) {
    assert.ok(error instanceof CheckProblem, String(error))
    return error.message
  }
  return assert.fail('it was taken')
}

const SERVICE = 'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: 80 }] }\n'

test('documents are told apart, comments and empty ones are none, and each knows its line', () => {
  const { objects } = read(
    `# a comment\n---\n${SERVICE}---\n# nothing\n---\n\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndata:\n  certificate: |\n    -----BEGIN-----\n`,
  )
  assert.deepEqual(
    objects.map(({ place, written }) => `${place} ${written.kind}`),
    ['web.yaml:3 Service', 'web.yaml:11 ConfigMap'],
  )
})

test('a List stands for its items, and JSON is read as well', () => {
  const list = JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: [
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' } },
    ],
  })
  assert.deepEqual(
    readManifests([{ file: 'list.json', text: list }]).objects.map(({ written }) => written.metadata.name),
    ['a', 'b'],
  )
})

test('what is planned with has the defaults of its kind, and what is applied is as written', () => {
  const [service] = read(SERVICE).objects
  assert.deepEqual((service!.written as unknown as { spec: object }).spec, { ports: [{ port: 80 }] })
  assert.deepEqual((service!.object as unknown as { spec: { ports: object[] } }).spec.ports, [{ port: 80, protocol: 'TCP', targetPort: 80 }])
})

const REFUSED: readonly [what: string, text: string, message: RegExp][] = [
  ['broken YAML', 'apiVersion: v1\nkind: [Service\nmetadata: {}\n', /^web\.yaml: line [23]: /],
  ['no kind', 'apiVersion: v1\nmetadata: { name: web }\n', /^web\.yaml:1: Object 'Kind' is missing$/],
  ['no apiVersion', '\n\nkind: Service\n', /^web\.yaml:3: apiVersion is not set$/],
  ['text', 'hello\n', /^web\.yaml:1: this is no object/],
  [
    'an old version',
    'apiVersion: extensions/v1beta1\nkind: Deployment\n',
    /no matches for kind "Deployment" in version "extensions\/v1beta1"; there is Deployment in apps\/v1$/,
  ],
  ['a slip in the kind', 'apiVersion: apps/v1\nkind: Deploymnet\n', /no matches for kind "Deploymnet" in version "apps\/v1"$/],
  ['no name', 'apiVersion: v1\nkind: Service\nmetadata: {}\n', /metadata\.name is missing/],
  ['a generated name', 'apiVersion: v1\nkind: Pod\nmetadata: { generateName: web- }\n', /from web-: cannot use generate name with apply/],
  ['a wrong type', 'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: 80 }\n', /^web\.yaml:1: Service web: .*ports/],
  ['a key given twice', `${SERVICE}kind: Service\n`, /^web\.yaml: line 1: "kind" is given twice$/],
  ['an object given twice', `${SERVICE}---\n${SERVICE}`, /^web\.yaml:6: Service web is also in web\.yaml:1$/],
  ['nothing at all', '# nothing\n', /no objects were found/],
]

for (const [what, text, message] of REFUSED) test(`refused with its place: ${what}`, () => assert.match(refusal(text), message))

test('everything that is wrong is told at once', () => {
  assert.equal(refusal('kind: Service\n---\napiVersion: v1\n').split('\n').length, 2)
})

test('kinds that a check does without are left out aloud', () => {
  const { objects, notes } = read(
    `${SERVICE}---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: web }\n---\napiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: { name: web }\n`,
  )
  assert.equal(objects.length, 1)
  assert.match(notes[0]!, /^web\.yaml:6: Ingress web is left out: /)
  assert.match(notes[1]!, /^web\.yaml:10: ServiceMonitor web is left out: monitoring\.coreos\.com is not part of Kubernetes/)
})
