import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { admin, CONFIG_MAPS, configMapNamed, podNamed, PODS, startServer } from './harness.ts'

describe('paths', () => {
  test('an unknown path is the plain text 404 that kubectl reads as "could not find the requested resource"', async () => {
    const server = await startServer()
    for (const path of [
      '/nope',
      '/api/v2',
      '/api/v1/nopes',
      '/apis/apps.example/v1',
      '/apis/apps.example/v1/things',
      `${PODS}/web/nope`,
      '/api/v1/namespaces/default/nodes',
      '/api/v1/pods/web',
      '/api/v1/namespaces/a/b/c/d/e',
    ]) {
      const answer = await server.get(path)
      assert.equal(answer.status, 404, path)
      assert.equal(answer.text, '404 page not found\n', path)
    }
  })

  test('a name that would climb or split a storage path is refused', async () => {
    const server = await startServer()
    for (const name of ['..', '.', '%2e%2e', 'a%2Fb', 'a%25b']) {
      const answer = await server.get(`${PODS}/${name}`)
      assert.equal(answer.status, 400, name)
      assert.equal(answer.json.reason, 'BadRequest', name)
      assert.match(answer.json.message, /^Name parameter invalid/)
    }
    assert.equal((await server.get('/api/v1/namespaces/..%2F/pods')).status, 400)
  })

  test('empty segments lead nowhere and broken escapes are bad requests', async () => {
    const server = await startServer()
    assert.equal((await server.get('//api/v1/pods')).status, 404)
    assert.equal((await server.get('/api//v1/pods')).status, 404)
    assert.equal((await server.get('/api/v1/namespaces//pods')).status, 404)
    assert.equal((await server.get('/api/v1/namespaces/%zz/pods')).status, 400)
  })

  test('a method that is none of the API is not allowed, nor one the resource has not', async () => {
    const server = await startServer()
    assert.equal((await server.ask('BREW', PODS)).status, 405)
    assert.equal((await server.ask('OPTIONS', PODS)).status, 405)
    const posted = await server.post(`${PODS}/web/status`, podNamed('web'))
    assert.equal(posted.status, 405)
    assert.equal(posted.json.message, 'the server does not allow this method on the requested resource')
    assert.equal((await server.post('/api/v1/pods', podNamed('web'))).status, 405)
    assert.equal((await server.delete('/api/v1/namespaces')).status, 405)
    assert.equal((await server.post('/version', {})).status, 405)
  })

  test('HEAD answers like GET without a body', async () => {
    const server = await startServer()
    const answer = await server.ask('HEAD', '/api/v1/namespaces/default')
    assert.equal(answer.status, 200)
    assert.equal(answer.response.body.is, 'none')
  })
})

describe('bodies', () => {
  test('malformed JSON is a bad request, and the server goes on', async () => {
    const server = await startServer()
    for (const raw of ['{', '{"a":}', '[]', '"text"', 'null', '{"metadata": {"name": "a"}', '\u0000']) {
      const answer = await server.ask('POST', CONFIG_MAPS, { raw })
      assert.equal(answer.status, 400, raw)
      assert.equal(answer.json.reason, 'BadRequest', raw)
    }
    assert.equal((await server.ask('POST', CONFIG_MAPS)).status, 400)
    assert.equal((await server.post(CONFIG_MAPS, configMapNamed('a'))).status, 201)
  })

  test('YAML is read as JSON is, and malformed YAML refused', async () => {
    const server = await startServer()
    const headers = { 'content-type': 'application/yaml' }
    const created = await server.ask('POST', CONFIG_MAPS, { headers, raw: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: from-yaml\ndata:\n  a: "1"\n' })
    assert.equal(created.status, 201, created.text)
    assert.deepEqual(created.json.data, { a: '1' })
    assert.equal((await server.ask('POST', CONFIG_MAPS, { headers, raw: 'a: [1\nb: {' })).status, 400)
  })

  test('a value of the wrong type is named', async () => {
    const server = await startServer()
    const answer = await server.post(PODS, { ...podNamed('web'), spec: { containers: 'main' } })
    assert.equal(answer.status, 400)
    assert.match(answer.json.message, /^Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal string into Go struct field/)
  })

  test('an unknown field is refused, warned about or dropped, as the request says', async () => {
    const server = await startServer()
    const body = (name: string) => ({ ...podNamed(name), spec: { ...podNamed(name).spec, foo: 1 } })
    const strict = await server.post(`${PODS}?fieldValidation=Strict`, body('a'))
    assert.equal(strict.status, 400)
    assert.equal(strict.json.message, 'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.foo"')
    const warned = await server.post(PODS, body('b'))
    assert.equal(warned.status, 201)
    assert.deepEqual(warned.headers.warning, ['299 - "unknown field \\"spec.foo\\""'])
    assert.equal(warned.json.spec.foo, undefined)
    const ignored = await server.post(`${PODS}?fieldValidation=Ignore`, body('c'))
    assert.equal(ignored.status, 201)
    assert.equal(ignored.headers.warning, undefined)
    assert.equal((await server.post(`${PODS}?fieldValidation=Perhaps`, body('d'))).status, 422)
  })

  test('a field given twice is named too', async () => {
    const server = await startServer()
    const answer = await server.ask('POST', `${CONFIG_MAPS}?fieldValidation=Strict`, { raw: '{"metadata":{"name":"a"},"data":{},"data":{}}' })
    assert.equal(answer.status, 400)
    assert.match(answer.json.message, /duplicate field "data"/)
  })

  test('more than three megabytes are too much', async () => {
    const server = await startServer()
    const answer = await server.post(CONFIG_MAPS, configMapNamed('big', { a: 'x'.repeat(5 * 1024 * 1024) }))
    assert.equal(answer.status, 413)
    assert.equal(answer.json.reason, 'RequestEntityTooLarge')
  })

  test('a media type the server does not speak is refused', async () => {
    const server = await startServer()
    for (const type of ['text/plain', 'application/xml', 'application/cbor']) {
      const answer = await server.post(CONFIG_MAPS, configMapNamed('a'), { headers: { 'content-type': type } })
      assert.equal(answer.status, 415, type)
      assert.equal(answer.json.reason, 'UnsupportedMediaType')
    }
  })

  test('protobuf is read, as kubectl create sends it, and answered in JSON', async () => {
    const server = await startServer()
    // kubectl 1.32 create namespace team
    const hex = '6b3873000a0f0a02763112094e616d657370616365121c0a140a047465616d12001a0022002a003200380042001200' + '1a020a001a002200'
    const bytes = Uint8Array.from(hex.match(/../g)!, pair => parseInt(pair, 16))
    const response = await server.server.handle({
      method: 'POST',
      path: '/api/v1/namespaces',
      query: new URLSearchParams('fieldManager=kubectl-create&fieldValidation=Strict'),
      headers: { 'content-type': 'application/vnd.kubernetes.protobuf', accept: 'application/vnd.kubernetes.protobuf,application/json' },
      body: { is: 'bytes', bytes },
      user: admin,
      signal: new AbortController().signal,
    })
    assert.equal(response.status, 201)
    const { json } = await server.get('/api/v1/namespaces/team')
    assert.deepEqual(json.spec, { finalizers: ['kubernetes'] })
    assert.equal(json.metadata.generateName, undefined)
    const broken = await server.ask('POST', '/api/v1/namespaces', { headers: { 'content-type': 'application/vnd.kubernetes.protobuf' }, raw: 'nonsense' })
    assert.equal(broken.status, 400)
  })

  test('an object of another kind or version is refused', async () => {
    const server = await startServer()
    assert.equal((await server.post(PODS, configMapNamed('a'))).status, 400)
    const answer = await server.post(PODS, { ...podNamed('web'), apiVersion: 'v2' })
    assert.equal(answer.status, 400)
    assert.equal(answer.json.message, 'the API version in the data (v2) does not match the expected API version (v1)')
  })
})

describe('negotiation', () => {
  test('JSON, YAML and anything are served; protobuf alone is not', async () => {
    const server = await startServer()
    const path = '/api/v1/namespaces/default'
    for (const accept of ['application/json', '*/*', 'application/*', 'application/vnd.kubernetes.protobuf, */*', '']) {
      const answer = await server.get(path, { headers: { accept } })
      assert.equal(answer.headers['content-type'], 'application/json', accept)
    }
    const yaml = await server.get(path, { headers: { accept: 'application/yaml' } })
    assert.equal(yaml.headers['content-type'], 'application/yaml')
    assert.match(yaml.text, /^kind: Namespace$/m)
    const refused = await server.get(path, { headers: { accept: 'application/vnd.kubernetes.protobuf' } })
    assert.equal(refused.status, 406)
    assert.equal(refused.json.reason, 'NotAcceptable')
    assert.equal((await server.get(path, { headers: { accept: 'application/json;as=Sculpture;v=v1;g=meta.k8s.io' } })).status, 406)
  })

  test('quality decides between what a client takes', async () => {
    const server = await startServer()
    const answer = await server.get('/api/v1/namespaces/default', { headers: { accept: 'application/json;q=0.5, application/yaml' } })
    assert.equal(answer.headers['content-type'], 'application/yaml')
  })

  test('every answer says what it is and that it may not be cached', async () => {
    const server = await startServer()
    for (const path of ['/api/v1/pods', '/nope', '/version', '/healthz', `${PODS}/none`]) {
      const { headers } = await server.get(path)
      assert.ok(headers['content-type'], path)
      assert.equal(headers['cache-control'], 'no-cache, private', path)
    }
  })

  test('pretty prints', async () => {
    const server = await startServer()
    assert.match((await server.get('/api/v1/namespaces/default?pretty=true')).text, /^{\n {2}"/)
  })
})

describe('endpoints beside the API', () => {
  test('/version is a semantic version that says 1.34', async () => {
    const server = await startServer()
    const { json } = await server.get('/version')
    assert.equal(json.major, '1')
    assert.equal(json.minor, '34')
    assert.match(json.gitVersion, /^v\d+\.\d+\.\d+(\+[0-9A-Za-z.-]+)?$/)
  })

  test('health: ok, verbose, one check, an unknown check', async () => {
    const server = await startServer()
    for (const probe of ['/healthz', '/livez', '/readyz', '/livez/ping', '/readyz/etcd']) {
      const answer = await server.get(probe)
      assert.equal(answer.status, 200, probe)
      assert.equal(answer.text, 'ok', probe)
    }
    assert.match((await server.get('/readyz?verbose')).text, /^\[\+\]ping ok\n\[\+\]etcd ok\n\[\+\]shutdown ok\nreadyz check passed\n$/)
    assert.equal((await server.get('/livez/nope')).status, 404)
    server.server.close()
    const ready = await server.get('/readyz')
    assert.equal(ready.status, 500)
    assert.match(ready.text, /\[-\]shutdown failed/)
  })

  test('a failing check of the host makes the server unready', async () => {
    let problem: string | undefined
    const server = await startServer({ healthChecks: [{ name: 'disk', check: () => problem }] })
    assert.equal((await server.get('/readyz')).status, 200)
    problem = 'the disk is full'
    assert.match((await server.get('/readyz')).text, /\[-\]disk failed: the disk is full/)
    assert.equal((await server.get('/readyz?exclude=disk')).status, 200)
  })
})

describe('limits', () => {
  test('too many requests at once are told to come back', async () => {
    const server = await startServer({ limits: { readOnlyMax: 1, mutatingMax: 1 } })
    const jane = { name: 'system:kube-scheduler', groups: [] }
    const answers = await Promise.all([1, 2, 3].map(() => server.get('/api/v1/pods', { as: jane })))
    assert.deepEqual(
      answers.map(answer => answer.status).sort((a, b) => a - b),
      [200, 429, 429],
    )
    const refused = answers.find(answer => answer.status === 429)!
    assert.equal(refused.headers['retry-after'], '1')
    assert.equal(refused.json.reason, 'TooManyRequests')
    assert.equal((await server.get('/api/v1/pods', { as: jane })).status, 200)
  })

  test('administrators are not held up by the crowd', async () => {
    const server = await startServer({ limits: { readOnlyMax: 0, mutatingMax: 0 } })
    assert.equal((await server.get('/api/v1/pods')).status, 200)
  })

  test('a request that takes longer than a minute is given up', async () => {
    const server = await startServer()
    const stuck = { ...server.store, revision: 1, oldest: 1, get: () => new Promise<never>(() => {}) }
    const slow = await startServer({ store: stuck, bootstrap: false })
    const answering = slow.get('/api/v1/namespaces/default')
    await new Promise(setImmediate)
    slow.clock.advance(60_000)
    const answer = await answering
    assert.equal(answer.status, 504)
    assert.equal(answer.json.reason, 'Timeout')
    const shorter = slow.get('/api/v1/namespaces/default?timeout=5s')
    await new Promise(setImmediate)
    slow.clock.advance(5_000)
    assert.equal((await shorter).status, 504)
    assert.equal((await slow.get('/api/v1/namespaces/default?timeout=soon')).status, 400)
  })
})
