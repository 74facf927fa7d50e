import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { staticTokens } from '../../src/apiserver/auth/authenticate.ts'
import type { TokenClaims, TokenIssuer } from '../../src/base/tokens.ts'
import type { User } from '../../src/base/transport.ts'
import { CONFIG_MAPS, configMapNamed, podNamed, PODS, startServer, type Harness } from './harness.ts'

const jane: User = { name: 'jane', groups: ['developers'] }
const nodeA: User = { name: 'system:node:a', groups: ['system:nodes'] }

/** Signs nothing: the token is the claims. */
function paperIssuer(): TokenIssuer {
  return {
    issuer: 'https://test',
    issue: claims => `paper.${btoa(JSON.stringify(claims))}`,
    verify: token => (token.startsWith('paper.') ? (JSON.parse(atob(token.slice(6))) as TokenClaims) : undefined),
    keySet: { keys: [] },
  }
}

const bearer = (token: string) => ({ as: null, headers: { authorization: `Bearer ${token}` } })

describe('authentication', () => {
  test('a wrong token is refused, even where nobody needs one', async () => {
    const server = await startServer({ tokens: paperIssuer() })
    for (const path of ['/version', '/api/v1/pods']) {
      const answer = await server.get(path, bearer('wrong'))
      assert.equal(answer.status, 401, path)
      assert.equal(answer.json.reason, 'Unauthorized')
      assert.equal(answer.json.message, 'Unauthorized')
    }
  })

  test('a static token stands for its user', async () => {
    const server = await startServer({ tokenAuthenticators: [staticTokens(new Map([['secret', { name: 'root', groups: ['system:masters'] }]]))] })
    const answer = await server.post('/apis/authentication.k8s.io/v1/selfsubjectreviews', {}, bearer('secret'))
    assert.equal(answer.status, 201)
    assert.deepEqual(answer.json.status.userInfo, { username: 'root', groups: ['system:masters', 'system:authenticated'] })
  })

  test('a token may come among the subprotocols of a WebSocket, beside one that can be chosen', async () => {
    const server = await startServer({ tokenAuthenticators: [staticTokens(new Map([['secret>?', { name: 'root', groups: ['system:masters'] }]]))] })
    const protocol = (token: string) => `base64url.bearer.authorization.k8s.io.${btoa(token).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`
    const ask = async (protocols: string, upgrade = 'websocket') =>
      (await server.get(PODS, { as: null, headers: { upgrade, 'sec-websocket-protocol': protocols } })).status
    assert.equal(await ask(`${protocol('secret>?')}, binary.k8s.io`), 200)
    assert.equal(await ask(`binary.k8s.io, ${protocol('wrong')}`), 401)
    assert.equal(await ask(protocol('secret>?')), 401, 'alone')
    assert.equal(await ask(`${protocol('secret>?')}, ${protocol('secret>?')}`), 401, 'twice')
    assert.equal(await ask('base64url.bearer.authorization.k8s.io.%, binary.k8s.io'), 401)
    assert.equal(await ask('base64url.bearer.authorization.k8s.io.a, binary.k8s.io'), 401)
    assert.equal(await ask(`${protocol('secret>?')}, binary.k8s.io`, 'spdy/3.1'), 403, 'it is no WebSocket')
    assert.equal(await ask('binary.k8s.io'), 403)
  })

  test('nobody is system:anonymous, who may see health and version and nothing else', async () => {
    const server = await startServer()
    for (const path of ['/healthz', '/livez', '/readyz', '/version', '/livez/ping']) assert.equal((await server.get(path, { as: null })).status, 200, path)
    for (const path of ['/api', '/apis', '/openapi/v2', '/metrics', '/']) {
      const answer = await server.get(path, { as: null })
      assert.equal(answer.status, 403, path)
      assert.equal(answer.json.message, `forbidden: User "system:anonymous" cannot get path "${path}"`)
    }
  })

  test('impersonation acts as the other, for those who may', async () => {
    const server = await startServer()
    const as = { headers: { 'impersonate-user': 'jane', 'impersonate-group': 'developers' } }
    const review = await server.post('/apis/authentication.k8s.io/v1/selfsubjectreviews', {}, as)
    assert.deepEqual(review.json.status.userInfo, { username: 'jane', groups: ['developers', 'system:authenticated'] })
    assert.equal((await server.get(PODS, as)).status, 403)
    const refused = await server.get('/version', { as: jane, headers: { 'impersonate-user': 'root' } })
    assert.equal(refused.json.message, 'users "root" is forbidden: User "jane" cannot impersonate resource "users" in API group "" at the cluster scope')
    assert.equal((await server.get('/version', { headers: { 'impersonate-group': 'x' } })).status, 400)
  })
})

describe('authorization', () => {
  test('a user without rights is refused in the words of Kubernetes', async () => {
    const server = await startServer()
    const listed = await server.get(PODS, { as: jane })
    assert.equal(listed.status, 403)
    assert.equal(listed.json.reason, 'Forbidden')
    assert.equal(listed.json.message, 'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"')
    assert.equal(
      (await server.get('/api/v1/nodes/a', { as: jane })).json.message,
      'nodes "a" is forbidden: User "jane" cannot get resource "nodes" in API group "" at the cluster scope',
    )
    assert.equal(
      (await server.get(`${PODS}/web/log`, { as: jane })).json.message,
      'pods "web" is forbidden: User "jane" cannot get resource "pods/log" in API group "" in the namespace "default"',
    )
    assert.equal(
      (await server.get('/apis/coordination.k8s.io/v1/namespaces/default/leases', { as: jane })).json.message,
      'leases.coordination.k8s.io is forbidden: User "jane" cannot list resource "leases" in API group "coordination.k8s.io" in the namespace "default"',
    )
  })

  test('everybody with a name may discover, and ask who he is and what he may', async () => {
    const server = await startServer()
    for (const path of ['/api', '/apis', '/api/v1', '/openapi/v3']) assert.equal((await server.get(path, { as: jane })).status, 200, path)
    const who = await server.post('/apis/authentication.k8s.io/v1/selfsubjectreviews', {}, { as: jane })
    assert.equal(who.json.status.userInfo.username, 'jane')
    const may = async (as: User, verb: string, resource: string) =>
      (
        await server.post(
          '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
          { spec: { resourceAttributes: { verb, resource, namespace: 'default' } } },
          { as },
        )
      ).json.status.allowed
    assert.equal(await may(jane, 'list', 'pods'), false)
    assert.equal(await may({ name: 'root', groups: ['system:masters'] }, 'list', 'pods'), true)
  })

  test('a subject access review asks for somebody else', async () => {
    const server = await startServer()
    const ask = (spec: object) => server.post('/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec })
    const allowed = await ask({
      user: 'system:kube-scheduler',
      resourceAttributes: { verb: 'create', resource: 'pods', subresource: 'binding', namespace: 'default' },
    })
    assert.equal(allowed.status, 201, allowed.text)
    assert.equal(allowed.json.status.allowed, true)
    assert.equal((await ask({ user: 'jane', nonResourceAttributes: { verb: 'get', path: '/metrics' } })).json.status.allowed, false)
    assert.equal((await ask({ user: 'jane' })).status, 422)
  })

  test('the scheduler may bind Pods and not make them', async () => {
    const server = await startServer()
    const scheduler: User = { name: 'system:kube-scheduler', groups: [] }
    assert.equal((await server.get('/api/v1/pods', { as: scheduler })).status, 200)
    assert.equal((await server.post(PODS, podNamed('web'), { as: scheduler })).status, 403)
    await server.post(PODS, podNamed('web'))
    assert.equal((await server.post(`${PODS}/web/binding`, { target: { kind: 'Node', name: 'a' } }, { as: scheduler })).status, 201)
  })
})

describe('a kubelet', () => {
  const boundPod = async (server: Harness, name: string, node: string, spec: object = {}): Promise<void> => {
    const created = await server.post(PODS, podNamed(name, { spec: { nodeName: node, containers: [{ name: 'main', image: 'nginx' }], ...spec } }))
    assert.equal(created.status, 201, created.text)
  }

  test('registers its own Node and no other', async () => {
    const server = await startServer()
    assert.equal((await server.post('/api/v1/nodes', { metadata: { name: 'a' } }, { as: nodeA })).status, 201)
    const other = await server.post('/api/v1/nodes', { metadata: { name: 'b' } }, { as: nodeA })
    assert.equal(other.status, 403)
    assert.match(other.json.message, /node "a" is not allowed to modify node "b"/)
    assert.equal((await server.patch('/api/v1/nodes/b/status', 'merge', {}, { as: nodeA })).status, 403)
  })

  test('writes the status of its own Pods only', async () => {
    const server = await startServer()
    await boundPod(server, 'mine', 'a')
    await boundPod(server, 'theirs', 'b')
    const status = { status: { phase: 'Running' } }
    assert.equal((await server.patch(`${PODS}/mine/status`, 'strategic', status, { as: nodeA })).status, 200)
    const refused = await server.patch(`${PODS}/theirs/status`, 'strategic', status, { as: nodeA })
    assert.equal(refused.status, 403)
    assert.match(refused.json.message, /node "a" can only update pod status for pods with spec.nodeName set to itself/)
    assert.equal((await server.delete(`${PODS}/theirs`, undefined, { as: nodeA })).status, 403)
    assert.equal((await server.delete(`${PODS}/mine`, { gracePeriodSeconds: 0 }, { as: nodeA })).status, 200)
    assert.equal((await server.post(PODS, podNamed('own'), { as: nodeA })).status, 403)
  })

  test('renews its own lease', async () => {
    const server = await startServer()
    const path = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'
    assert.equal((await server.post(path, { metadata: { name: 'a' } }, { as: nodeA })).status, 201)
    assert.equal((await server.post(path, { metadata: { name: 'b' } }, { as: nodeA })).status, 403)
    assert.equal((await server.patch(`${path}/a`, 'merge', { spec: { holderIdentity: 'a' } }, { as: nodeA })).status, 200)
    assert.equal((await server.get('/apis/coordination.k8s.io/v1/namespaces/default/leases/a', { as: nodeA })).status, 403)
  })

  test('reads the ConfigMaps and Secrets its Pods name, and no others', async () => {
    const server = await startServer()
    await server.post(CONFIG_MAPS, configMapNamed('named'))
    await server.post(CONFIG_MAPS, configMapNamed('other'))
    const read = (name: string) => server.get(`${CONFIG_MAPS}/${name}`, { as: nodeA })
    assert.equal((await read('named')).status, 403)
    await boundPod(server, 'web', 'a', { volumes: [{ name: 'v', configMap: { name: 'named' } }] })
    assert.equal((await read('named')).status, 200)
    const refused = await read('other')
    assert.equal(refused.status, 403)
    assert.match(refused.json.message, /no relationship found between node 'a' and this object/)
    assert.equal((await server.get(CONFIG_MAPS, { as: nodeA })).status, 403)
    const selected = async (selector: string) => (await server.get(`${CONFIG_MAPS}?fieldSelector=${encodeURIComponent(selector)}`, { as: nodeA })).status
    assert.equal(await selected('metadata.name=named'), 200)
    assert.equal(await selected('metadata.name=other'), 403)
    assert.equal(await selected('metadata.name!=named'), 403)
    // One term, with commas in its value: it selects everything.
    assert.equal(await selected('metadata.namespace!=x\\,metadata.name\\=named'), 403)
    await server.delete(`${PODS}/web`, { gracePeriodSeconds: 0 })
    assert.equal((await read('named')).status, 403)
  })

  test('reads the claims of its Pods and their volumes one by one, and no others', async () => {
    const server = await startServer()
    const claims = '/api/v1/namespaces/default/persistentvolumeclaims'
    const volumes = '/api/v1/persistentvolumes'
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1' } } }
    const made = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1' }, hostPath: { path: '/a' } }
    for (const name of ['named', 'web-own', 'other']) {
      await server.post(claims, { metadata: { name }, spec })
      await server.post(volumes, { metadata: { name }, spec: { ...made, claimRef: { namespace: 'default', name } } })
    }
    const ephemeral = { volumeClaimTemplate: { spec } }
    await boundPod(server, 'web', 'a', {
      volumes: [
        { name: 'v', persistentVolumeClaim: { claimName: 'named' } },
        { name: 'own', ephemeral },
      ],
    })
    for (const path of [claims, volumes]) {
      for (const [name, status] of Object.entries({ named: 200, 'web-own': 200, other: 403 }))
        assert.equal((await server.get(`${path}/${name}`, { as: nodeA })).status, status, `${path}/${name}`)
      const list = await server.get(`${path}?fieldSelector=metadata.name%3Dnamed`, { as: nodeA })
      assert.equal(list.status, 403)
      assert.match(list.json.message, /can only get individual resources of this type/)
      assert.equal((await server.delete(`${path}/named`, undefined, { as: nodeA })).status, 403)
    }
    const nodeB: User = { name: 'system:node:b', groups: ['system:nodes'] }
    assert.equal((await server.get(`${volumes}/named`, { as: nodeB })).status, 403)
  })
})

describe('tokens of ServiceAccounts', () => {
  const TOKEN = '/api/v1/namespaces/default/serviceaccounts/default/token'

  test('a token is issued, recognised, and dies with its Pod', async () => {
    const server = await startServer({ tokens: paperIssuer() })
    const pod = (await server.post(PODS, podNamed('web'))).json
    const issued = await server.post(TOKEN, { spec: { boundObjectRef: { kind: 'Pod', name: 'web', uid: pod.metadata.uid } } })
    assert.equal(issued.status, 201, issued.text)
    const { token, expirationTimestamp } = issued.json.status
    assert.equal(expirationTimestamp, '2026-01-01T01:00:00Z')
    const who = await server.post('/apis/authentication.k8s.io/v1/selfsubjectreviews', {}, bearer(token))
    assert.equal(who.json.status.userInfo.username, 'system:serviceaccount:default:default')
    assert.deepEqual(who.json.status.userInfo.groups, ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'])
    assert.deepEqual(who.json.status.userInfo.extra['authentication.kubernetes.io/pod-name'], ['web'])

    const review = await server.post('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token } })
    assert.equal(review.json.status.authenticated, true)
    await server.delete(`${PODS}/web`, { gracePeriodSeconds: 0 })
    assert.equal((await server.get('/api', bearer(token))).status, 401)
    const later = await server.post('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token } })
    assert.equal(later.json.status.error, 'invalid bearer token')
  })

  test('a token for somebody else is none for the API', async () => {
    const server = await startServer({ tokens: paperIssuer() })
    const issued = await server.post(TOKEN, { spec: { audiences: ['vault'] } })
    assert.equal((await server.get('/api', bearer(issued.json.status.token))).status, 401)
    const review = await server.post('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: issued.json.status.token, audiences: ['vault'] } })
    assert.deepEqual(review.json.status.audiences, ['vault'])
  })

  test('others find the keys to check tokens by', async () => {
    const server = await startServer({ tokens: paperIssuer() })
    assert.equal((await server.get('/.well-known/openid-configuration')).json.jwks_uri, 'https://test/openid/v1/jwks')
    const keys = await server.get('/openid/v1/jwks')
    assert.deepEqual(keys.json, { keys: [] })
    assert.equal(keys.headers['content-type'], 'application/jwk-set+json')
    const without = await startServer()
    assert.equal((await without.get('/openid/v1/jwks')).status, 404)
  })

  test('requests that cannot be granted say why', async () => {
    const server = await startServer({ tokens: paperIssuer() })
    const short = await server.post(TOKEN, { spec: { expirationSeconds: 60 } })
    assert.equal(short.status, 422)
    assert.match(short.json.message, /spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes/)
    assert.equal((await server.post(TOKEN, { spec: { boundObjectRef: { kind: 'Pod', name: 'none' } } })).status, 404)
    await server.post(PODS, podNamed('web'))
    assert.equal((await server.post(TOKEN, { spec: { boundObjectRef: { kind: 'Pod', name: 'web', uid: 'other' } } })).status, 409)
    assert.equal((await server.post('/api/v1/namespaces/default/serviceaccounts/none/token', { spec: {} })).status, 404)
    assert.equal((await server.post(TOKEN, { spec: { boundObjectRef: { kind: 'Pod', name: 'web' } } }, { as: nodeA })).status, 403)
  })
})
