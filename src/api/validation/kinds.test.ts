import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigMap } from '../kinds/config_map.ts'
import { EndpointSlice } from '../kinds/endpoint_slice.ts'
import { Endpoints } from '../kinds/endpoints.ts'
import { Event } from '../kinds/event.ts'
import { EventsEvent } from '../kinds/events_event.ts'
import { Lease } from '../kinds/lease.ts'
import { Namespace } from '../kinds/namespace.ts'
import { Node } from '../kinds/node.ts'
import { PriorityClass } from '../kinds/priority_class.ts'
import { Secret } from '../kinds/secret.ts'
import { Service } from '../kinds/service.ts'
import { SubjectAccessReview } from '../kinds/subject_access_review.ts'
import { TokenRequest } from '../kinds/token_request.ts'
import { createErrors, updateErrors } from '../testing/draft.ts'

test('Services', () => {
  const port = { port: 80 }
  const cases: [string, object, string[]][] = [
    ['ports beside the spec instead of in it', { spec: {} }, ['spec.ports: Required value']],
    ['one port', { spec: { ports: [port] } }, []],
    ['headless without ports', { spec: { clusterIP: 'None' } }, []],
    ['an external name', { spec: { type: 'ExternalName', externalName: 'example.com' } }, []],
    ['an external name that is missing', { spec: { type: 'ExternalName' } }, ['spec.externalName: Required value']],
    ['two ports without names', { spec: { ports: [port, { port: 81 }] } }, ['spec.ports[0].name: Required value', 'spec.ports[1].name: Required value']],
    [
      'twice the same port',
      {
        spec: {
          ports: [
            { ...port, name: 'a' },
            { ...port, name: 'b' },
          ],
        },
      },
      ['spec.ports[1]: Duplicate value: {"protocol":"TCP","port":80}'],
    ],
    [
      'port out of range',
      { spec: { ports: [{ port: 0 }] } },
      [
        'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
        'spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive',
      ],
    ],
    [
      'node port of a cluster IP',
      { spec: { ports: [{ ...port, nodePort: 30000 }] } },
      ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    ],
    [
      'unknown type',
      { spec: { type: 'Magic', ports: [port] } },
      ['spec.type: Unsupported value: "Magic": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'],
    ],
    [
      'headless node port',
      { spec: { type: 'NodePort', clusterIP: 'None', ports: [port] } },
      ['spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for NodePort services'],
    ],
    [
      'affinity',
      { spec: { ports: [port], sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 86401 } } } },
      ['spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400'],
    ],
    [
      'two families',
      { spec: { ports: [port], ipFamilyPolicy: 'RequireDualStack' } },
      ['spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services'],
    ],
    ['another family', { spec: { ports: [port], ipFamilies: ['IPv6'] } }, ['spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster']],
    [
      'families that are none, or named twice',
      { spec: { ports: [port], ipFamilies: ['IPv4', 'IPv5', 'IPv4'] } },
      ['spec.ipFamilies[1]: Unsupported value: "IPv5": supported values: "IPv4", "IPv6"', 'spec.ipFamilies[2]: Duplicate value: "IPv4"'],
    ],
    [
      'an address of another family',
      { spec: { ports: [port], clusterIP: 'fd00::1' } },
      ['spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster'],
    ],
    [
      'no address at all',
      { spec: { ports: [port], clusterIP: '10.96.0' } },
      ['spec.clusterIPs[0]: Invalid value: "10.96.0": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
    ],
    [
      'two fields that differ',
      { spec: { ports: [port], clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.2'] } },
      ['spec.clusterIPs: Invalid value: ["10.0.0.2"]: first value must match `clusterIP`'],
    ],
    [
      'the newer field alone',
      { spec: { ports: [port], clusterIPs: ['10.0.0.2'] } },
      ['spec.clusterIPs: Invalid value: ["10.0.0.2"]: must be empty when `clusterIP` is not specified'],
    ],
    [
      'two addresses of one family',
      { spec: { ports: [port], clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', '10.0.0.2'] } },
      ['spec.clusterIPs: Invalid value: ["10.0.0.1","10.0.0.2"]: may specify no more than one IP for each IP family'],
    ],
    [
      'an external name with addresses',
      { spec: { type: 'ExternalName', externalName: 'a.b', clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], ipFamilyPolicy: 'SingleStack' } },
      [
        "spec.clusterIPs: Forbidden: may not be set when `type` is 'ExternalName'",
        "spec.ipFamilyPolicy: Forbidden: may not be set when `type` is 'ExternalName'",
      ],
    ],
    [
      'a wrong name of a port',
      { spec: { ports: [{ ...port, name: 'Web_1' }] } },
      [
        `spec.ports[0].name: Invalid value: "Web_1": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`,
      ],
    ],
    [
      'a health check nobody makes',
      { spec: { type: 'LoadBalancer', ports: [port], healthCheckNodePort: 31000 } },
      ["spec.healthCheckNodePort: Invalid value: 31000: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"],
    ],
    [
      'traffic policy',
      { spec: { ports: [port], externalTrafficPolicy: 'Local' } },
      ['spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services'],
    ],
  ]
  for (const [name, service, expected] of cases) assert.deepEqual(createErrors(Service, service), expected, name)
})

test('the cluster IP of a Service never changes, and who does not name it keeps it', () => {
  const before = { spec: { ports: [{ port: 80 }], clusterIP: '10.0.0.1' } }
  assert.deepEqual(updateErrors(Service, before, { spec: { ports: [{ port: 81 }] } }), [])
  assert.deepEqual(updateErrors(Service, before, { spec: { ports: [{ port: 80 }], clusterIP: '10.0.0.2' } }), [
    'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set',
  ])
  assert.deepEqual(updateErrors(Service, before, { spec: { type: 'ExternalName', externalName: 'a.b' } }), [])
  assert.deepEqual(updateErrors(Service, before, { spec: { ports: [{ port: 80 }], clusterIP: '10.0.0.2', clusterIPs: ['10.0.0.1'] } }), [
    'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set',
  ])
  assert.deepEqual(updateErrors(Service, before, { spec: { ports: [{ port: 80 }], clusterIP: 'None' } }), [
    'spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set',
  ])
  assert.deepEqual(updateErrors(Service, { spec: { ports: [{ port: 80 }], clusterIP: 'None' } }, { spec: { ports: [{ port: 80 }] } }), [])
})

test('the class and the health check of a load balancer never change', () => {
  const balanced = (spec: object) => ({ spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', clusterIP: '10.0.0.1', ports: [{ port: 80 }], ...spec } })
  const before = balanced({ loadBalancerClass: 'example.com/one', healthCheckNodePort: 31000 })
  assert.deepEqual(updateErrors(Service, before, balanced({ loadBalancerClass: 'example.com/one' })), [], 'left out is kept')
  assert.deepEqual(updateErrors(Service, before, balanced({ loadBalancerClass: 'example.com/two', healthCheckNodePort: 31001 })), [
    'spec.healthCheckNodePort: Forbidden: field is immutable',
    'spec.loadBalancerClass: Invalid value: "example.com/two": may not change once set',
  ])
  const everywhere = balanced({ loadBalancerClass: 'example.com/one', externalTrafficPolicy: 'Cluster', healthCheckNodePort: 31000 })
  assert.deepEqual(updateErrors(Service, before, everywhere), [], 'what nobody checks any more gives its port back')
})

test('ConfigMaps and Secrets', () => {
  assert.deepEqual(createErrors(ConfigMap, { data: { a: 'b' }, binaryData: { c: 'AAAA' } }), [])
  assert.deepEqual(createErrors(ConfigMap, { data: { a: 'b' }, binaryData: { a: 'AAAA' } }), [
    'data[a]: Invalid value: "a": duplicate of key present in binaryData',
  ])
  assert.deepEqual(createErrors(ConfigMap, { data: { a: 'x'.repeat(1024 * 1024 + 1) } }), ['[]: Too long: may not be more than 1048576 bytes'])
  const fixed = { data: { a: 'b' }, immutable: true }
  assert.deepEqual(updateErrors(ConfigMap, fixed, { data: { a: 'c' } }), [
    'immutable: Forbidden: field is immutable when `immutable` is set',
    'data: Forbidden: field is immutable when `immutable` is set',
  ])
  assert.deepEqual(updateErrors(ConfigMap, fixed, fixed), [])
  assert.deepEqual(createErrors(Secret, { type: 'kubernetes.io/tls' }), ['data[tls.crt]: Required value', 'data[tls.key]: Required value'])
  assert.deepEqual(updateErrors(Secret, {}, { type: 'other' }), ['type: Invalid value: "other": field is immutable'])
})

test('Nodes and Namespaces', () => {
  const taint = { key: 'k', effect: 'NoSchedule' }
  assert.deepEqual(createErrors(Node, { spec: { taints: [taint] }, status: { capacity: { cpu: '4' } } }), [])
  assert.deepEqual(createErrors(Node, { spec: { taints: [taint, taint] } }), ['spec.taints[1]: Duplicate value: taints must be unique by key and effect pair'])
  assert.deepEqual(createErrors(Node, { spec: { taints: [{ key: 'k', effect: 'Never' }] } }), [
    'spec.taints[0].effect: Unsupported value: "Never": supported values: "NoExecute", "NoSchedule", "PreferNoSchedule"',
  ])
  assert.deepEqual(updateErrors(Node, { spec: { providerID: 'a' } }, { spec: { providerID: 'b' } }), [
    'spec.providerID: Forbidden: node updates may not change providerID except from "" to valid',
  ])
  assert.deepEqual(createErrors(Namespace, { spec: { finalizers: ['x'] } }), [
    'spec.finalizers[0]: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified',
  ])
  assert.deepEqual(updateErrors(Namespace, {}, { status: { phase: 'Terminating' } }, 'status'), [
    'status.Phase: Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty',
  ])
})

test('endpoints in both forms', () => {
  assert.deepEqual(createErrors(Endpoints, { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }] }), [])
  assert.deepEqual(createErrors(Endpoints, { subsets: [{ ports: [{ port: 80 }] }] }), [
    'subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`',
  ])
  assert.deepEqual(createErrors(Endpoints, { subsets: [{ addresses: [{ ip: '127.0.0.1' }] }] }), [
    'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
  ])
  const slice = { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }], ports: [{ port: 80 }] }
  assert.deepEqual(createErrors(EndpointSlice, slice), [])
  assert.deepEqual(
    createErrors(EndpointSlice, { ...slice, addressType: 'IPX' })[0],
    'addressType: Unsupported value: "IPX": supported values: "FQDN", "IPv4", "IPv6"',
  )
  assert.deepEqual(createErrors(EndpointSlice, { ...slice, ports: [{ port: 80 }, { port: 81 }] }), ['ports[1].name: Duplicate value: ""'])
  assert.deepEqual(updateErrors(EndpointSlice, slice, { ...slice, addressType: 'IPv6', endpoints: [{ addresses: ['::2'] }] }), [
    'addressType: Invalid value: "IPv6": field is immutable',
  ])
})

test('events live beside their object, and the newer ones must say who did what', () => {
  assert.deepEqual(createErrors(Event, { involvedObject: { kind: 'Pod', namespace: 'default' } }), [])
  assert.deepEqual(createErrors(Event, { involvedObject: { kind: 'Node', name: 'n' } }), [])
  assert.deepEqual(createErrors(Event, { involvedObject: { kind: 'Pod', namespace: 'other' } }), [
    'involvedObject.namespace: Invalid value: "other": does not match event.namespace',
  ])
  const event = {
    eventTime: '2024-01-01T00:00:00.000000Z',
    regarding: { namespace: 'default' },
    reportingController: 'a.b/c',
    reportingInstance: 'c-1',
    action: 'Binding',
    reason: 'Scheduled',
    type: 'Normal',
  }
  assert.deepEqual(createErrors(EventsEvent, event), [])
  assert.deepEqual(createErrors(EventsEvent, { ...event, action: undefined }), ['action: Required value'])
})

test('leases, priorities and requests', () => {
  assert.deepEqual(createErrors(Lease, { spec: { leaseDurationSeconds: 0 } }), ['spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0'])
  assert.deepEqual(createErrors(PriorityClass, { value: 1_000_000_001 }), ['value: Forbidden: maximum allowed value of a user defined priority is 1000000000'])
  assert.deepEqual(createErrors(PriorityClass, { metadata: { name: 'system-node-critical' }, value: 2_000_001_000 }), [])
  assert.deepEqual(updateErrors(PriorityClass, { value: 1 }, { value: 2 }), ['value: Forbidden: may not be changed in an update.'])
  assert.deepEqual(createErrors(TokenRequest, { spec: { audiences: [], expirationSeconds: 60 } }), [
    'spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes',
  ])
  assert.deepEqual(createErrors(SubjectAccessReview, { spec: { user: 'u' } }), [
    'spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
  ])
})
