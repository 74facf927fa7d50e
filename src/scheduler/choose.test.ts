import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node } from '../api/kinds/node.ts'
import type { Pod } from '../api/kinds/pod.ts'
import { seededRandom } from '../base/random.ts'
import { chooseNode, feasibleNodesToFind } from './choose.ts'
import { demandOf, type PodDemand } from './demand.ts'
import { explain } from './explain.ts'
import { planPreemption } from './preempt.ts'
import { createSnapshotKeeper, type PodMove, type SnapshotKeeper } from './snapshot.ts'

const MI = 1024 * 1024
type Resources = Record<string, string>

const node = (
  name: string,
  { allocatable = {}, labels = {}, ...spec }: { allocatable?: Resources; labels?: Resources; taints?: object[]; unschedulable?: boolean } = {},
): Node => ({ metadata: { name, labels }, spec, status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...allocatable } } }) as unknown as Node

let count = 0
const pod = (requests: Resources = {}, spec: object = {}): Pod =>
  ({
    metadata: { uid: `uid-${count++}`, name: 'web', namespace: 'default' },
    spec: { containers: [{ name: 'main', image: 'nginx:1', resources: { requests } }], ...spec },
    status: {},
  }) as unknown as Pod

function cluster(...nodes: Node[]) {
  const keeper = createSnapshotKeeper()
  for (const one of nodes) keeper.setNode(one.metadata.name!, one)
  return {
    keeper,
    runs: (nodeName: string, requests: Resources, spec: object = {}) => {
      const placed = pod(requests, { nodeName, ...spec })
      keeper.setPod(placed.metadata.uid!, placed)
      return placed
    },
    choose: (wanted: Pod, start = 0) => decide(demandOf(wanted), keeper, start),
  }
}
type Cluster = ReturnType<typeof cluster>

/** With the message that the Pod is told when there is no node. */
function decide(demand: PodDemand, keeper: SnapshotKeeper, start: number) {
  const snapshot = keeper.snapshot()
  const choice = chooseNode(demand, snapshot, seededRandom('x'), { start })
  if (choice.is === 'node') return choice
  return { ...choice, message: explain(choice, planPreemption(demand, choice, snapshot, { budgets: [], random: seededRandom('x') })) }
}
const nameFor = ({ choose }: Cluster, wanted: Pod) => {
  const choice = choose(wanted)
  return choice.is === 'node' ? choice.name : choice.message.split('. no new claims')[0]
}
const HELPLESS = (n: number) => `no new claims to deallocate, preemption: 0/${n} nodes are available: ${n} Preemption is not helpful for scheduling.`

test('without nodes there is one sentence', () => {
  assert.equal(nameFor(cluster(), pod()), 'no nodes available to schedule pods')
})

test('every filter objects in Kubernetes’ words', () => {
  const affinity = (term: object) => ({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } } } })
  const cases: [Node, Pod, string][] = [
    [node('a', { unschedulable: true, taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] }), pod(), '1 node(s) were unschedulable'],
    [node('a', { taints: [{ key: 'gpu', effect: 'NoSchedule' }] }), pod(), '1 node(s) had untolerated taint(s)'],
    [node('a', { taints: [{ key: 'gpu', effect: 'NoExecute' }] }), pod(), '1 node(s) had untolerated taint(s)'],
    [node('a', { labels: { disk: 'hdd' } }), pod({}, { nodeSelector: { disk: 'ssd' } }), "1 node(s) didn't match Pod's node affinity/selector"],
    [
      node('a', { labels: { disk: 'hdd' } }),
      pod({}, affinity({ matchExpressions: [{ key: 'disk', operator: 'NotIn', values: ['hdd'] }] })),
      "1 node(s) didn't match Pod's node affinity/selector",
    ],
    [
      node('a'),
      pod({}, affinity({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] })),
      "1 node(s) didn't satisfy plugin(s) [NodeAffinity]",
    ],
    [node('a', { allocatable: { pods: '0' } }), pod({ cpu: '5', memory: '9Gi' }), '1 Insufficient cpu, 1 Insufficient memory, 1 Too many pods'],
    [node('a'), pod({ 'example.com/gpu': '1', 'ephemeral-storage': '1Gi' }), '1 Insufficient ephemeral-storage, 1 Insufficient example.com/gpu'],
  ]
  for (const [given, wanted, reason] of cases) assert.equal(nameFor(cluster(given), wanted), `0/1 nodes are available: ${reason}`)
})

test('what fits, fits: tolerations, matching fields, exact requests, zero of a resource the node lacks', () => {
  const one = cluster(node('a', { taints: [{ key: 'gpu', effect: 'NoSchedule' }], unschedulable: true }))
  assert.equal(
    nameFor(
      one,
      pod(
        { cpu: '4', memory: '8Gi', 'example.com/gpu': '0' },
        {
          tolerations: [{ operator: 'Exists' }],
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a'] }] }],
              },
            },
          },
        },
      ),
    ),
    'a',
  )
})

test('reasons are counted by node, and the tail tells where preemption could help', () => {
  const three = cluster(node('a', { unschedulable: true }), node('b'), node('c', { allocatable: { cpu: '1' } }))
  three.runs('b', { cpu: '3' })
  const choice = three.choose(pod({ cpu: '2' }))
  assert.equal(
    choice.is === 'none' && choice.message,
    '0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu. no new claims to deallocate, ' +
      'preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.',
  )
  const never = three.choose(pod({ cpu: '2' }, { preemptionPolicy: 'Never' }))
  assert.match(never.is === 'none' ? never.message : '', /deallocate, preemption: not eligible due to preemptionPolicy=Never\.$/)
  const all = cluster(node('a', { unschedulable: true }), node('b', { unschedulable: true })).choose(pod())
  assert.equal(all.is === 'none' && all.message, `0/2 nodes are available: 2 node(s) were unschedulable. ${HELPLESS(2)}`)
})

test('counts sort as text: 10 before 2', () => {
  const nodes = [
    ...Array.from({ length: 10 }, (_, i) => node(`u${i}`, { unschedulable: true })),
    node('t1', { taints: [{ key: 'x', effect: 'NoSchedule' }] }),
    node('t2', { taints: [{ key: 'x', effect: 'NoSchedule' }] }),
  ]
  assert.equal(nameFor(cluster(...nodes), pod()), '0/12 nodes are available: 10 node(s) were unschedulable, 2 node(s) had untolerated taint(s)')
})

test('host ports are taken once per address and protocol, and given back one by one', () => {
  const one = cluster(node('a'))
  const ports = (port: object) => ({ containers: [{ name: 'main', image: 'nginx:1', ports: [{ protocol: 'TCP', containerPort: 80, ...port }] }] })
  const first = one.runs('a', {}, ports({ hostPort: 80 }))
  const second = one.runs('a', {}, ports({ hostPort: 80 }))
  const taken = "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports"
  assert.equal(nameFor(one, pod({}, ports({ hostPort: 80, hostIP: '10.0.0.1' }))), taken)
  assert.equal(nameFor(one, pod({}, ports({ hostPort: 80, protocol: 'UDP' }))), 'a')
  one.keeper.setPod(first.metadata.uid!, undefined)
  assert.equal(nameFor(one, pod({}, ports({ hostPort: 80 }))), taken)
  one.keeper.setPod(second.metadata.uid!, undefined)
  assert.equal(nameFor(one, pod({}, ports({ hostPort: 80 }))), 'a')
})

test('the emptier node wins, then the better balanced one, then the preferred and the untainted', () => {
  const two = cluster(node('a'), node('b'))
  two.runs('a', { cpu: '2' })
  assert.equal(nameFor(two, pod({ cpu: '1' })), 'b')
  const skewed = cluster(node('a', { allocatable: { cpu: '8', memory: '4Gi' } }), node('b', { allocatable: { cpu: '4', memory: '8Gi' } }))
  assert.equal(nameFor(skewed, pod({ cpu: '2', memory: '1Gi' })), 'a')
  const preferring = pod(
    {},
    {
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: { matchExpressions: [{ key: 'disk', operator: 'Exists' }] } }],
        },
      },
    },
  )
  const labelled = cluster(node('a', { labels: { disk: 'ssd' } }), node('b'))
  labelled.runs('a', { cpu: '3' })
  assert.equal(nameFor(labelled, preferring), 'a', 'a preference weighs twice what room does')
  assert.equal(nameFor(cluster(node('a', { taints: [{ key: 'x', effect: 'PreferNoSchedule' }] }), node('b')), pod()), 'b')
})

test('a Pod without requests counts as 100m and 200Mi for spreading, and as nothing for fitting', () => {
  const demand = demandOf(pod())
  assert.deepEqual([demand.nonZero, demand.requests.size], [{ cpu: 100, memory: 200 * MI }, 0])
  const full = cluster(node('a'))
  full.runs('a', { cpu: '4', memory: '8Gi' })
  assert.equal(nameFor(full, pod()), 'a')
})

test('an assumed Pod counts until it is forgotten or gone; a bound one is counted once', () => {
  const { keeper, choose } = cluster(node('a'))
  const first = pod({ cpu: '3' })
  keeper.assume(demandOf(first), 'a')
  assert.equal(choose(pod({ cpu: '3' })).is, 'none')
  keeper.setPod(first.metadata.uid!, first)
  assert.equal(choose(pod({ cpu: '3' })).is, 'none', 'the cache still shows it without a node')
  keeper.setPod(first.metadata.uid!, { ...first, spec: { ...first.spec, nodeName: 'a' } })
  assert.equal(keeper.node('a')?.pods.size, 1)
  assert.equal(keeper.forget(first.metadata.uid!), undefined, 'it is no assumption any more')
  assert.equal(keeper.setPod(first.metadata.uid!, undefined)?.before?.nodeName, 'a')
  assert.deepEqual([keeper.node('a')?.pods.size, keeper.node('a')?.requested.get('cpu')], [0, 0])
})

test('the keeper tells what has changed: a Pod gone, finished, or made larger or smaller', () => {
  const { keeper, runs } = cluster(node('a'))
  const placed = runs('a', { cpu: '2' })
  const uid = placed.metadata.uid!
  const resized = (cpu: string): Pod => ({
    ...placed,
    spec: { ...placed.spec, containers: [{ ...placed.spec.containers[0]!, resources: { requests: { cpu } } }] },
  })
  const amounts = (move: PodMove | undefined) => move && [move.before?.demand, move.after?.demand].map(demand => demand?.requests.get('cpu'))
  assert.deepEqual(amounts(keeper.setPod(uid, resized('3'))), [2_000, 3_000])
  assert.deepEqual(amounts(keeper.setPod(uid, resized('1'))), [3_000, 1_000])
  assert.equal(keeper.node('a')?.requested.get('cpu'), 1_000)
  assert.deepEqual(amounts(keeper.setPod(uid, { ...resized('1'), status: { phase: 'Succeeded' } } as Pod)), [1_000, undefined])
  assert.equal(keeper.setPod(uid, { ...resized('1'), status: { phase: 'Succeeded' } } as Pod), undefined)
})

test('while a Pod is resized the most of what it asks for, was given and has counts; what can never be does not', () => {
  const { keeper, runs } = cluster(node('a'))
  const placed = runs('a', { cpu: '2' })
  const uid = placed.metadata.uid!
  const [container] = placed.spec.containers
  const states = (asked: string, given: string, has: string, infeasible = false): Pod => ({
    ...placed,
    spec: { ...placed.spec, containers: [{ ...container!, resources: { requests: { cpu: asked } } }] },
    status: {
      ...placed.status,
      containerStatuses: [{ name: container!.name, allocatedResources: { cpu: given }, resources: { requests: { cpu: has } } }] as never,
      ...(infeasible && { conditions: [{ type: 'PodResizePending', status: 'True', reason: 'Infeasible' }] }),
    },
  })
  const counted = (pod: Pod) => {
    keeper.setPod(uid, pod)
    return keeper.node('a')?.requested.get('cpu')
  }
  assert.equal(counted(states('3', '2', '2')), 3000, 'it waits for more')
  assert.equal(counted(states('3', '3', '2')), 3000)
  assert.equal(counted(states('1', '3', '3')), 3000, 'less is not given yet')
  assert.equal(counted(states('1', '1', '3')), 3000, 'given, and not taken away yet')
  assert.equal(counted(states('1', '1', '1')), 1000)
  assert.equal(counted(states('100', '1', '1', true)), 1000)
})

test('a node that only reports again has not changed; Pods that came before their node are counted with it', () => {
  const { keeper, runs } = cluster()
  runs('late', { cpu: '1' })
  assert.equal(keeper.setNode('late', node('late')), true)
  assert.equal(keeper.node('late')?.requested.get('cpu'), 1_000)
  const reported = node('late')
  assert.equal(
    keeper.setNode('late', { ...reported, status: { ...reported.status, conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: 'now' }] } } as Node),
    false,
  )
  assert.equal(keeper.setNode('late', node('late', { labels: { disk: 'ssd' } })), true)
  assert.equal(keeper.setNode('late', node('late', { labels: { disk: 'ssd' }, allocatable: { cpu: '8' } })), true)
})

test('in a large cluster a part of the nodes is enough, and each gets its turn', () => {
  assert.deepEqual([1, 99, 100, 1_000, 5_000, 100_000].map(feasibleNodesToFind), [1, 99, 100, 420, 500, 5_000])
  const many = cluster(...Array.from({ length: 1_000 }, (_, i) => node(`n${i}`)))
  const first = many.choose(pod())
  assert.equal(first.examined, 420)
  const later = many.choose(pod(), 900)
  assert.equal(later.examined, 420)
  const index = later.is === 'node' ? Number(later.name.slice(1)) : NaN
  assert.ok(index >= 900 || index < 320, String(index))
})
