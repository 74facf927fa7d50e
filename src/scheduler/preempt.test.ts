import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node } from '../api/kinds/node.ts'
import type { PodDisruptionBudget } from '../api/kinds/pod_disruption_budget.ts'
import type { Pod } from '../api/kinds/pod.ts'
import { seededRandom } from '../base/random.ts'
import { chooseNode } from './choose.ts'
import { demandOf } from './demand.ts'
import { planPreemption } from './preempt.ts'
import { createSnapshotKeeper } from './snapshot.ts'

interface Running {
  readonly name: string
  readonly cpu: string
  readonly priority?: number
  readonly app?: string
  readonly startTime?: string
  readonly more?: object
}

const pod = ({ name, cpu, priority = 0, app = name, startTime = '2026-01-01T00:00:00Z', more = {} }: Running, nodeName?: string): Pod =>
  ({
    metadata: { uid: name, name, namespace: 'default', labels: { app } },
    status: { startTime },
    spec: { priority, containers: [{ name: 'main', image: 'nginx:1', resources: { requests: { cpu } } }], ...(nodeName && { nodeName }), ...more },
  }) as unknown as Pod

const node = (name: string): Node =>
  ({
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    spec: {},
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110' } },
  }) as unknown as Node

const budget = (app: string, disruptionsAllowed: number): PodDisruptionBudget =>
  ({
    metadata: { name: app, namespace: 'default' },
    spec: { selector: { matchLabels: { app } } },
    status: { disruptionsAllowed },
  }) as unknown as PodDisruptionBudget

/** Who must go for a Pod of priority 100, `node: names`. */
function victimsFor(wanted: Running, nodes: Record<string, Running[]>, budgets: PodDisruptionBudget[] = []): string | ReadonlyMap<string, number> {
  const keeper = createSnapshotKeeper()
  for (const [name, running] of Object.entries(nodes)) {
    keeper.setNode(name, node(name))
    for (const one of running) keeper.setPod(one.name, pod(one, name))
  }
  const demand = demandOf(pod({ priority: 100, ...wanted }))
  const snapshot = keeper.snapshot()
  const answers = new Set<string>()
  // Wherever the search begins, it ends the same.
  for (const seed of ['a', 'b', 'c', 'd']) {
    const choice = chooseNode(demand, snapshot, seededRandom(seed))
    assert.ok(choice.is === 'none', 'it fits without anybody going')
    const plan = planPreemption(demand, choice, snapshot, { budgets, random: seededRandom(seed) })
    if (plan.is === 'in vain') return plan.reasons
    assert.ok(plan.is === 'victims')
    answers.add(`${plan.nodeName}: ${plan.victims.map(victim => victim.pod.metadata.name).join(' ')}`)
  }
  assert.equal(answers.size, 1, [...answers].join(' or '))
  return [...answers][0]!
}

test('as few as needed go, the least important first, and of equals the one that started last', () => {
  const running = [
    { name: 'a', cpu: '1', priority: 1, startTime: '2026-01-01T00:00:00Z' },
    { name: 'b', cpu: '1', priority: 1, startTime: '2026-01-01T01:00:00Z' },
    { name: 'c', cpu: '1', priority: 5 },
    { name: 'd', cpu: '1', priority: 9 },
  ]
  assert.equal(victimsFor({ name: 'x', cpu: '1' }, { n: running }), 'n: b')
  assert.equal(victimsFor({ name: 'x', cpu: '3' }, { n: running }), 'n: c a b')
  assert.equal(
    victimsFor(
      { name: 'x', cpu: '2' },
      {
        n: [
          { name: 'small', cpu: '1', priority: 1 },
          { name: 'big', cpu: '3', priority: 5 },
        ],
      },
    ),
    'n: big',
    'the small one alone would not do',
  )
})

test('of several nodes the one that costs least, one rule after the other', () => {
  const cases: [rule: string, a: Running[], b: Running[], PodDisruptionBudget[]][] = [
    ['fewest violations of budgets', [{ name: 'kept', cpu: '4', priority: 1 }], [{ name: 'b', cpu: '4', priority: 50 }], [budget('kept', 0)]],
    [
      'the least important most important victim',
      [{ name: 'a', cpu: '4', priority: 50 }],
      [
        { name: 'b', cpu: '2', priority: 1 },
        { name: 'c', cpu: '2', priority: 1 },
      ],
      [],
    ],
    [
      'the smallest sum',
      [
        { name: 'a', cpu: '2', priority: 5 },
        { name: 'd', cpu: '2', priority: 4 },
      ],
      [
        { name: 'b', cpu: '2', priority: 5 },
        { name: 'c', cpu: '2', priority: 1 },
      ],
      [],
    ],
    [
      'the fewest',
      [
        { name: 'a', cpu: '2', priority: -5 },
        { name: 'd', cpu: '2', priority: -5 },
      ],
      [{ name: 'b', cpu: '4', priority: -5 }],
      [],
    ],
    ['the latest start', [{ name: 'a', cpu: '4', startTime: '2026-01-01T00:00:00Z' }], [{ name: 'b', cpu: '4', startTime: '2026-01-02T00:00:00Z' }], []],
  ]
  for (const [rule, a, b, budgets] of cases) {
    assert.equal(victimsFor({ name: 'x', cpu: '4' }, { a, b }, budgets), `b: ${b.map(({ name }) => name).join(' ')}`, rule)
    assert.equal(victimsFor({ name: 'x', cpu: '4' }, { b, a }, budgets), `b: ${b.map(({ name }) => name).join(' ')}`, `${rule}, in another order`)
  }
})

test('a budget protects its Pods before more important ones, but not for ever', () => {
  const running = [
    { name: 'kept', cpu: '2', priority: 1 },
    { name: 'free', cpu: '2', priority: 50 },
  ]
  assert.equal(victimsFor({ name: 'x', cpu: '2' }, { n: running }, [budget('kept', 0)]), 'n: free')
  assert.equal(victimsFor({ name: 'x', cpu: '2' }, { n: running }, [budget('kept', 1)]), 'n: kept')
  assert.equal(victimsFor({ name: 'x', cpu: '4' }, { n: running }, [budget('kept', 0)]), 'n: free kept')
})

test('anti-affinity and host ports are reasons too; what preemption cannot change is not', () => {
  const antiAffinity = {
    requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'loner' } } }],
  }
  const more = { affinity: { podAntiAffinity: antiAffinity } }
  assert.equal(
    victimsFor(
      { name: 'x', cpu: '1', more },
      {
        n: [
          { name: 'loner', cpu: '1' },
          { name: 'other', cpu: '1' },
        ],
      },
    ),
    'n: loner',
  )
  const reasons = victimsFor(
    { name: 'x', cpu: '4' },
    {
      full: [{ name: 'equal', cpu: '1', priority: 100 }],
      mixed: [
        { name: 'low', cpu: '1' },
        { name: 'high', cpu: '1', priority: 200 },
      ],
    },
  )
  assert.deepEqual(
    [...(reasons as ReadonlyMap<string, number>)].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    [
      ['Insufficient cpu', 1],
      ['No preemption victims found for incoming pod', 1],
    ],
  )
})
