import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeObject } from './decode.ts'
import { applyDefaults } from './defaults.ts'
import {
  any,
  atomicList,
  boolean,
  bytes,
  int32,
  int64,
  intOrString,
  map,
  mapList,
  microTime,
  number,
  object,
  present,
  quantity,
  required,
  string,
  time,
} from './schema.ts'

const port = object('io.k8s.api.core.v1.ContainerPort', { containerPort: required(int32()), protocol: string({ default: 'TCP' }) })
const probe = object('io.k8s.api.core.v1.Probe', { periodSeconds: int32({ default: 10, zeroIsUnset: true }), port: intOrString() })
const container = object('io.k8s.api.core.v1.Container', {
  name: required(string()),
  command: atomicList(string()),
  ports: mapList(port, ['containerPort', 'protocol']),
  limits: map(quantity()),
  probe,
  tty: boolean(),
  resources: present(object('io.k8s.api.core.v1.ResourceRequirements', { claim: string({ default: 'none' }), limits: map(quantity()) })),
})
const spec = object('io.k8s.api.core.v1.PodSpec', {
  containers: mapList(container, ['name']),
  grace: int64({ default: 30 }),
  labels: map(string()),
  ratio: number(),
  data: map(bytes()),
  at: time(),
  atMicros: microTime(),
  anything: any(),
  enableLinks: boolean({ default: true }),
})
const pod = object('io.k8s.api.core.v1.Pod', { apiVersion: string(), kind: string(), spec })

test('a property that is undefined is not there, as in JSON', () => {
  const { object, unknownFields, errors } = decodeObject(pod, {
    kind: undefined,
    other: undefined,
    spec: { grace: undefined, labels: { a: undefined, b: 'c' } },
  })
  assert.deepEqual([object, unknownFields, errors], [{ spec: { labels: { b: 'c' } } }, [], []])
})

test('decoding keeps what the schema knows and names the rest by its path', () => {
  const { object, unknownFields, errors } = decodeObject(pod, {
    kind: 'Pod',
    Kind: 'Pod',
    status: {},
    spec: { containers: [{ name: 'a', foo: 1, ports: [{ containerPort: 80, host: { x: 1 } }] }], constructor: 1, labels: { 'a.b/c': 'd' } },
  })
  assert.deepEqual(object, { kind: 'Pod', spec: { containers: [{ name: 'a', ports: [{ containerPort: 80 }] }], labels: { 'a.b/c': 'd' } } })
  assert.deepEqual(unknownFields, ['Kind', 'status', 'spec.containers[0].foo', 'spec.containers[0].ports[0].host', 'spec.constructor'])
  assert.deepEqual(errors, [])
})

test('null leaves a field out, and is the zero of its type where it has a place', () => {
  const { object, errors } = decodeObject(pod, {
    kind: null,
    spec: { containers: [null, { name: 'a', command: ['x', null] }], labels: { a: null }, data: null },
  })
  assert.deepEqual(object, { spec: { containers: [{}, { name: 'a', command: ['x', ''] }], labels: { a: '' } } })
  assert.deepEqual(errors, [])
})

test('values are kept in the form Kubernetes gives them back', () => {
  const { object, errors } = decodeObject(pod, {
    spec: {
      containers: [
        { name: 'a', limits: { cpu: 0.5, memory: '1024Mi', pods: 3 }, probe: { port: 'http' } },
        { name: 'b', probe: { port: 8080 } },
      ],
      data: { a: 'aGk=' },
      at: '2024-05-01T12:00:00.789+02:00',
      atMicros: '2024-05-01T12:00:00.1234567Z',
      anything: { deep: [1, null] },
    },
  })
  assert.deepEqual(errors, [])
  assert.deepEqual(object.spec, {
    containers: [
      { name: 'a', limits: { cpu: '500m', memory: '1Gi', pods: '3' }, probe: { port: 'http' } },
      { name: 'b', probe: { port: 8080 } },
    ],
    data: { a: 'aGk=' },
    at: '2024-05-01T10:00:00Z',
    atMicros: '2024-05-01T12:00:00.123456Z',
    anything: { deep: [1, null] },
  })
})

test('a value of the wrong type is named with its path and the type that was expected', () => {
  const cases: [unknown, string][] = [
    [[], 'json: cannot unmarshal array into Go value of type v1.Pod'],
    [{ spec: 'x' }, 'json: cannot unmarshal string into Go struct field Pod.spec of type v1.PodSpec'],
    [{ spec: { containers: {} } }, 'json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container'],
    [
      { spec: { containers: [{ ports: 'x' }] } },
      'json: cannot unmarshal string into Go struct field Container.spec.containers.ports of type []v1.ContainerPort',
    ],
    [
      { spec: { containers: [{ ports: [{ containerPort: '80' }] }] } },
      'json: cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
    ],
    [
      { spec: { containers: [{ ports: [{ containerPort: 1.5 }] }] } },
      'json: cannot unmarshal number 1.5 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
    ],
    [{ spec: { containers: [{ name: 5 }] } }, 'json: cannot unmarshal number into Go struct field Container.spec.containers.name of type string'],
    [{ spec: { containers: [{ tty: 'yes' }] } }, 'json: cannot unmarshal string into Go struct field Container.spec.containers.tty of type bool'],
    [{ spec: { grace: true } }, 'json: cannot unmarshal bool into Go struct field PodSpec.spec.grace of type int64'],
    [{ spec: { labels: { a: 1 } } }, 'json: cannot unmarshal number into Go struct field PodSpec.spec.labels of type string'],
    [{ spec: { containers: [{ probe: { port: true } }] } }, 'json: cannot unmarshal bool into Go value of type int32'],
    [{ spec: { containers: [{ limits: { cpu: 'much' } }] } }, "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"],
    [{ spec: { data: { a: 'not base64!' } } }, 'illegal base64 data at input byte 3'],
    [{ spec: { at: 'yesterday' } }, 'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"'],
  ]
  for (const [json, error] of cases) assert.equal(decodeObject(pod, json).errors[0], error)
})

test('decoding shares nothing with its input and is not fooled by names of prototypes', () => {
  const input = JSON.parse('{"spec":{"__proto__":{"grace":1},"labels":{"__proto__":"x","constructor":"y"},"anything":{"a":[]}}}')
  const { object, unknownFields } = decodeObject(pod, input)
  assert.deepEqual(unknownFields, ['spec.__proto__'])
  assert.equal(JSON.stringify(object.spec.labels), '{"__proto__":"x","constructor":"y"}')
  assert.notEqual(object.spec.anything, input.spec.anything)
})

test('the list of unknown fields is bounded', () => {
  const json = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`x${i}`, 1]))
  assert.equal(decodeObject(pod, json).unknownFields.length, 100)
})

test('constant defaults are set inside objects that are there, and nowhere else', () => {
  const draft: any = {
    spec: {
      enableLinks: false,
      containers: [
        { name: 'a', ports: [{ containerPort: 1 }, { containerPort: 2, protocol: 'UDP' }] },
        { name: 'b', probe: { periodSeconds: 0 } },
      ],
    },
  }
  applyDefaults(pod, draft)
  assert.deepEqual(draft, {
    spec: {
      grace: 30,
      enableLinks: false,
      containers: [
        {
          name: 'a',
          resources: { claim: 'none' },
          ports: [
            { containerPort: 1, protocol: 'TCP' },
            { containerPort: 2, protocol: 'UDP' },
          ],
        },
        { name: 'b', resources: { claim: 'none' }, probe: { periodSeconds: 10 } },
      ],
    },
  })
  const zero: any = { spec: { grace: 0 } }
  applyDefaults(pod, zero)
  assert.equal(zero.spec.grace, 0)
  const empty: any = {}
  applyDefaults(pod, empty)
  assert.deepEqual(empty, {})
})
