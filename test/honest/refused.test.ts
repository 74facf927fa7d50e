/** What is not there is refused in Kubernetes' own words, and what users ask about their rights is answered. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { podNamed, PODS, startServer } from '../apiserver/harness.ts'

const jane = { name: 'jane', groups: ['system:authenticated'] }
const REVIEWS = '/apis/authorization.k8s.io/v1'

test('a server without a way to Pods answers their proxies with 501 and a Status that says what to use instead', async () => {
  const server = await startServer()
  for (const path of [`${PODS}/web/proxy/healthz`, '/api/v1/namespaces/default/services/web/proxy/']) {
    const { status, json } = await server.get(path)
    assert.equal(status, 501, path)
    assert.equal(json.kind, 'Status')
    assert.match(json.message, /use kubectl port-forward/)
  }
})

test('kubectl auth can-i --list: everything the caller may do', async () => {
  const server = await startServer()
  const review = await server.post(`${REVIEWS}/selfsubjectrulesreviews`, { spec: { namespace: 'default' } }, { as: jane })
  assert.equal(review.status, 201, review.text)
  const { resourceRules, nonResourceRules, incomplete } = review.json.status
  assert.equal(incomplete, false)
  assert.ok(resourceRules.some((rule: any) => rule.resources.includes('selfsubjectrulesreviews') && rule.verbs.includes('create')))
  assert.ok(!resourceRules.some((rule: any) => rule.resources.includes('pods')))
  assert.ok(nonResourceRules.some((rule: any) => rule.nonResourceURLs.includes('/version')))

  const all = await server.post(`${REVIEWS}/selfsubjectrulesreviews`, { spec: { namespace: 'default' } })
  assert.deepEqual(all.json.status.resourceRules[0], { verbs: ['*'], apiGroups: ['*'], resources: ['*'] })
  assert.equal((await server.post(`${REVIEWS}/selfsubjectrulesreviews`, { spec: {} })).status, 400)
})

test('for a kubelet the list of rights is not complete, and says why', async () => {
  const server = await startServer()
  const kubelet = { name: 'system:node:a', groups: ['system:nodes', 'system:authenticated'] }
  const { status } = (await server.post(`${REVIEWS}/selfsubjectrulesreviews`, { spec: { namespace: 'default' } }, { as: kubelet })).json
  assert.equal(status.incomplete, true)
  assert.equal(status.evaluationError, 'node authorizer does not support user rule resolution')
})

test('a local subject access review asks about one namespace, its own', async () => {
  const server = await startServer()
  const ask = (namespace: string, spec: object) => server.post(`${REVIEWS}/namespaces/${namespace}/localsubjectaccessreviews`, { spec })
  const attributes = { verb: 'get', resource: 'pods', namespace: 'default' }
  const no = await ask('default', { user: 'jane', resourceAttributes: attributes })
  assert.equal(no.status, 201, no.text)
  assert.equal(no.json.status.allowed, false)
  assert.equal((await ask('default', { user: 'x', groups: ['system:masters'], resourceAttributes: attributes })).json.status.allowed, true)
  assert.equal((await ask('other', { user: 'jane', resourceAttributes: attributes })).status, 422)
  assert.equal((await ask('default', { user: 'jane', nonResourceAttributes: { path: '/', verb: 'get' } })).status, 422)
  assert.equal((await ask('default', { resourceAttributes: attributes })).status, 422)
})

test('an eviction keeps to the version it was asked for, and waits for dependents if it is told to', async () => {
  const server = await startServer()
  const { metadata } = (await server.post(PODS, podNamed('web'))).json
  const evict = (deleteOptions: object) => server.post(`${PODS}/web/eviction`, { metadata: { name: 'web' }, deleteOptions })
  assert.equal((await evict({ preconditions: { resourceVersion: '1' } })).status, 409)
  const done = await evict({ preconditions: { resourceVersion: metadata.resourceVersion }, propagationPolicy: 'Foreground' })
  assert.equal(done.status, 201, done.text)
  // The garbage collector takes it off again.
  assert.deepEqual((await server.get(`${PODS}/web`)).json.metadata.finalizers, ['foregroundDeletion'])
})
