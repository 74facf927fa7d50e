import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deepFreeze } from '../base/freeze.ts'
import { Pod } from './kinds/pod.ts'
import { ApiError } from './status.ts'
import { applyStrategicMergePatch } from './strategic_merge_patch.ts'

const patched = (original: unknown, patch: unknown): any => applyStrategicMergePatch(Pod.schema, deepFreeze(original), deepFreeze(patch))
const spec = (original: unknown, patch: unknown): any => patched({ spec: original }, { spec: patch }).spec
const refusal = (code: number, message: string) => (error: unknown) => error instanceof ApiError && error.code === code && error.message === message

test('objects are merged, null removes, lists without a key are replaced', () => {
  assert.deepEqual(
    patched(
      { metadata: { labels: { a: '1', b: '2' } }, spec: { nodeName: 'n', tolerations: [{ key: 'a' }] } },
      { metadata: { labels: { a: null, c: '3' } }, spec: { tolerations: [{ key: 'b' }] } },
    ),
    { metadata: { labels: { b: '2', c: '3' } }, spec: { nodeName: 'n', tolerations: [{ key: 'b' }] } },
  )
  assert.deepEqual(spec({ containers: [{ name: 'a', args: ['1', '2'] }] }, { containers: [{ name: 'a', args: ['3'] }] }), {
    containers: [{ name: 'a', args: ['3'] }],
  })
  assert.deepEqual(patched({}, { metadata: { labels: { a: null } }, unknown: { b: null } }), { metadata: { labels: {} }, unknown: {} })
})

test('lists with a merge key are merged item by item, and new items come last', () => {
  assert.deepEqual(
    spec(
      {
        containers: [
          { name: 'a', image: 'a:1', env: [{ name: 'X', value: '1' }], ports: [{ containerPort: 80, name: 'http' }] },
          { name: 'b', image: 'b:1' },
        ],
      },
      {
        containers: [
          { name: 'c', image: 'c:1', command: null },
          { name: 'a', image: 'a:2', env: [{ name: 'Y', value: '2' }], ports: [{ containerPort: 80, hostPort: 8080 }] },
        ],
      },
    ),
    {
      containers: [
        {
          name: 'a',
          image: 'a:2',
          env: [
            { name: 'X', value: '1' },
            { name: 'Y', value: '2' },
          ],
          ports: [{ containerPort: 80, name: 'http', hostPort: 8080 }],
        },
        { name: 'b', image: 'b:1' },
        { name: 'c', image: 'c:1' },
      ],
    },
  )
  assert.deepEqual(patched({ metadata: { finalizers: ['a', 'b'] } }, { metadata: { finalizers: ['b', 'c', 'c'] } }).metadata.finalizers, ['a', 'b', 'c'])
})

test('$patch deletes, replaces and merges', () => {
  const volumes = [
    { name: 'a', emptyDir: {} },
    { name: 'b', emptyDir: {} },
  ]
  assert.deepEqual(
    spec(
      { volumes },
      {
        volumes: [
          { name: 'a', $patch: 'delete' },
          { name: 'none', $patch: 'delete' },
        ],
      },
    ).volumes,
    [volumes[1]],
  )
  assert.deepEqual(spec({ volumes }, { volumes: [{ $patch: 'replace' }, { name: 'c', emptyDir: null }] }).volumes, [{ name: 'c' }])
  assert.deepEqual(spec({ nodeName: 'n' }, { $patch: 'replace', hostname: 'h', subdomain: null }), { hostname: 'h' })
  assert.deepEqual(spec({ securityContext: { runAsUser: 1 } }, { securityContext: { $patch: 'delete' } }), { securityContext: {} })
  assert.deepEqual(spec({ nodeName: 'n' }, { $patch: 'merge', hostname: 'h' }), { nodeName: 'n', hostname: 'h' })
})

test('$retainKeys keeps one member of a union', () => {
  assert.deepEqual(
    spec(
      { volumes: [{ name: 'a', emptyDir: { medium: 'Memory' } }] },
      { volumes: [{ name: 'a', $retainKeys: ['name', 'configMap'], configMap: { name: 'c' } }] },
    ).volumes,
    [{ name: 'a', configMap: { name: 'c' } }],
  )
  assert.throws(
    () => spec({ volumes: [{ name: 'a' }] }, { volumes: [{ name: 'a', $retainKeys: ['name'], configMap: { name: 'c' } }] }),
    refusal(400, "patch content doesn't match retainKeys list: configMap"),
  )
  assert.throws(() => spec({}, { $retainKeys: 'x' }), refusal(400, 'invalid patch format of retainKeys'))
})

test('$setElementOrder orders what the client names and leaves the others where they were', () => {
  const original = { containers: [{ name: 'a' }, { name: 'sidecar' }, { name: 'b' }] }
  const order = (names: string[]) => names.map(name => ({ name }))
  assert.deepEqual(spec(original, { '$setElementOrder/containers': order(['b', 'a']) }).containers, order(['sidecar', 'b', 'a']))
  assert.deepEqual(
    spec(original, { '$setElementOrder/containers': order(['a', 'new', 'b']), containers: [{ name: 'new', image: 'x' }] }).containers.map((c: any) => c.name),
    ['a', 'new', 'sidecar', 'b'],
  )
  assert.deepEqual(
    spec(original, {
      '$setElementOrder/containers': order(['b']),
      containers: [
        { name: 'a', $patch: 'delete' },
        { name: 'b', image: 'x' },
      ],
    }).containers,
    [{ name: 'sidecar' }, { name: 'b', image: 'x' }],
  )
  assert.deepEqual(
    patched({ metadata: { finalizers: ['a', 'b'] } }, { metadata: { '$setElementOrder/finalizers': ['c', 'b', 'a'], finalizers: ['c'] } }).metadata.finalizers,
    ['c', 'b', 'a'],
  )
  assert.throws(
    () => spec(original, { '$setElementOrder/containers': order(['a', 'b']), containers: [{ name: 'b' }, { name: 'a' }] }),
    refusal(500, "The order in patch list:\n[map[name:b] map[name:a]]\n doesn't match $setElementOrder/containers list:\n[map[name:a] map[name:b]]\n"),
  )
})

test('$deleteFromPrimitiveList removes scalars', () => {
  assert.deepEqual(
    patched({ metadata: { finalizers: ['a', 'b', 'c'] } }, { metadata: { '$deleteFromPrimitiveList/finalizers': ['b', 'x'] } }).metadata.finalizers,
    ['a', 'c'],
  )
  assert.deepEqual(
    patched({ metadata: { finalizers: ['a', 'b'] } }, { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'], finalizers: ['d'] } }).metadata.finalizers,
    ['b', 'd'],
  )
  assert.throws(() => patched({}, { metadata: { '$deleteFromPrimitiveList/finalizers': 'a' } }), refusal(400, 'invalid patch format of primitive list'))
})

test('a patch that cannot be understood is refused in the words kubectl users know', () => {
  assert.throws(
    () => spec({ containers: [{ name: 'a' }] }, { containers: [{ image: 'x' }] }),
    refusal(500, 'map: map[image:x] does not contain declared merge key: name'),
  )
  assert.throws(() => spec({}, { $patch: 'improve' }), refusal(500, 'unknown patch type: improve in map: map[$patch:improve]'))
  assert.throws(() => spec({}, { containers: [{ name: 'a', $patch: 'merge' }] }), refusal(500, 'merging lists cannot yet be specified in the patch'))
  assert.throws(() => applyStrategicMergePatch(Pod.schema, {}, []), refusal(400, 'unable to unmarshal patch: it must be an object'))
})

test('what a patch does not touch is the same object as before', () => {
  const original = { metadata: { name: 'a' }, spec: { containers: [{ name: 'a' }, { name: 'b' }] } }
  const result = patched(original, { spec: { containers: [{ name: 'b', image: 'x' }] } })
  assert.equal(result.metadata, original.metadata)
  assert.equal(result.spec.containers[0], original.spec.containers[0])
})
