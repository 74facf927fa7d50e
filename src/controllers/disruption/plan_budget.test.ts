import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Deployment } from '../../api/kinds/deployment.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import type { PodDisruptionBudget } from '../../api/kinds/pod_disruption_budget.ts'
import { ReplicaSet } from '../../api/kinds/replica_set.ts'
import type { Kind } from '../../api/kind.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import { createScaleOf, expectedPodsOf, type ExpectedPods } from './expected_pods.ts'
import { planBudget } from './plan_budget.ts'

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0)
const at = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`

const pod = (name: string, { ready = true, deleting = false, controller }: { ready?: boolean; deleting?: boolean; controller?: object } = {}): Pod =>
  ({
    metadata: {
      name,
      namespace: 'default',
      ...(deleting && { deletionTimestamp: at(NOW) }),
      ...(controller && { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: 'r1', controller: true, ...controller }] }),
    },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  }) as unknown as Pod
const pods = (count: number, more: Parameters<typeof pod>[1] = {}): Pod[] => Array.from({ length: count }, (_, index) => pod(`p${index}`, more))

const budget = (spec: object, status: object = {}): PodDisruptionBudget =>
  ({
    metadata: { name: 'b', namespace: 'default', generation: 3 },
    spec,
    status: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0, ...status },
  }) as unknown as PodDisruptionBudget

const known = (count: number) => (): ExpectedPods => ({ is: 'known', count, unmanaged: [] })
const counts = (spec: object, of: readonly Pod[], expected = known(of.length), status: object = {}) => {
  const { currentHealthy, desiredHealthy, expectedPods, disruptionsAllowed } = planBudget(budget(spec, status), of, expected, NOW).status
  return { currentHealthy, desiredHealthy, expectedPods, disruptionsAllowed }
}

describe('what a budget allows', () => {
  const cases: [string, object, readonly Pod[], number, object][] = [
    ['minAvailable as a number', { minAvailable: 2 }, pods(3), 3, { currentHealthy: 3, desiredHealthy: 2, expectedPods: 3, disruptionsAllowed: 1 }],
    [
      'a number counts the Pods there are, not the scale',
      { minAvailable: 1 },
      pods(2),
      9,
      { currentHealthy: 2, desiredHealthy: 1, expectedPods: 2, disruptionsAllowed: 1 },
    ],
    ['more wanted than there are', { minAvailable: 5 }, pods(3), 3, { currentHealthy: 3, desiredHealthy: 5, expectedPods: 3, disruptionsAllowed: 0 }],
    [
      'minAvailable as a share, rounded up',
      { minAvailable: '50%' },
      pods(7),
      7,
      { currentHealthy: 7, desiredHealthy: 4, expectedPods: 7, disruptionsAllowed: 3 },
    ],
    ['of what the controller wants', { minAvailable: '50%' }, pods(3), 10, { currentHealthy: 3, desiredHealthy: 5, expectedPods: 10, disruptionsAllowed: 0 }],
    ['maxUnavailable as a number', { maxUnavailable: 1 }, pods(3), 3, { currentHealthy: 3, desiredHealthy: 2, expectedPods: 3, disruptionsAllowed: 1 }],
    [
      'maxUnavailable as a share, rounded up',
      { maxUnavailable: '30%' },
      pods(7),
      7,
      { currentHealthy: 7, desiredHealthy: 4, expectedPods: 7, disruptionsAllowed: 3 },
    ],
    ['all may go', { maxUnavailable: '100%' }, pods(3), 3, { currentHealthy: 3, desiredHealthy: 0, expectedPods: 3, disruptionsAllowed: 3 }],
    ['more may go than there are', { maxUnavailable: 9 }, pods(3), 3, { currentHealthy: 3, desiredHealthy: 0, expectedPods: 3, disruptionsAllowed: 3 }],
    ['no Pods', { maxUnavailable: 1 }, [], 0, { currentHealthy: 0, desiredHealthy: 0, expectedPods: 0, disruptionsAllowed: 0 }],
    ['nothing said', {}, pods(3), 3, { currentHealthy: 3, desiredHealthy: 0, expectedPods: 0, disruptionsAllowed: 0 }],
    [
      'who is not ready, or being deleted, is not healthy',
      { minAvailable: 1 },
      [pod('a'), pod('b', { ready: false }), pod('c', { deleting: true })],
      3,
      { currentHealthy: 1, desiredHealthy: 1, expectedPods: 3, disruptionsAllowed: 0 },
    ],
  ]
  for (const [name, spec, of, expected, wanted] of cases) test(name, () => assert.deepEqual(counts(spec, of, known(expected)), wanted))

  test('the condition says whether there is one left, with the generation it is about', () => {
    const { status } = planBudget(budget({ minAvailable: 2 }), pods(3), known(3), NOW)
    assert.deepEqual(status.conditions, [
      { type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods', message: '', observedGeneration: 3, lastTransitionTime: at(NOW) },
    ])
    assert.equal(status.observedGeneration, 3)
    const later = planBudget(budget({ minAvailable: 3 }, status), pods(3), known(3), NOW + 5000).status
    assert.deepEqual([later.conditions?.[0]?.reason, later.conditions?.[0]?.lastTransitionTime], ['InsufficientPods', at(NOW + 5000)])
    const same = planBudget(budget({ minAvailable: 3 }, later), pods(2), known(2), NOW + 9000).status
    assert.equal(same.conditions?.[0]?.lastTransitionTime, at(NOW + 5000), 'the time of the last change')
  })
})

describe('evictions that are under way', () => {
  const plan = (ageMs: number, of: readonly Pod[]) =>
    planBudget(budget({ minAvailable: 1 }, { disruptedPods: { p0: at(NOW - ageMs), gone: at(NOW) } }), of, known(3), NOW)

  test('a Pod let go is no longer counted, and entries without a Pod are dropped', () => {
    const { status, ...rest } = plan(30_000, pods(3))
    assert.deepEqual([status.currentHealthy, status.disruptionsAllowed, status.disruptedPods], [2, 1, { p0: at(NOW - 30_000) }])
    assert.deepEqual(rest, { is: 'counted', notDeleted: [], unmanaged: [], againInMs: 90_000 })
  })

  test('it is dropped once the Pod is being deleted', () => {
    const { status } = plan(30_000, [pod('p0', { deleting: true }), pod('p1')])
    assert.deepEqual([status.currentHealthy, status.disruptedPods], [1, undefined])
  })

  test('after two minutes it is given up, and the Pod counts again', () => {
    const result = plan(120_000, pods(3))
    assert.ok(result.is === 'counted')
    assert.deepEqual([result.status.currentHealthy, result.status.disruptedPods, result.againInMs], [3, undefined, undefined])
    assert.deepEqual(
      result.notDeleted.map(({ metadata }) => metadata.name),
      ['p0'],
    )
    assert.equal(plan(119_000, pods(3)).status.currentHealthy, 2)
  })
})

describe('how many Pods there should be', () => {
  const kinds = [ReplicaSet, Deployment, { kind: 'DaemonSet', group: 'apps', version: 'v1', plural: 'daemonsets' }] as unknown as Kind[]
  const objects = (more: Record<string, object>) => createScaleOf(kinds, (_, { name }) => more[name] as KubernetesObject | undefined)
  const replicaSet = { metadata: { uid: 'r1' }, spec: { replicas: 4 } }

  test('the sum of what each controller is scaled to, each counted once', () => {
    const other = { metadata: { uid: 'r2' }, spec: { replicas: 3 } }
    const of = [...pods(3, { controller: {} }), pod('x', { controller: { name: 'web-2', uid: 'r2' } })]
    assert.deepEqual(expectedPodsOf(of, objects({ 'web-1': replicaSet, 'web-2': other })), { is: 'known', count: 7, unmanaged: [] })
  })

  test('two ReplicaSets of one Deployment are one set of Pods', () => {
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'd', controller: true }
    const under = (uid: string, replicas: number) => ({ metadata: { uid, ownerReferences: [owner] }, spec: { replicas } })
    const found = objects({ web: { metadata: { uid: 'd' }, spec: { replicas: 5 } }, 'web-1': under('r1', 4), 'web-2': under('r2', 2) })
    const of = [pod('a', { controller: {} }), pod('b', { controller: { name: 'web-2', uid: 'r2' } })]
    assert.deepEqual(expectedPodsOf(of, found), { is: 'known', count: 5, unmanaged: [] })
    assert.deepEqual(
      expectedPodsOf(of, objects({ 'web-1': under('r1', 4), 'web-2': under('r2', 2) })),
      { is: 'known', count: 6, unmanaged: [] },
      'without the Deployment',
    )
  })

  test('Pods without a controller are named and not counted', () => {
    const alone = pod('alone')
    assert.deepEqual(expectedPodsOf([pod('a', { controller: {} }), alone], objects({ 'web-1': replicaSet })), { is: 'known', count: 4, unmanaged: [alone] })
  })

  test('a controller that cannot be asked is an error, and then nothing is allowed', () => {
    const why = (controller: object, more = {}) => {
      const found = expectedPodsOf([pod('a', { controller })], objects(more))
      return found.is === 'unknown' ? found.why : undefined
    }
    assert.equal(why({ kind: 'DaemonSet' }), 'daemonsets.apps does not implement the scale subresource')
    assert.equal(why({ kind: 'Shop', apiVersion: 'example.com/v1' }), 'no matches for kind "Shop" in version "example.com/v1"')
    assert.equal(why({}), 'found no controllers for pod "a"')
    assert.equal(why({ uid: 'older' }, { 'web-1': replicaSet }), 'found no controllers for pod "a"')

    const before = { currentHealthy: 3, desiredHealthy: 2, expectedPods: 3, disruptionsAllowed: 1, observedGeneration: 2 }
    const plan = planBudget(budget({ maxUnavailable: 1 }, before), pods(3), () => ({ is: 'unknown', why: 'because' }), NOW)
    assert.deepEqual(plan.status, {
      ...before,
      disruptionsAllowed: 0,
      conditions: [
        { type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message: 'because', observedGeneration: 2, lastTransitionTime: at(NOW) },
      ],
    })
  })
})
