import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { deepFreeze } from '../../base/freeze.ts'
import { Pod } from '../kinds/pod.ts'
import { Service } from '../kinds/service.ts'
import { ApiError } from '../status.ts'
import { applyConflict, applyPatch, trackUpdate, type Applied } from './apply.ts'
import { commonPaths, difference, printPath, union, type FieldSet } from './field_set.ts'
import { managerName, validateFieldManager } from './manager_name.ts'

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)
const apply = (live: any, applied: any, options: { manager?: string; force?: boolean; nowMs?: number } = {}): Applied =>
  applyPatch({
    schema: Pod.schema,
    live: deepFreeze(live),
    applied: deepFreeze({ apiVersion: 'v1', kind: 'Pod', ...applied }),
    manager: 'm',
    force: false,
    apiVersion: 'v1',
    subresource: '',
    nowMs: NOW,
    ...options,
  })
const applied = (...args: Parameters<typeof apply>): any => {
  const result = apply(...args)
  assert.ok('object' in result, JSON.stringify(result))
  return result.object
}
const update = (old: any, fresh: any, options: { manager?: string; subresource?: string; nowMs?: number } = {}): any => ({
  ...fresh,
  metadata: {
    ...fresh.metadata,
    managedFields: trackUpdate({
      schema: Pod.schema,
      old: deepFreeze(old),
      new: deepFreeze(fresh),
      manager: 'u',
      apiVersion: 'v1',
      subresource: '',
      nowMs: NOW,
      ...options,
    }),
  },
})
const entriesOf = (object: any): [string, string, unknown][] =>
  object.metadata.managedFields.map((entry: any) => [entry.manager, entry.operation, entry.fieldsV1])
const pod = (spec: object, metadata: object = {}): any => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', ...metadata }, spec })

test('an applied configuration is owned field by field, and atomic values as a whole', () => {
  const object = applied(
    undefined,
    pod(
      {
        nodeSelector: { a: 'b' },
        tolerations: [{ key: 'x' }],
        containers: [{ name: 'c', image: 'i', args: ['1'], ports: [{ containerPort: 80 }], resources: {}, env: [{ name: 'E', value: '1' }] }],
      },
      { labels: { x: 'y' }, finalizers: ['f/g'] },
    ),
  )
  assert.deepEqual(object.metadata.managedFields, [
    {
      manager: 'm',
      operation: 'Apply',
      apiVersion: 'v1',
      time: '2026-01-02T03:04:05Z',
      fieldsType: 'FieldsV1',
      fieldsV1: {
        'f:metadata': { 'f:labels': { 'f:x': {} }, 'f:finalizers': { 'v:"f/g"': {} } },
        'f:spec': {
          'f:nodeSelector': {},
          'f:tolerations': {},
          'f:containers': {
            'k:{"name":"c"}': {
              '.': {},
              'f:name': {},
              'f:image': {},
              'f:args': {},
              'f:resources': {},
              'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
              'f:env': { 'k:{"name":"E"}': { '.': {}, 'f:name': {}, 'f:value': {} } },
            },
          },
        },
      },
    },
  ])
})

test('an ordinary create owns what it brought, with the maps and lists that were not there before', () => {
  const object = update(
    undefined,
    pod(
      {
        containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80, protocol: 'TCP' }], livenessProbe: { httpGet: { port: 80 } } }],
        dnsPolicy: 'ClusterFirst',
      },
      { labels: { x: 'y' }, uid: 'u', creationTimestamp: 't' },
    ),
  )
  assert.deepEqual(entriesOf(object), [
    [
      'u',
      'Update',
      {
        'f:metadata': { 'f:labels': { '.': {}, 'f:x': {} } },
        'f:spec': {
          'f:containers': {
            'k:{"name":"c"}': {
              '.': {},
              'f:name': {},
              'f:image': {},
              'f:ports': { '.': {}, 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:protocol': {} } },
              'f:livenessProbe': { '.': {}, 'f:httpGet': { '.': {}, 'f:port': {} } },
            },
          },
          'f:dnsPolicy': {},
        },
      },
    ],
  ])
})

test('applying again without change gives back the very object', () => {
  const config = pod({ containers: [{ name: 'c', image: 'i' }] })
  const object = applied(undefined, config)
  assert.equal(applied(object, config, { nowMs: NOW + 60_000 }), object)
})

test('a field with another value that somebody else owns is a conflict, unless forced', () => {
  const live = update(undefined, pod({ hostname: 'h', containers: [{ name: 'c', image: 'i' }] }), { manager: 'kubectl-create' })
  const config = pod({ hostname: 'other', containers: [{ name: 'c', image: 'j' }] })
  const result = apply(live, config)
  assert.ok('conflicts' in result)
  const error = applyConflict(result.conflicts)
  assert.ok(error instanceof ApiError)
  assert.equal(error.code, 409)
  assert.equal(error.message, 'Apply failed with 2 conflicts: conflicts with "kubectl-create" using v1:\n- .spec.hostname\n- .spec.containers[name="c"].image')
  assert.deepEqual(error.status.details?.causes?.[0], {
    reason: 'FieldManagerConflict',
    message: 'conflict with "kubectl-create" using v1',
    field: '.spec.hostname',
  })
  const one = apply(live, pod({ hostname: 'other' }))
  assert.equal(
    'conflicts' in one && applyConflict(one.conflicts).message,
    'Apply failed with 1 conflict: conflict with "kubectl-create" using v1: .spec.hostname',
  )

  const forced = applied(live, config, { force: true })
  assert.equal(forced.spec.containers[0].image, 'j')
  assert.deepEqual(entriesOf(forced)[1], ['kubectl-create', 'Update', { 'f:spec': { 'f:containers': { 'k:{"name":"c"}': { '.': {}, 'f:name': {} } } } }])
})

test('a field with the same value is shared, and stays when one of its owners lets it go', () => {
  const first = applied(undefined, pod({ hostname: 'h', subdomain: 's' }), { manager: 'one' })
  const shared = applied(first, pod({ hostname: 'h' }), { manager: 'two' })
  assert.deepEqual(
    entriesOf(shared).map(([manager, , fields]) => [manager, fields]),
    [
      ['one', { 'f:spec': { 'f:hostname': {}, 'f:subdomain': {} } }],
      ['two', { 'f:spec': { 'f:hostname': {} } }],
    ],
  )
  const released = applied(shared, pod({}), { manager: 'one' })
  assert.deepEqual(released.spec, { hostname: 'h' })
  const gone = applied(released, pod({}), { manager: 'two' })
  assert.deepEqual(gone.spec, {})
})

test('what is no longer applied and nobody else owns goes, with the defaults below it', () => {
  const created = applied(
    undefined,
    pod(
      {
        containers: [
          {
            name: 'a',
            image: 'i',
            livenessProbe: { httpGet: { port: 80 } },
            env: [
              { name: 'X', value: '1' },
              { name: 'Y', value: '2' },
            ],
          },
          { name: 'b', image: 'i' },
        ],
      },
      { labels: { x: '1' } },
    ),
  )
  const live = structuredClone(created)
  live.spec.containers[0].livenessProbe.periodSeconds = 10
  live.spec.containers[1].imagePullPolicy = 'Always'
  live.metadata.labels.other = 'kept?'
  const object = applied(live, pod({ containers: [{ name: 'a', image: 'i', env: [{ name: 'Y', value: '2' }] }] }))
  assert.deepEqual(object.spec, { containers: [{ name: 'a', image: 'i', env: [{ name: 'Y', value: '2' }] }] })
  assert.equal(object.metadata.labels, undefined)
})

test('items of others stay and keep their place', () => {
  const live = update(
    undefined,
    pod({
      containers: [
        { name: 'a', image: '1' },
        { name: 'sidecar', image: 's' },
        { name: 'b', image: '1' },
      ],
    }),
  )
  const object = applied(
    live,
    pod({
      containers: [
        { name: 'b', image: '1' },
        { name: 'new', image: 'n' },
      ],
    }),
  )
  assert.deepEqual(
    object.spec.containers.map((c: any) => c.name),
    ['a', 'sidecar', 'b', 'new'],
  )
  const without = applied(object, pod({ containers: [{ name: 'b', image: '1' }] }))
  assert.deepEqual(
    without.spec.containers.map((c: any) => c.name),
    ['a', 'sidecar', 'b'],
  )
})

test('an ordinary update takes what it changes and leaves the rest to its owners', () => {
  const live = applied(undefined, pod({ hostname: 'h', containers: [{ name: 'c', image: 'i' }] }, { labels: { a: '1', b: '2' } }))
  const { labels: _, ...metadata } = live.metadata
  const object = update(
    live,
    { ...live, metadata: { ...metadata, labels: { a: '1', c: '3' } }, spec: { ...live.spec, hostname: 'new' } },
    { manager: 'kubectl-edit', nowMs: NOW + 1000 },
  )
  assert.deepEqual(
    object.metadata.managedFields.map((entry: any) => [entry.manager, entry.time, entry.fieldsV1]),
    [
      [
        'm',
        '2026-01-02T03:04:05Z',
        { 'f:metadata': { 'f:labels': { 'f:a': {} } }, 'f:spec': { 'f:containers': { 'k:{"name":"c"}': { '.': {}, 'f:name': {}, 'f:image': {} } } } },
      ],
      ['kubectl-edit', '2026-01-02T03:04:06Z', { 'f:metadata': { 'f:labels': { 'f:c': {} } }, 'f:spec': { 'f:hostname': {} } }],
    ],
  )
  assert.equal(
    trackUpdate({ schema: Pod.schema, old: object, new: structuredClone(object), manager: 'x', apiVersion: 'v1', subresource: '', nowMs: 0 })?.length,
    2,
  )
})

test('writers of status have entries of their own, and own nothing but status', () => {
  const live = update(undefined, { ...pod({ hostname: 'h' }), status: { phase: 'Pending' } })
  assert.equal(JSON.stringify(live.metadata.managedFields).includes('f:status'), false)
  const object = update(
    live,
    { ...live, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } },
    { manager: 'kubelet', subresource: 'status' },
  )
  const entry = object.metadata.managedFields.find((candidate: any) => candidate.subresource === 'status')
  assert.equal(entry.manager, 'kubelet')
  assert.deepEqual(entry.fieldsV1, {
    'f:status': { 'f:phase': {}, 'f:conditions': { '.': {}, 'k:{"type":"Ready"}': { '.': {}, 'f:type': {}, 'f:status': {} } } },
  })
  assert.deepEqual(applied(live, { ...pod({ hostname: 'h' }), status: { phase: 'Failed' } }).status, { phase: 'Pending' })
})

test('clients may clear managedFields or bring their own, but not in an apply', () => {
  const live = update(undefined, pod({ hostname: 'h' }))
  assert.equal(update(live, { ...live, metadata: { ...live.metadata, managedFields: [{}] } }).metadata.managedFields, undefined)
  const moved = [{ manager: 'kubectl', operation: 'Apply', apiVersion: 'v1', time: 't', fieldsType: 'FieldsV1', fieldsV1: { 'f:spec': { 'f:hostname': {} } } }]
  assert.deepEqual(update(live, { ...live, metadata: { ...live.metadata, managedFields: moved } }).metadata.managedFields, moved)
  assert.deepEqual(
    update(live, { ...live, metadata: { ...live.metadata, managedFields: [{ ...moved[0], fieldsV1: { nonsense: 1 } }] } }).metadata.managedFields,
    live.metadata.managedFields,
  )
  assert.throws(() => apply(undefined, pod({}, { managedFields: [] })), /metadata.managedFields must be nil/)
})

test('a configuration whose items cannot be told apart is refused', () => {
  assert.throws(
    () => apply(undefined, pod({ containers: [{ image: 'x' }] })),
    /\.spec\.containers: element 0: associative list with keys has an element that omits key field "name" \(and doesn't have default value\)/,
  )
  assert.throws(() => apply(undefined, pod({ containers: [{ name: 'a' }, { name: 'a' }] })), /duplicate entries for key/)
})

test('the ports of a Service are known by port and protocol', () => {
  const config = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { ports: [{ port: 53, protocol: 'UDP' }, { port: 53 }] } }
  const result = applyPatch({
    schema: Service.schema,
    live: undefined,
    applied: config,
    manager: 'm',
    force: false,
    apiVersion: 'v1',
    subresource: '',
    nowMs: NOW,
  }) as { object: any }
  assert.deepEqual(Object.keys(result.object.metadata.managedFields[0].fieldsV1['f:spec']['f:ports']), [
    'k:{"port":53,"protocol":"UDP"}',
    'k:{"port":53,"protocol":"TCP"}',
  ])
})

test('the oldest of many updaters become one', () => {
  let object = update(undefined, pod({ hostname: 'h' }, { annotations: { x: '0' } }))
  for (let i = 1; i <= 15; i++)
    object = update(
      object,
      { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [`x${i}`]: 'y' } } },
      { manager: `u${i}`, nowMs: NOW + i * 1000 },
    )
  const managers = object.metadata.managedFields.map((entry: any) => entry.manager)
  assert.equal(managers.length, 10)
  assert.equal(managers[0], 'ancient-changes')
  assert.equal(managers.at(-1), 'u15')
})

test('apply is idempotent, and whoever applies last alone owns exactly what it applied', () => {
  const name = fc.constantFrom('a', 'b', 'c')
  const container = fc.record(
    { name, image: name, env: fc.uniqueArray(fc.record({ name, value: name }), { selector: e => e.name }) },
    { requiredKeys: ['name'] },
  )
  const spec = fc.record(
    { hostname: name, containers: fc.uniqueArray(container, { selector: c => c.name }), nodeSelector: fc.dictionary(name, name) },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(spec, spec, (first, second) => {
      const one = applied(undefined, pod(first))
      const two = applied(one, pod(second))
      assert.deepEqual({ ...two.spec }, { ...applied(undefined, pod(second)).spec })
      assert.equal(applied(two, pod(second)), two)
    }),
  )
})

test('sets of fields obey the laws of sets', () => {
  const step = fc.constantFrom('f:a', 'f:b', 'k:{"name":"x"}', 'v:1')
  const { set } = fc.letrec<{ set: FieldSet; node: FieldSet }>(tie => ({
    node: fc.oneof(
      { maxDepth: 3 },
      fc.constant({}),
      fc.tuple(tie('set'), fc.boolean()).map(([below, dot]) => (dot || Object.keys(below).length === 0 ? { '.': {}, ...below } : below)),
    ),
    set: fc.dictionary(step, tie('node') as fc.Arbitrary<FieldSet>, { maxKeys: 3 }),
  }))
  const members = (fields: FieldSet): string[] =>
    commonPaths(fields, fields)
      .map(path => path.join(' '))
      .sort()
  fc.assert(
    fc.property(set, set, (a, b) => {
      const inA = new Set(members(a))
      const inB = new Set(members(b))
      assert.deepEqual(members(union(a, b)), [...new Set([...inA, ...inB])].sort())
      assert.deepEqual(members(difference(a, b)), [...inA].filter(path => !inB.has(path)).sort())
      assert.deepEqual(
        commonPaths(a, b)
          .map(path => path.join(' '))
          .sort(),
        [...inA].filter(path => inB.has(path)).sort(),
      )
    }),
  )
  assert.equal(printPath(['f:spec', 'f:ports', 'k:{"port":53,"protocol":"UDP"}', 'f:name']), '.spec.ports[port=53,protocol="UDP"].name')
  assert.equal(printPath(['f:metadata', 'f:finalizers', 'v:"x"']), '.metadata.finalizers[="x"]')
})

test('a manager is named by the client or after its program', () => {
  assert.equal(managerName('me', 'kubectl/v1.34'), 'me')
  assert.equal(managerName('', 'kubectl/v1.34.5 (linux/amd64) kubernetes/abc'), 'kubectl')
  assert.equal(managerName(null, null), 'unknown')
  assert.deepEqual(validateFieldManager('fine'), [])
  assert.equal(validateFieldManager('x'.repeat(129))[0]?.body, 'Too long: may not be more than 128 bytes')
  assert.equal(validateFieldManager('a\nb')[0]?.type, 'Invalid')
})
