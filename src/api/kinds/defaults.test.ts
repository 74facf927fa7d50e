import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createdOf, draftOf } from '../testing/draft.ts'
import { Event } from './event.ts'
import { EventsEvent } from './events_event.ts'
import { kinds } from './index.ts'
import { Namespace } from './namespace.ts'
import { Node } from './node.ts'
import { Pod } from './pod.ts'
import { Secret } from './secret.ts'
import { Service } from './service.ts'

test('a Pod that says only what it must is filled in as Kubernetes does', () => {
  const { spec, status } = createdOf(Pod, {
    spec: { containers: [{ name: 'a', image: 'nginx', ports: [{ containerPort: 80 }], livenessProbe: { httpGet: { port: 80 } } }] },
  })
  assert.deepEqual(spec, {
    containers: [
      {
        name: 'a',
        image: 'nginx',
        imagePullPolicy: 'Always',
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        ports: [{ containerPort: 80, protocol: 'TCP' }],
        livenessProbe: { httpGet: { port: 80, path: '/', scheme: 'HTTP' }, timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 },
      },
    ],
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
    terminationGracePeriodSeconds: 30,
    enableServiceLinks: true,
    securityContext: {},
  })
  assert.deepEqual(status, { phase: 'Pending', qosClass: 'BestEffort' })
})

test('the pull policy follows from the tag', () => {
  const cases: [string, string][] = [
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['nginx:1.25', 'IfNotPresent'],
    ['host:5000/nginx', 'Always'],
    ['host:5000/nginx:1', 'IfNotPresent'],
    ['nginx@sha256:abc', 'IfNotPresent'],
    ['nginx:latest@sha256:abc', 'Always'],
  ]
  for (const [image, expected] of cases)
    assert.equal(draftOf(Pod, { spec: { containers: [{ name: 'a', image }] } }).spec.containers[0]!.imagePullPolicy, expected, image)
})

test('what depends on other fields of a Pod', () => {
  const pod = draftOf(Pod, {
    spec: {
      serviceAccount: 'robot',
      hostNetwork: true,
      containers: [
        {
          name: 'a',
          image: 'x',
          ports: [{ containerPort: 80 }],
          resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } },
          startupProbe: { grpc: { port: 1 } },
        },
      ],
      volumes: [
        { name: 'v' },
        { name: 'c', configMap: { name: 'c' } },
        { name: 'p', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
        { name: 'd', downwardAPI: { items: [{ path: 'cpu', resourceFieldRef: { containerName: 'a', resource: 'limits.cpu' } }] } },
      ],
    },
  })
  assert.equal(pod.spec.serviceAccountName, 'robot')
  assert.equal(pod.spec.containers[0]!.ports![0]!.hostPort, 80)
  assert.deepEqual(pod.spec.containers[0]!.resources.requests, { cpu: '500m', memory: '1Gi' })
  assert.equal(pod.spec.containers[0]!.startupProbe!.grpc!.service, '')
  assert.deepEqual(pod.spec.volumes, [
    { name: 'v', emptyDir: {} },
    { name: 'c', configMap: { name: 'c', defaultMode: 420 } },
    { name: 'p', projected: { defaultMode: 420, sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 3600 } }] } },
    { name: 'd', downwardAPI: { defaultMode: 420, items: [{ path: 'cpu', resourceFieldRef: { containerName: 'a', resource: 'limits.cpu', divisor: '0' } }] } },
  ])
})

test('a gated Pod says why it is not scheduled', () => {
  const { status } = createdOf(Pod, { spec: { schedulingGates: [{ name: 'a.b/c' }], containers: [{ name: 'a', image: 'x' }] } })
  assert.deepEqual(status.conditions, [
    { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message: 'Scheduling is blocked due to non-empty scheduling gates' },
  ])
})

test('how long a Pod may take to go', () => {
  const grace = (spec: object, phase: string, requested?: number) =>
    Pod.graceSeconds!({ spec: { nodeName: 'n', terminationGracePeriodSeconds: 30, ...spec }, status: { phase } } as Pod, requested)
  assert.equal(grace({}, 'Running'), 30)
  assert.equal(grace({}, 'Running', 5), 5)
  assert.equal(grace({}, 'Running', 0), 0)
  assert.equal(grace({}, 'Running', -1), 1)
  assert.equal(grace({ nodeName: '' }, 'Pending', 5), 0)
  assert.equal(grace({}, 'Succeeded', 5), 0)
})

test('Services are filled in as Kubernetes does', () => {
  const { spec } = draftOf(Service, { spec: { ports: [{ port: 80 }], clusterIP: '10.0.0.1' } })
  assert.deepEqual(spec, {
    type: 'ClusterIP',
    sessionAffinity: 'None',
    internalTrafficPolicy: 'Cluster',
    ipFamilyPolicy: 'SingleStack',
    ipFamilies: ['IPv4'],
    clusterIP: '10.0.0.1',
    clusterIPs: ['10.0.0.1'],
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
  })
  const balanced = draftOf(Service, { spec: { type: 'LoadBalancer', sessionAffinity: 'ClientIP', ports: [{ port: 80 }] } }).spec
  assert.equal(balanced.externalTrafficPolicy, 'Cluster')
  assert.equal(balanced.allocateLoadBalancerNodePorts, true)
  assert.deepEqual(balanced.sessionAffinityConfig, { clientIP: { timeoutSeconds: 10800 } })
})

test('a Service that is written back without its node port keeps it, and loses it with its type', () => {
  const old = createdOf(Service, { spec: { type: 'NodePort', clusterIP: '10.0.0.1', ports: [{ port: 80, nodePort: 30001 }] } })
  const again = draftOf(Service, { spec: { type: 'NodePort', ports: [{ port: 80 }] } })
  Service.prepareForUpdate!(again, old, '')
  assert.equal(again.spec.ports![0]!.nodePort, 30001)
  assert.deepEqual(again.spec.clusterIPs, ['10.0.0.1'])
  const plain = draftOf(Service, { spec: { type: 'ClusterIP', externalTrafficPolicy: 'Cluster', ports: [{ port: 80, nodePort: 30001 }] } })
  Service.prepareForUpdate!(plain, old, '')
  assert.equal(plain.spec.ports![0]!.nodePort, undefined)
  assert.equal(plain.spec.externalTrafficPolicy, undefined)
})

test('Secrets, Namespaces and Nodes', () => {
  const secret = draftOf(Secret, { data: { a: 'b2xk' }, stringData: { a: 'new', b: 'ä' } })
  assert.deepEqual([secret.type, secret.data, secret.stringData], ['Opaque', { a: 'bmV3', b: 'w6Q=' }, undefined])
  const namespace = createdOf(Namespace, { metadata: { name: 'team' } })
  assert.deepEqual(
    [namespace.metadata.labels, namespace.spec, namespace.status],
    [{ 'kubernetes.io/metadata.name': 'team' }, { finalizers: ['kubernetes'] }, { phase: 'Active' }],
  )
  assert.deepEqual(draftOf(Node, { status: { capacity: { cpu: '4' } } }).status.allocatable, { cpu: '4' })
})

test('both kinds of Event are one thing under two names', () => {
  const core = draftOf(Event, {
    involvedObject: { kind: 'Pod', name: 'web' },
    message: 'Started',
    reason: 'Started',
    count: 2,
    source: { component: 'kubelet', host: 'n' },
    firstTimestamp: '2024-01-01T00:00:00Z',
    reportingComponent: 'kubelet',
  })
  const event = EventsEvent.storage.fromStored!(core) as EventsEvent
  assert.deepEqual(
    [event.apiVersion, event.regarding, event.note, event.deprecatedCount, event.deprecatedSource, event.reportingController],
    ['events.k8s.io/v1', { kind: 'Pod', name: 'web' }, 'Started', 2, { component: 'kubelet', host: 'n' }, 'kubelet'],
  )
  assert.deepEqual(EventsEvent.storage.toStored!(event), core)
  assert.equal(EventsEvent.storage.prefix, Event.storage.prefix)
  assert.equal(EventsEvent.fieldSelectors['regarding.name']!(event), 'web')
})

test('every kind has columns, a name of its own and fields that explain can show', () => {
  const names = new Set(kinds.map(kind => `${kind.group}/${kind.version}/${kind.plural}`))
  assert.equal(names.size, kinds.length)
  for (const kind of kinds) {
    assert.ok(kind.schema.doc, `${kind.kind} says what it is`)
    assert.ok(
      kind.columns.some(column => column.format === 'name'),
      `${kind.kind} has a name column`,
    )
    assert.ok(kind.schema.fields['metadata'], `${kind.kind} has metadata`)
  }
})
