import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readManifests } from './manifests.ts'
import { parseRollout } from './plan_change.ts'
import { planCheck, type CheckPlan, type CheckWords } from './plan_check.ts'
import { parseServiceChoice } from './plan_entrance.ts'
import { CheckProblem } from './problem.ts'
import { parseWorkload } from './workload.ts'

const WORDS: CheckWords = { path: '/', ratePerSecond: 200, repeat: 1, warmUpMs: 2_000, settleMs: 2_000, timeoutMs: 120_000, requestTimeoutMs: 5_000 }

const service = (name: string, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector: { app: 'web' }, ports: [{ port: 80 }], ...spec },
})
const template = (spec: object = {}, labels: object = { app: 'web' }) => ({
  metadata: { labels },
  spec: { containers: [{ name: 'main', image: 'web:1', ports: [{ containerPort: 8080 }] }], ...spec },
})
const workload = (kind: string, spec: object = {}, name = 'web') => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name },
  spec: { selector: { matchLabels: { app: 'web' } }, template: template(), ...spec },
})
const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', labels: { app: 'web' } }, spec: template().spec }

function plan(objects: readonly object[], words: Partial<CheckWords> = {}): CheckPlan {
  return planCheck(['web.yaml'], readManifests([{ file: 'web.yaml', text: JSON.stringify({ kind: 'List', apiVersion: 'v1', items: objects }) }]), {
    ...WORDS,
    ...words,
  })
}

const refused = (objects: readonly object[], message: RegExp, words: Partial<CheckWords> = {}) =>
  assert.throws(
    () => plan(objects, words),
    (error: unknown) => error instanceof CheckProblem && message.test(error.message),
  )

const ENTRANCES: readonly [what: string, services: readonly object[], expected: string, words?: Partial<CheckWords>][] = [
  ['the one Service', [service('a')], 'a:80 ClusterIP'],
  ['one that is open to the outside rather than another', [service('a'), service('b', { type: 'NodePort' })], 'b:80 NodePort'],
  ['a headless one only where there is no other', [service('a', { clusterIP: 'None' }), service('b')], 'b:80 ClusterIP'],
  ['a headless one', [service('a', { clusterIP: 'None' })], 'a:80 headless'],
  ['the first of several', [service('a'), service('b')], 'a:80 ClusterIP'],
  ['one that selects the Pods', [service('a', { selector: { app: 'other' } }), service('b')], 'b:80 ClusterIP'],
  [
    'the port called http',
    [
      service('a', {
        ports: [
          { name: 'metrics', port: 9090 },
          { name: 'http', port: 8000 },
        ],
      }),
    ],
    'a:8000 ClusterIP',
  ],
  [
    'port 80 among ports without such names',
    [
      service('a', {
        ports: [
          { name: 'x', port: 9090 },
          { name: 'y', port: 80 },
        ],
      }),
    ],
    'a:80 ClusterIP',
  ],
  [
    'TCP and not UDP',
    [
      service('a', {
        ports: [
          { name: 'dns', port: 80, protocol: 'UDP' },
          { name: 'tcp', port: 81 },
        ],
      }),
    ],
    'a:81 ClusterIP',
  ],
  ['the Service that was asked for', [service('a'), service('b')], 'b:80 ClusterIP', { service: { name: 'b' } }],
  [
    'the port that was asked for',
    [
      service('a', {
        ports: [
          { name: 'http', port: 80 },
          { name: 'admin', port: 81 },
        ],
      }),
    ],
    'a:81 ClusterIP',
    { service: { name: 'a', port: 'admin' } },
  ],
  ['a Service of its own', [], 'check-web:8080 ClusterIP'],
  [
    'a Service of its own, because the one in the files may select Pods that are in the namespace already',
    [service('a', { selector: { app: 'other' } })],
    'check-web:8080 ClusterIP',
    { namespace: 'shop' },
  ],
  ['a Service of its own beside one without a selector', [service('a', { selector: undefined })], 'check-web:8080 ClusterIP'],
  ['a named port of a container', [service('a', { ports: [{ port: 80, targetPort: 'web' }] })], 'a:80 ClusterIP'],
]

for (const [what, services, expected, words] of ENTRANCES)
  test(`the load goes in at ${what}`, () => {
    const named = template({ containers: [{ name: 'main', image: 'web:1', ports: [{ containerPort: 8080, name: 'web' }] }] })
    const { entrance } = plan([workload('Deployment', { template: named }), ...services], words)
    assert.equal(`${entrance.service}:${entrance.port} ${entrance.type}`, expected)
  })

test('a Service of its own leads to the container port, and says so', () => {
  const { entrance, notes } = plan([workload('Deployment')])
  assert.deepEqual(entrance.make, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'check-web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 8080 }] },
  })
  assert.match(notes.join(), /the check makes Service check-web for container port 8080/)
})

test('a Service of its own is made for a workload that was asked for, where another one has a Service', () => {
  const db = { ...workload('StatefulSet', { selector: { matchLabels: { app: 'db' } }, template: template({}, { app: 'db' }) }, 'db') }
  const { entrance } = plan([workload('Deployment'), service('a'), db], { workload: { kind: 'StatefulSet', name: 'db' } })
  assert.equal(entrance.service, 'check-db')
})

test('clients are new and keep-alive ones, and direct ones where the Service is headless', () => {
  assert.deepEqual(plan([workload('Deployment'), service('a')]).clients, ['new', 'keep-alive'])
  assert.deepEqual(plan([workload('StatefulSet'), service('a', { clusterIP: 'None' })]).clients, ['direct'])
  assert.deepEqual(plan([workload('Deployment'), service('a')], { clients: ['new'] }).clients, ['new'])
})

const NO_WAY_IN: readonly [what: string, objects: readonly object[], message: RegExp, words?: Partial<CheckWords>][] = [
  ['a Service that is not there', [workload('Deployment'), service('a')], /the files have no Service b/, { service: { name: 'b' } }],
  ['a port that is not there', [workload('Deployment'), service('a')], /Service a has no TCP port 81/, { service: { name: 'a', port: '81' } }],
  [
    'a Service that selects nobody',
    [workload('Deployment'), service('a', { selector: { app: 'wbe' } })],
    /^Service a selects no Pod of the files: it wants app=wbe, and Deployment\/web has app=web$/,
  ],
  [
    'a Service that selects nobody, in a namespace of a cluster of its own',
    [workload('Deployment'), service('a', { selector: { app: 'wbe' } })],
    /^Service a selects no Pod of the files/,
    { namespace: 'shop', ownCluster: true },
  ],
  [
    'a Service that was named and selects nobody',
    [workload('Deployment'), service('a'), service('b', { selector: { app: 'wbe' } })],
    /^Service b selects no Pod of the files/,
    { service: { name: 'b' } },
  ],
  [
    'a port by a name that no container has',
    [workload('Deployment'), service('a', { ports: [{ port: 80, targetPort: 'web' }] })],
    /^Service a leads to port web, and no container of Deployment\/web has a TCP port of that name$/,
  ],
  [
    'a port by a name that only a UDP port has',
    [
      workload('Deployment', {
        template: template({ containers: [{ name: 'main', image: 'x', ports: [{ name: 'web', containerPort: 53, protocol: 'UDP' }] }] }),
      }),
      service('a', { ports: [{ port: 80, targetPort: 'web' }] }),
    ],
    /has a TCP port of that name$/,
    { service: { name: 'a' } },
  ],
  ['UDP alone', [workload('Deployment'), service('a', { ports: [{ port: 53, protocol: 'UDP' }] })], /Service a has no TCP port/],
  [
    'neither Service nor port',
    [workload('Deployment', { template: template({ containers: [{ name: 'main', image: 'web:1' }] }) })],
    /its containers name no port/,
  ],
  ['a workload that is not there', [workload('Deployment')], /the files have no StatefulSet\/db/, { workload: { kind: 'StatefulSet', name: 'db' } }],
  ['nothing that runs', [service('a')], /hold nothing that runs/],
  ['two namespaces', [{ ...service('a'), metadata: { name: 'a', namespace: 'x' } }, workload('Deployment')], /into 2 namespaces \(x, default\)/],
]

for (const [what, objects, message, words] of NO_WAY_IN) test(`it is an error to ask for ${what}`, () => refused(objects, message, words))

const CHANGES: readonly [objects: readonly object[], rollout: string | undefined, expected: string][] = [
  [[workload('Deployment')], undefined, 'kubectl rollout restart deployment/web'],
  [[workload('StatefulSet')], 'restart', 'kubectl rollout restart statefulset/web'],
  [[workload('DaemonSet')], undefined, 'kubectl rollout restart daemonset/web'],
  [[pod], undefined, 'kubectl delete pod web, and create it again'],
  [[workload('ReplicaSet')], undefined, 'kubectl delete one Pod of replicaset/web'],
  [[workload('Deployment')], 'delete=all', 'kubectl delete each Pod of deployment/web'],
  [[workload('Deployment')], 'image=web:2', 'kubectl set image deployment/web main=web:2'],
  [[workload('Deployment')], 'image=main=registry.example:5000/web:2', 'kubectl set image deployment/web main=registry.example:5000/web:2'],
  [[workload('Deployment', { replicas: 3 })], 'scale=1', 'kubectl scale deployment/web --replicas=1, and back to 3'],
  [[workload('StatefulSet')], 'drain', 'kubectl drain the node with most Pods of statefulset/web, and uncordon it'],
]

for (const [objects, rollout, expected] of CHANGES)
  test(`--rollout ${rollout ?? '(nothing said)'} is: ${expected}`, () => {
    assert.equal(plan(objects, { rollout: rollout === undefined ? undefined : parseRollout(rollout)! }).change.text, expected)
  })

const NO_CHANGE: readonly [objects: readonly object[], rollout: string, message: RegExp][] = [
  [[pod], 'restart', /Pod web has no rollout/],
  [[pod], 'scale=2', /Pod web cannot be scaled/],
  [[workload('DaemonSet')], 'scale=2', /DaemonSet web cannot be scaled/],
  [[workload('DaemonSet')], 'drain', /leaves the Pods of DaemonSet web/],
  [[workload('Deployment', { replicas: 2 })], 'scale=2', /has 2 replicas already/],
  [[workload('StatefulSet', { updateStrategy: { type: 'OnDelete' } })], 'restart', /update strategy OnDelete/],
  [[workload('StatefulSet', { updateStrategy: { type: 'OnDelete' } })], 'image=web:2', /update strategy OnDelete/],
  [[workload('Deployment', { paused: true })], 'restart', /^can't restart paused deployment web \(run rollout resume first\)$/],
  [[workload('Deployment', { paused: true })], 'image=web:2', /^can't roll out an image of paused deployment web \(run rollout resume first\)$/],
  [[workload('Deployment')], 'image=other=web:2', /no container other/],
  [
    [
      workload('Deployment', {
        template: template({
          containers: [
            { name: 'a', image: 'x', ports: [{ containerPort: 1 }] },
            { name: 'b', image: 'x' },
          ],
        }),
      }),
    ],
    'image=web:2',
    /2 containers \(a, b\)/,
  ],
]

for (const [objects, rollout, message] of NO_CHANGE)
  test(`--rollout ${rollout} is refused: ${message.source}`, () => refused(objects, message, { rollout: parseRollout(rollout)! }))

test('of several workloads the one with the widest entrance is changed, and the others are named', () => {
  const other = { ...workload('Deployment', { selector: { matchLabels: { app: 'db' } }, template: template({}, { app: 'db' }) }, 'db') }
  const { workload: chosen, notes } = plan([other, workload('Deployment'), service('a')])
  assert.deepEqual(chosen, { kind: 'Deployment', name: 'web' })
  assert.match(notes.join(), /Deployment\/web is changed; choose another one with --workload \(Deployment\/db\)/)
})

test('what others stand on is written first, and the namespace of the files is known', () => {
  const settings = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'shop' } }
  const here = (object: { metadata: object }) => ({ ...object, metadata: { ...object.metadata, namespace: 'shop' } })
  const priority = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 1 }
  const { objects, namespaceInFiles } = plan([here(workload('Deployment')), settings, priority, here(service('a'))])
  assert.deepEqual(
    objects.map(({ kind }) => kind.kind),
    ['PriorityClass', 'ConfigMap', 'Service', 'Deployment'],
  )
  assert.equal(namespaceInFiles, 'shop')
})

test('words that are none are not understood', () => {
  for (const text of ['', 'rolling', 'scale', 'scale=', 'scale=-1', 'scale=x', 'image', 'image=', 'image==x', 'image=a=', 'delete=2', 'drain=1', 'restart=1'])
    assert.equal(parseRollout(text), undefined, text)
  for (const text of ['web', 'deploy/', '/web', 'deploy/web/x', 'service/web']) assert.equal(parseWorkload(text), undefined, text)
  for (const text of ['', ':80', 'web:', 'a:b:c']) assert.equal(parseServiceChoice(text), undefined, text)
  assert.deepEqual(parseWorkload('deploy/web'), { kind: 'Deployment', name: 'web' })
  assert.deepEqual(parseWorkload('sts/db'), { kind: 'StatefulSet', name: 'db' })
  assert.deepEqual(parseServiceChoice('web:http'), { name: 'web', port: 'http' })
})
