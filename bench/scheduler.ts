/**
 * The scheduler's own decisions, without an API server: `npm run bench -- scheduler`, a few seconds.
 * Each Pod is counted on its node before the next is decided on, as in life.
 */
import type { Node } from '../src/api/kinds/node.ts'
import type { Pod } from '../src/api/kinds/pod.ts'
import { seededRandom } from '../src/base/random.ts'
import { chooseNode } from '../src/scheduler/choose.ts'
import { demandOf } from '../src/scheduler/demand.ts'
import { createSnapshotKeeper, type SnapshotKeeper } from '../src/scheduler/snapshot.ts'
import { printMachine, printTable, spread, whole } from './report.ts'

const PODS = 2_000
const ROUNDS = 5

printMachine()
printTable(
  'decisions, one after the other',
  ['nodes', 'Pods/s', 'Pods/s with a preference', 'ms to find that none fits'],
  [1, 100, 1_000, 5_000].map(count => {
    const rounds = Array.from({ length: ROUNDS }, () => measure(count))
    return [
      whole(count),
      ...(['plain', 'preferring', 'nowhere'] as const).map((what, i) =>
        spread(
          rounds.map(round => round[what]),
          i === 2 ? 2 : 0,
        ),
      ),
    ]
  }),
)

function measure(count: number): { plain: number; preferring: number; nowhere: number } {
  const keeper = createSnapshotKeeper()
  for (let i = 0; i < count; i++) keeper.setNode(`n${i}`, node(i, PODS))
  const plain = perSecond(keeper, i => pod(`a${i}`, {}))
  const preference = { weight: 5, preference: { matchExpressions: [{ key: 'zone', operator: 'In', values: ['z1'] }] } }
  const preferring = perSecond(keeper, i => pod(`b${i}`, { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [preference] } } }))
  const tooBig = demandOf(pod('c', {}, '1000000'))
  const began = performance.now()
  for (let i = 0; i < 20; i++) chooseNode(tooBig, keeper.snapshot(), seededRandom('x'))
  return { plain, preferring, nowhere: (performance.now() - began) / 20 }
}

function perSecond(keeper: SnapshotKeeper, podNumber: (i: number) => Pod): number {
  const random = seededRandom('bench')
  let start = 0
  const began = performance.now()
  for (let i = 0; i < PODS; i++) {
    const demand = demandOf(podNumber(i))
    const choice = chooseNode(demand, keeper.snapshot(), random, { start })
    start += choice.examined
    if (choice.is === 'node') keeper.assume(demand, choice.name)
  }
  return PODS / ((performance.now() - began) / 1_000)
}

function node(i: number, room: number): Node {
  const name = `n${i}`
  return {
    metadata: { name, labels: { zone: `z${i % 3}`, 'kubernetes.io/hostname': name } },
    spec: {},
    status: { allocatable: { cpu: String(room), memory: `${room}Gi`, pods: String(2 * room), 'ephemeral-storage': '100Gi' } },
  } as unknown as Node
}

function pod(uid: string, spec: object, cpu = '100m'): Pod {
  return {
    metadata: { uid, name: uid, namespace: 'default' },
    status: {},
    spec: {
      tolerations: [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }],
      containers: [{ name: 'main', image: 'nginx:1', resources: { requests: { cpu, memory: '100Mi' } } }],
      ...spec,
    },
  } as unknown as Pod
}
