import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CONFIG_MAPS, configMapNamed, podNamed, PODS, startServer } from './harness.ts'

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases'

describe('create', () => {
  test('the server decides identity, time and generation', async () => {
    const server = await startServer()
    const sent = podNamed('web', {
      metadata: {
        name: 'web',
        uid: 'mine',
        creationTimestamp: '2000-01-01T00:00:00Z',
        generation: 7,
        deletionTimestamp: '2000-01-01T00:00:00Z',
        selfLink: '/x',
      },
    })
    const { metadata } = (await server.post(PODS, sent)).json
    assert.match(metadata.uid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.equal(metadata.creationTimestamp, '2026-01-01T00:00:00Z')
    assert.equal(metadata.generation, 1)
    assert.equal(metadata.deletionTimestamp, undefined)
    assert.equal(metadata.selfLink, undefined)
    assert.equal(metadata.namespace, 'default')
    assert.match(metadata.resourceVersion, /^[0-9]+$/)
  })

  test('a Pod gets its defaults', async () => {
    const server = await startServer()
    const { spec, status } = (await server.post(PODS, podNamed('web'))).json
    const {
      restartPolicy,
      dnsPolicy,
      schedulerName,
      terminationGracePeriodSeconds,
      enableServiceLinks,
      serviceAccountName,
      serviceAccount,
      priority,
      preemptionPolicy,
      securityContext,
    } = spec
    assert.deepEqual(
      {
        restartPolicy,
        dnsPolicy,
        schedulerName,
        terminationGracePeriodSeconds,
        enableServiceLinks,
        serviceAccountName,
        serviceAccount,
        priority,
        preemptionPolicy,
        securityContext,
      },
      {
        restartPolicy: 'Always',
        dnsPolicy: 'ClusterFirst',
        schedulerName: 'default-scheduler',
        terminationGracePeriodSeconds: 30,
        enableServiceLinks: true,
        serviceAccountName: 'default',
        serviceAccount: 'default',
        priority: 0,
        preemptionPolicy: 'PreemptLowerPriority',
        securityContext: {},
      },
    )
    const [container] = spec.containers
    assert.equal(container.terminationMessagePath, '/dev/termination-log')
    assert.equal(container.terminationMessagePolicy, 'File')
    assert.equal(container.imagePullPolicy, 'Always')
    assert.deepEqual(container.resources, {})
    assert.equal(status.phase, 'Pending')
    assert.equal(status.qosClass, 'BestEffort')
  })

  test('an object that is there already is a conflict', async () => {
    const server = await startServer()
    await server.post(PODS, podNamed('web'))
    const again = await server.post(PODS, podNamed('web'))
    assert.equal(again.status, 409)
    assert.equal(again.json.reason, 'AlreadyExists')
    assert.equal(again.json.message, 'pods "web" already exists')
    assert.deepEqual(again.json.details, { name: 'web', kind: 'pods' })
  })

  test('generateName makes a name of five safe characters', async () => {
    const server = await startServer()
    const { json } = await server.post(CONFIG_MAPS, { metadata: { generateName: 'settings-' } })
    assert.match(json.metadata.name, /^settings-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
    assert.equal(json.metadata.generateName, 'settings-')
  })

  test('a long prefix is cut, and the name stays a name', async () => {
    const server = await startServer()
    const { json } = await server.post(CONFIG_MAPS, { metadata: { generateName: 'x'.repeat(80) } })
    assert.equal(json.metadata.name.length, 63)
  })

  test('a generated name that is taken is tried again, eight times', async () => {
    const same = { below: () => 0, fraction: () => 0, fork: () => same }
    const server = await startServer({ random: same })
    assert.equal((await server.post(CONFIG_MAPS, { metadata: { generateName: 'a-' } })).status, 201)
    const again = await server.post(CONFIG_MAPS, { metadata: { generateName: 'a-' } })
    assert.equal(again.status, 409)
    assert.match(again.json.message, /the server was not able to generate a unique name for the object$/)
    assert.equal(again.headers['retry-after'], '1')
  })

  test('a resourceVersion has no place in a new object', async () => {
    const server = await startServer()
    const answer = await server.post(CONFIG_MAPS, { metadata: { name: 'a', resourceVersion: '1' } })
    assert.equal(answer.status, 500)
    assert.equal(answer.json.message, 'resourceVersion should not be set on objects to be created')
  })

  test('the namespace of the object must be that of the request', async () => {
    const server = await startServer()
    const answer = await server.post(CONFIG_MAPS, { metadata: { name: 'a', namespace: 'kube-system' } })
    assert.equal(answer.status, 400)
    assert.equal(answer.json.message, 'the namespace of the provided object does not match the namespace sent on the request')
  })

  test('all faults of an object are named at once', async () => {
    const server = await startServer()
    const answer = await server.post(PODS, { metadata: { name: 'Web', labels: { 'a b': 'c d' } }, spec: { containers: [{ name: 'main' }] } })
    assert.equal(answer.status, 422)
    assert.equal(answer.json.reason, 'Invalid')
    assert.equal(answer.json.details.kind, 'Pod')
    const fields = answer.json.details.causes.map((cause: { field: string }) => cause.field)
    assert.ok(fields.includes('metadata.name') && fields.includes('metadata.labels') && fields.includes('spec.containers[0].image'), answer.json.message)
    assert.match(answer.json.message, /^Pod "Web" is invalid: \[.*spec\.containers\[0\]\.image: Required value.*\]$/)
  })

  test('a name is required', async () => {
    const server = await startServer()
    const answer = await server.post(CONFIG_MAPS, { data: {} })
    assert.equal(answer.status, 422)
    assert.equal(answer.json.message, 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required')
  })

  test('a dry run does everything but store', async () => {
    const server = await startServer()
    const before = server.store.revision
    const answer = await server.post(`${PODS}?dryRun=All`, podNamed('web'))
    assert.equal(answer.status, 201)
    assert.equal(answer.json.spec.serviceAccountName, 'default')
    assert.equal(answer.json.metadata.resourceVersion, undefined)
    assert.equal(server.store.revision, before)
    assert.equal((await server.get(`${PODS}/web`)).status, 404)
    const wrong = await server.post(`${PODS}?dryRun=Some`, podNamed('web'))
    assert.equal(wrong.status, 422)
    assert.match(wrong.json.message, /dryRun: Unsupported value: "Some": supported values: "All"/)
  })

  test('the manager of the fields is the program, or whom the request names', async () => {
    const server = await startServer()
    const byAgent = (await server.post(CONFIG_MAPS, configMapNamed('a', { x: '1' }))).json.metadata.managedFields
    assert.deepEqual(byAgent, [
      {
        manager: 'tester',
        operation: 'Update',
        apiVersion: 'v1',
        time: '2026-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { '.': {}, 'f:x': {} } },
      },
    ])
    const named = (await server.post(`${CONFIG_MAPS}?fieldManager=me`, configMapNamed('b', { x: '1' }))).json.metadata.managedFields
    assert.equal(named[0].manager, 'me')
    assert.equal((await server.post(`${CONFIG_MAPS}?fieldManager=${'m'.repeat(129)}`, configMapNamed('c'))).status, 422)
  })
})

describe('events', () => {
  test('are kept for an hour after they were last written', async () => {
    const server = await startServer()
    const events = '/api/v1/namespaces/default/events'
    const make = (name: string) =>
      server.post(events, {
        metadata: { name },
        involvedObject: { namespace: 'default' },
        reason: 'R',
        message: 'm',
        lastTimestamp: new Date(server.clock.wall()).toISOString(),
      })
    const names = async () => (await server.get(events)).json.items.map((item: any) => item.metadata.name)
    const pass = async (minutes: number) => {
      for (let i = 0; i < minutes; i++) {
        server.clock.advance(60_000)
        await new Promise(setImmediate)
      }
    }
    await make('first')
    await pass(30)
    await make('second')
    await pass(29)
    assert.deepEqual(await names(), ['first', 'second'])
    await pass(6)
    assert.deepEqual(await names(), ['second'])
    await pass(30)
    assert.deepEqual(await names(), [])
  })
})

describe('update', () => {
  test('an old version is refused and a missing one taken as it is', async () => {
    const server = await startServer()
    const first = (await server.post(CONFIG_MAPS, configMapNamed('a', { x: '1' }))).json
    const second = await server.put(`${CONFIG_MAPS}/a`, { ...first, data: { x: '2' } })
    assert.equal(second.status, 200)
    assert.ok(Number(second.json.metadata.resourceVersion) > Number(first.metadata.resourceVersion))
    const stale = await server.put(`${CONFIG_MAPS}/a`, { ...first, data: { x: '3' } })
    assert.equal(stale.status, 409)
    assert.equal(stale.json.reason, 'Conflict')
    assert.equal(
      stale.json.message,
      'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    )
    assert.equal((await server.put(`${CONFIG_MAPS}/a`, configMapNamed('a', { x: '3' }))).json.data.x, '3')
  })

  test('an update that changes nothing keeps the version', async () => {
    const server = await startServer()
    const first = (await server.post(CONFIG_MAPS, configMapNamed('a', { x: '1' }))).json
    server.clock.advance(10_000)
    const same = await server.put(`${CONFIG_MAPS}/a`, first)
    assert.equal(same.status, 200)
    assert.equal(same.json.metadata.resourceVersion, first.metadata.resourceVersion)
  })

  test('many writers at once: all of them get through, none is lost', async () => {
    const server = await startServer()
    await server.post(CONFIG_MAPS, configMapNamed('a'))
    const answers = await Promise.all(Array.from({ length: 4 }, (_, i) => server.patch(`${CONFIG_MAPS}/a`, 'merge', { data: { [`k${i}`]: 'v' } })))
    assert.deepEqual(
      answers.map(answer => answer.status),
      [200, 200, 200, 200],
    )
    assert.deepEqual(Object.keys((await server.get(`${CONFIG_MAPS}/a`)).json.data).sort(), ['k0', 'k1', 'k2', 'k3'])
  })

  test('the name in the body must be that of the path', async () => {
    const server = await startServer()
    await server.post(CONFIG_MAPS, configMapNamed('a'))
    const answer = await server.put(`${CONFIG_MAPS}/a`, configMapNamed('b'))
    assert.equal(answer.status, 400)
    assert.equal(answer.json.message, 'the name of the object (b) does not match the name on the URL (a)')
    const elsewhere = await server.put(`${CONFIG_MAPS}/a`, { metadata: { name: 'a', namespace: 'kube-system' } })
    assert.equal(elsewhere.json.message, 'the namespace of the object (kube-system) does not match the namespace on the request (default)')
  })

  test('what is not there cannot be updated, unless its kind is created so', async () => {
    const server = await startServer()
    assert.equal((await server.put(`${CONFIG_MAPS}/a`, configMapNamed('a'))).status, 404)
    const created = await server.put(`${LEASES}/a`, { metadata: { name: 'a' }, spec: { holderIdentity: 'me' } })
    assert.equal(created.status, 201, created.text)
  })

  test('a uid is a precondition', async () => {
    const server = await startServer()
    await server.post(CONFIG_MAPS, configMapNamed('a'))
    const answer = await server.put(`${CONFIG_MAPS}/a`, { metadata: { name: 'a', uid: 'other' } })
    assert.equal(answer.status, 409)
    assert.match(answer.json.message, /Precondition failed: UID in precondition: other, UID in object meta: /)
  })

  test('generation counts changes of the spec, and status writes leave it alone', async () => {
    const server = await startServer()
    const pod = (await server.post(PODS, podNamed('web'))).json
    const labelled = await server.patch(`${PODS}/web`, 'merge', { metadata: { labels: { a: 'b' } } })
    assert.equal(labelled.json.metadata.generation, 1)
    const changed = await server.patch(`${PODS}/web`, 'strategic', { spec: { containers: [{ name: 'main', image: 'nginx:2' }] } })
    assert.equal(changed.json.metadata.generation, 2)
    const status = await server.patch(`${PODS}/web/status`, 'strategic', { status: { phase: 'Running' }, spec: { nodeName: 'x' } })
    assert.equal(status.json.metadata.generation, 2)
    assert.equal(status.json.status.phase, 'Running')
    assert.equal(status.json.spec.nodeName, undefined)
    const main = await server.put(`${PODS}/web`, { ...pod, metadata: { name: 'web' }, spec: changed.json.spec, status: { phase: 'Failed' } })
    assert.equal(main.status, 200, main.text)
    assert.equal(main.json.status.phase, 'Running')
  })

  test('a dry run leaves the object as it was', async () => {
    const server = await startServer()
    await server.post(CONFIG_MAPS, configMapNamed('a', { x: '1' }))
    const dry = await server.put(`${CONFIG_MAPS}/a?dryRun=All`, configMapNamed('a', { x: '2' }))
    assert.equal(dry.json.data.x, '2')
    assert.equal((await server.get(`${CONFIG_MAPS}/a`)).json.data.x, '1')
  })

  test('identity is immutable', async () => {
    const server = await startServer()
    const pod = (await server.post(CONFIG_MAPS, configMapNamed('a'))).json
    const answer = await server.put(`${CONFIG_MAPS}/a`, { ...pod, metadata: { ...pod.metadata, creationTimestamp: '2000-01-01T00:00:00Z' } })
    assert.equal(answer.status, 422)
    assert.match(answer.json.message, /metadata.creationTimestamp: Invalid value: "2000-01-01T00:00:00Z": field is immutable/)
  })
})

describe('patch', () => {
  test('the four languages', async () => {
    const server = await startServer()
    await server.post(PODS, podNamed('web', { metadata: { name: 'web', labels: { a: '1', b: '2' } } }))
    const merged = await server.patch(`${PODS}/web`, 'merge', { metadata: { labels: { a: null, c: '3' } } })
    assert.deepEqual(merged.json.metadata.labels, { b: '2', c: '3' })
    const strategic = await server.patch(`${PODS}/web`, 'strategic', { spec: { containers: [{ name: 'main', image: 'nginx:2' }] } })
    assert.equal(strategic.json.spec.containers.length, 1)
    assert.equal(strategic.json.spec.containers[0].image, 'nginx:2')
    const json = await server.patch(`${PODS}/web`, 'json', [{ op: 'replace', path: '/metadata/labels/b', value: 'x' }])
    assert.equal(json.json.metadata.labels.b, 'x')
    const applied = await server.patch(`${PODS}/web?fieldManager=me`, 'apply', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', labels: { mine: 'yes' } },
    })
    assert.equal(applied.status, 200, applied.text)
    assert.deepEqual(applied.json.metadata.labels, { b: 'x', c: '3', mine: 'yes' })
  })

  test('a JSON patch whose test fails is unprocessable and changes nothing', async () => {
    const server = await startServer()
    await server.post(CONFIG_MAPS, configMapNamed('a', { x: '1' }))
    const answer = await server.patch(`${CONFIG_MAPS}/a`, 'json', [
      { op: 'replace', path: '/data/x', value: '2' },
      { op: 'test', path: '/data/x', value: '3' },
    ])
    assert.equal(answer.status, 422)
    assert.equal((await server.get(`${CONFIG_MAPS}/a`)).json.data.x, '1')
  })

  test('a version in the patch makes it fail on any other', async () => {
    const server = await startServer()
    const first = (await server.post(CONFIG_MAPS, configMapNamed('a'))).json.metadata.resourceVersion
    const patch = { metadata: { resourceVersion: first }, data: { x: '1' } }
    assert.equal((await server.patch(`${CONFIG_MAPS}/a`, 'merge', patch)).status, 200)
    assert.equal((await server.patch(`${CONFIG_MAPS}/a`, 'merge', { ...patch, data: { x: '2' } })).status, 409)
  })

  test('a patch that changes nothing keeps the version', async () => {
    const server = await startServer()
    const first = (await server.post(CONFIG_MAPS, configMapNamed('a', { x: '1' }))).json
    const same = await server.patch(`${CONFIG_MAPS}/a`, 'merge', { data: { x: '1' } })
    assert.equal(same.json.metadata.resourceVersion, first.metadata.resourceVersion)
  })

  test('a patch for what is not there is not found, in a language nobody speaks it is 415', async () => {
    const server = await startServer()
    assert.equal((await server.patch(`${CONFIG_MAPS}/none`, 'merge', {})).status, 404)
    const answer = await server.ask('PATCH', `${CONFIG_MAPS}/none`, { body: {} })
    assert.equal(answer.status, 415)
    assert.match(answer.json.message, /application\/apply-patch\+yaml/)
  })

  test('a patch may not rename', async () => {
    const server = await startServer()
    await server.post(CONFIG_MAPS, configMapNamed('a'))
    assert.equal((await server.patch(`${CONFIG_MAPS}/a`, 'merge', { metadata: { name: 'b' } })).status, 400)
    assert.equal((await server.patch(`${CONFIG_MAPS}/a`, 'merge', 'text')).status, 400)
  })

  test('an unknown field in a patch is treated as the request says', async () => {
    const server = await startServer()
    await server.post(PODS, podNamed('web'))
    assert.equal((await server.patch(`${PODS}/web?fieldValidation=Strict`, 'merge', { spec: { foo: 1 } })).status, 400)
    const warned = await server.patch(`${PODS}/web`, 'merge', { spec: { foo: 1 } })
    assert.deepEqual(warned.headers.warning, ['299 - "unknown field \\"spec.foo\\""'])
  })
})

describe('server-side apply', () => {
  const apply = (data: Record<string, string>) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data })

  test('creates what is not there', async () => {
    const server = await startServer()
    const answer = await server.patch(`${CONFIG_MAPS}/a?fieldManager=me`, 'apply', apply({ x: '1' }))
    assert.equal(answer.status, 201, answer.text)
    assert.deepEqual(
      answer.json.metadata.managedFields.map((entry: any) => [entry.manager, entry.operation]),
      [['me', 'Apply']],
    )
  })

  test('a field of somebody else is a conflict, unless it is forced', async () => {
    const server = await startServer()
    await server.patch(`${CONFIG_MAPS}/a?fieldManager=me`, 'apply', apply({ x: '1' }))
    const refused = await server.patch(`${CONFIG_MAPS}/a?fieldManager=you`, 'apply', apply({ x: '2' }))
    assert.equal(refused.status, 409)
    assert.equal(refused.json.message, 'Apply failed with 1 conflict: conflict with "me": .data.x')
    assert.equal(refused.json.details.causes[0].reason, 'FieldManagerConflict')
    const forced = await server.patch(`${CONFIG_MAPS}/a?fieldManager=you&force=true`, 'apply', apply({ x: '2' }))
    assert.equal(forced.json.data.x, '2')
  })

  test('what a manager no longer applies goes', async () => {
    const server = await startServer()
    await server.patch(`${CONFIG_MAPS}/a?fieldManager=me`, 'apply', apply({ x: '1', y: '2' }))
    const answer = await server.patch(`${CONFIG_MAPS}/a?fieldManager=me`, 'apply', apply({ x: '1' }))
    assert.deepEqual(answer.json.data, { x: '1' })
  })

  test('the same again changes nothing', async () => {
    const server = await startServer()
    const first = await server.patch(`${CONFIG_MAPS}/a?fieldManager=me`, 'apply', apply({ x: '1' }))
    server.clock.advance(5_000)
    const again = await server.patch(`${CONFIG_MAPS}/a?fieldManager=me`, 'apply', apply({ x: '1' }))
    assert.equal(again.status, 200)
    assert.equal(again.json.metadata.resourceVersion, first.json.metadata.resourceVersion)
  })

  test('a manager must be named, managedFields may not be sent, force belongs to apply alone', async () => {
    const server = await startServer()
    const nameless = await server.patch(`${CONFIG_MAPS}/a`, 'apply', apply({}))
    assert.match(nameless.json.message, /fieldManager: Required value: is required for apply patch/)
    const sent = await server.patch(`${CONFIG_MAPS}/a?fieldManager=me`, 'apply', { ...apply({}), metadata: { name: 'a', managedFields: [] } })
    assert.equal(sent.status, 400)
    assert.equal(sent.json.message, 'metadata.managedFields must be nil')
    assert.equal((await server.patch(`${CONFIG_MAPS}/a?force=true`, 'merge', {})).status, 422)
  })
})
