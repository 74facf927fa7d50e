import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../../api/kinds/pod.ts'
import { cheapestToLose, planReplicas } from './plan_replicas.ts'

const NOW = Date.parse('2026-01-01T12:00:00Z')
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString().slice(0, 19) + 'Z'

interface About {
  node?: string
  phase?: string
  readyFor?: number
  cost?: string
  restarts?: number
  age?: number
}

const pod = (uid: string, { node = 'a', phase = 'Running', readyFor, cost, restarts = 0, age = 1000 }: About = {}): Pod =>
  ({
    metadata: {
      name: uid,
      uid,
      creationTimestamp: ago(age),
      ...(cost !== undefined && { annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } }),
    },
    spec: { ...(node && { nodeName: node }) },
    status: {
      phase,
      conditions: readyFor === undefined ? [] : [{ type: 'Ready', status: 'True', lastTransitionTime: ago(readyFor) }],
      containerStatuses: [{ restartCount: restarts }],
    },
  }) as unknown as Pod

test('planReplicas makes what is missing and deletes what is too much, at most 500 at once', () => {
  const ten = Array.from({ length: 10 }, (_, index) => pod(`p${index}`))
  const plan = (wanted: number, pods: Pod[]) => {
    const decided = planReplicas(wanted, pods, () => pods, NOW)
    return decided.is === 'delete' ? `delete ${decided.pods.length}` : decided.is === 'create' ? `create ${decided.count}` : 'enough'
  }
  assert.deepEqual(
    [
      plan(10, ten),
      plan(12, ten),
      plan(3, ten),
      plan(0, []),
      plan(2_000, ten),
      plan(
        0,
        Array.from({ length: 700 }, (_, index) => pod(`p${index}`)),
      ),
    ],
    ['enough', 'create 2', 'delete 7', 'enough', 'create 500', 'delete 500'],
  )
})

const PAIRS: readonly { rule: string; first: About; last: About; related?: Pod[] }[] = [
  { rule: 'without a node before with one', first: { node: '', phase: 'Running', readyFor: 9000 }, last: { phase: 'Pending' } },
  { rule: 'Pending before Unknown', first: { phase: 'Pending', age: 9000 }, last: { phase: 'Unknown', age: 1 } },
  { rule: 'Unknown before Running', first: { phase: 'Unknown', age: 9000 }, last: { age: 1 } },
  { rule: 'not ready before ready', first: { cost: '100' }, last: { readyFor: 10, cost: '-100' } },
  { rule: 'lower deletion cost before higher', first: { readyFor: 9000, cost: '-1' }, last: { readyFor: 1 } },
  { rule: 'a cost that is no number is 0', first: { readyFor: 9000, cost: 'cheap' }, last: { readyFor: 1, cost: '1' } },
  { rule: 'beside more of its kind before alone', first: { readyFor: 9000 }, last: { node: 'b', readyFor: 1 }, related: [pod('r1'), pod('r2')] },
  { rule: 'ready for shorter before longer, by the order of magnitude', first: { readyFor: 10 }, last: { readyFor: 100, restarts: 9 } },
  { rule: 'more restarts before fewer', first: { readyFor: 100, restarts: 3, age: 9000 }, last: { readyFor: 120, restarts: 1, age: 10 } },
  { rule: 'younger before older', first: { readyFor: 100, age: 200 }, last: { readyFor: 100, age: 9000 } },
]

for (const { rule, first, last, related = [] } of PAIRS)
  test(`cheapestToLose: ${rule}`, () => {
    // Their uids say the opposite, so that a tie would show.
    const [a, b] = [pod('z', first), pod('a', last)]
    const names = (pods: Pod[]) => cheapestToLose(pods, [...pods, ...related], NOW).map(({ metadata }) => metadata.uid)
    assert.deepEqual(names([a, b]), ['z', 'a'])
    assert.deepEqual(names([b, a]), ['z', 'a'])
  })
