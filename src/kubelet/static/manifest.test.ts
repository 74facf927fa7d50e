/** Which files become static Pods, and what is said of the others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeText } from '../../base/bytes.ts'
import { contentHash } from './content_hash.ts'
import { readManifest } from './manifest.ts'

const container = { name: 'main', image: 'busybox' }
const json = (spec: object = {}, metadata: object = {}) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', ...metadata }, spec: { containers: [container], ...spec } })
const read = (text: string, more: { path?: string; nodeName?: string } = {}) =>
  readManifest({ bytes: encodeText(text), path: '/manifests/web', nodeName: 'node-a', seenAt: '2026-01-01T00:00:00.000Z', ...more })
const podOf = (text: string, more = {}) => {
  const manifest = read(text, more)
  assert.ok(manifest.is === 'pod', JSON.stringify(manifest))
  return manifest.pod
}

test('a manifest becomes a Pod of the node, complete with its defaults', () => {
  const { metadata, spec, status } = podOf(json({ containers: [{ ...container, resources: { limits: { cpu: '1' } } }] }))
  assert.deepEqual([metadata.name, metadata.namespace, spec.nodeName], ['web-node-a', 'default', 'node-a'])
  assert.deepEqual([spec.restartPolicy, spec.containers[0]!.imagePullPolicy, spec.containers[0]!.resources.requests], ['Always', 'Always', { cpu: '1' }])
  assert.deepEqual([status.phase, status.qosClass], ['Pending', 'Burstable'])
  assert.deepEqual(metadata.annotations, {
    'kubernetes.io/config.hash': metadata.uid,
    'kubernetes.io/config.seen': '2026-01-01T00:00:00.000Z',
    'kubernetes.io/config.source': 'file',
  })
})

test('the uid goes by what is wanted, the node and the place, and by nothing else', () => {
  const uid = podOf(json()).metadata.uid
  assert.match(uid!, /^[0-9a-f]{32}$/)
  assert.equal(podOf('apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - { image: busybox, name: main }\nmetadata: { name: web }\n').metadata.uid, uid)
  const others = [podOf(json({ hostNetwork: true })), podOf(json(), { nodeName: 'b' }), podOf(json(), { path: '/manifests/other' })]
  assert.equal(new Set([uid, ...others.map(({ metadata }) => metadata.uid)]).size, 4)
  assert.equal(podOf(json({}, { uid: 'my-own' })).metadata.uid, 'my-own')
})

const problems: readonly [text: string, why: RegExp][] = [
  ['', /./],
  ['{"apiVersion": "v1", "kind": "Pod", ', /json|yaml/],
  ['- a\n- b', /cannot unmarshal array/],
  ['apiVersion: v1\nkind: Pod\n---\napiVersion: v1\nkind: Pod\n', /./],
  [json().replace('"Pod"', '"Deployment"'), /^it holds no Pod of v1 but kind Deployment of v1$/],
  [json().replace('"v1"', '"v2"'), /^it holds no Pod of v1 but kind Pod of v2$/],
  [json({ contaners: [] }), /^unknown field "spec\.contaners"$/],
  [json({ terminationGracePeriodSeconds: 'soon' }), /cannot unmarshal string into Go struct field PodSpec\.spec\.terminationGracePeriodSeconds of type int64/],
  [json({}, { name: undefined }), /^metadata\.name: Required value$/],
  [json({}, { name: 'Web' }), /^metadata\.name: Invalid value: "Web-node-a": a lowercase RFC 1123 subdomain must consist/],
  [json({ containers: [{ name: 'main' }] }), /^spec\.containers\[0\]\.image: Required value$/],
  [json({ serviceAccountName: 'default' }), /^static pods may not reference serviceaccounts$/],
  [json({ imagePullSecrets: [{ name: 's' }] }), /^static pods may not reference secrets$/],
  [json({ containers: [{ ...container, envFrom: [{ configMapRef: { name: 'c' } }] }] }), /^static pods may not reference configmaps$/],
  [json({ volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }] }), /^static pods may not reference serviceaccounts$/],
  [json({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] }), /^static pods may not reference persistentvolumeclaims$/],
  [json({ resourceClaims: [{ name: 'c', resourceClaimName: 'c' }] }), /^static pods may not reference resourceclaims$/],
]
for (const [text, why] of problems) {
  test(`${text.slice(0, 80).replaceAll('\n', ' ') || 'an empty file'} is told: ${String(why)}`, () => {
    const manifest = read(text)
    assert.ok(manifest.is === 'problem', JSON.stringify(manifest))
    assert.match(manifest.why, why)
  })
}

test('contentHash is FNV-1a with 128 bits', () => {
  assert.equal(contentHash(''), '6c62272e07bb014262b821756295c58d')
  assert.equal(contentHash('a'), 'd228cb696f1a8caf78912b704e4a8964')
})
