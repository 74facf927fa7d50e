import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultPullPolicy, parseImageName } from './image_name.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`

test('image names: what is left out is filled in', () => {
  const table: readonly [given: string, full: string, registry: string][] = [
    ['nginx', 'docker.io/library/nginx:latest', 'docker.io'],
    ['nginx:1.25', 'docker.io/library/nginx:1.25', 'docker.io'],
    ['ikubernetes/myapp:v1', 'docker.io/ikubernetes/myapp:v1', 'docker.io'],
    ['localhost/web', 'localhost/web:latest', 'localhost'],
    ['registry:5000/web', 'registry:5000/web:latest', 'registry:5000'],
    ['quay.io/a/b/c:x', 'quay.io/a/b/c:x', 'quay.io'],
    [`nginx@${DIGEST}`, `docker.io/library/nginx@${DIGEST}`, 'docker.io'],
    [`nginx:1@${DIGEST}`, `docker.io/library/nginx:1@${DIGEST}`, 'docker.io'],
  ]
  for (const [given, full, registry] of table) {
    const name = parseImageName(given)
    assert.ok(typeof name !== 'string', given)
    assert.deepEqual([name.full, name.registry], [full, registry], given)
  }
})

test('image names: what is none is told as the registry library tells it', () => {
  assert.equal(parseImageName('Nginx'), 'couldn\'t parse image name "Nginx": invalid reference format: repository name must be lowercase')
  for (const wrong of ['', 'a b', ':1', 'web:', 'web@sha256:1', '/web'])
    assert.equal(parseImageName(wrong), `couldn't parse image name "${wrong}": invalid reference format`)
})

test('pull policy: Always for latest and for no tag, IfNotPresent for the rest', () => {
  assert.deepEqual(['nginx', 'nginx:latest', 'nginx:1', `nginx@${DIGEST}`].map(defaultPullPolicy), ['Always', 'Always', 'IfNotPresent', 'IfNotPresent'])
})
