import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReplicaSet } from '../../api/kinds/replica_set.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import type { DeploymentCondition } from '../../api/types/deployment.ts'
import { REVISION } from './annotations.ts'
import { planDeployment, type Plan } from './plan_deployment.ts'
import { deployment, NOW, replicaSet, type AboutDeployment, type AboutReplicaSet } from './testing/drafts.ts'

const at = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`
const progressing = (status: 'True' | 'False' | 'Unknown', reason: string, updatedMs = NOW - 60_000): DeploymentCondition => ({
  type: 'Progressing',
  status,
  reason,
  message: reason,
  lastUpdateTime: at(updatedMs),
  lastTransitionTime: at(updatedMs),
})
const available: DeploymentCondition = { ...progressing('True', 'MinimumReplicasAvailable'), type: 'Available' }

function plan(about: AboutDeployment, sets: AboutReplicaSet[] = [], pods: Record<string, string[]> = {}, wallMs = NOW): Plan {
  const podsOf = ({ metadata }: ReplicaSet) => (pods[metadata.name!] ?? []).map(phase => ({ status: { phase } }) as Pod)
  return planDeployment({ deployment: deployment(about), replicaSets: sets.map(replicaSet), podsOf, wallMs })
}

/** `a 3>2`: what becomes of whose size. */
const sizes = ({ updates }: Plan) =>
  updates
    .filter(({ from, to }) => from.spec.replicas !== to.spec.replicas)
    .map(({ from, to }) => `${from.metadata.name} ${from.spec.replicas}>${to.spec.replicas}`)
const conditionOf = ({ deployment: { status } }: Plan, type: string) => status?.conditions?.find(condition => condition.type === type)
/** `True NewReplicaSetCreated` */
const verdict = (result: Plan, type = 'Progressing') => {
  const condition = conditionOf(result, type)
  return condition && `${condition.status} ${condition.reason}`
}
const arrived = (replicas: number) => ({ observedGeneration: 1, replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas })

test('a new Deployment gets a ReplicaSet of its size', () => {
  const result = plan({ replicas: 3 })
  assert.equal(result.create?.spec.replicas, 3)
  assert.deepEqual([verdict(result), verdict(result, 'Available')], ['True NewReplicaSetCreated', 'False MinimumReplicasUnavailable'])
  assert.equal(conditionOf(result, 'Progressing')?.message, `Created new replica set "${result.create?.metadata.name}"`)
  assert.equal(result.deployment.metadata.annotations?.[REVISION], '1')
  const { conditions: _, ...numbers } = result.deployment.status!
  assert.deepEqual(numbers, { observedGeneration: 1, unavailableReplicas: 3 })
})

test('a new template gets a ReplicaSet as large as there is room for, and old Pods that may be missing go in the same pass', () => {
  const surge = plan({ image: 'nginx:2', replicas: 3 }, [{ name: 'a', size: 3, revision: 1, desired: 3 }])
  assert.deepEqual([surge.create?.spec.replicas, sizes(surge)], [1, []])
  assert.equal(surge.create?.metadata.annotations?.[REVISION], '2')
  const missing = plan({ image: 'nginx:2', replicas: 4 }, [{ name: 'a', size: 4, revision: 1, desired: 4 }])
  assert.deepEqual([missing.create?.spec.replicas, sizes(missing)], [1, ['a 4>3']])
})

test('a ReplicaSet that is there with the right template is taken', () => {
  const result = plan({ replicas: 3 }, [{ name: 'a', size: 3, desired: 3 }])
  assert.equal(result.create, undefined)
  assert.equal(result.updates[0]?.to.metadata.annotations?.[REVISION], '1')
  assert.equal(result.deployment.metadata.annotations?.[REVISION], '1')
  // And as it has all its Pods, that is said at once.
  assert.deepEqual([verdict(result), verdict(result, 'Available')], ['True NewReplicaSetAvailable', 'True MinimumReplicasAvailable'])
  assert.equal(verdict(plan({ replicas: 3 }, [{ name: 'a', size: 3, there: 0, desired: 3 }])), 'True FoundNewReplicaSet')
})

test('going back to an older template makes its ReplicaSet the next revision in the pass that lets it grow', () => {
  const result = plan({ image: 'nginx:1', replicas: 3 }, [
    { name: 'a', image: 'nginx:1', size: 0, revision: 1 },
    { name: 'b', image: 'nginx:2', size: 3, revision: 2, desired: 3, age: 5 },
  ])
  assert.deepEqual(sizes(result), ['a 0>1'])
  const { annotations } = result.updates[0]!.to.metadata
  assert.deepEqual([annotations?.[REVISION], annotations?.['deployment.kubernetes.io/revision-history']], ['3', '1'])
  assert.equal(result.deployment.metadata.annotations?.[REVISION], '3')
})

test('a ReplicaSet that was made before its Deployment could say so is still announced', () => {
  const about = { image: 'nginx:2', replicas: 3, annotations: { [REVISION]: '1' } }
  const conditions = [available, progressing('True', 'NewReplicaSetAvailable')]
  const sets = (revision: number, history?: string): AboutReplicaSet[] => [
    { name: 'a', size: 3, revision: 1, desired: 3 },
    { name: 'b', image: 'nginx:2', size: 1, there: 0, revision, history, desired: 3 },
  ]
  assert.equal(verdict(plan({ ...about, status: { ...arrived(3), conditions } }, sets(2))), 'True NewReplicaSetCreated')
  assert.equal(verdict(plan({ ...about, status: { ...arrived(3), conditions } }, sets(3, '1'))), 'True NewReplicaSetAvailable', 'not one that came back')
})

test('a changed minReadySeconds reaches the newest ReplicaSet alone', () => {
  const result = plan({ image: 'nginx:2', replicas: 3, spec: { minReadySeconds: 30 } }, [
    { name: 'a', size: 2, desired: 3, revision: 1 },
    { name: 'b', image: 'nginx:2', size: 2, there: 1, desired: 3, revision: 2, age: 5 },
  ])
  assert.deepEqual(
    result.updates.map(({ to }) => [to.metadata.name, to.spec.minReadySeconds]),
    [['b', 30]],
  )
})

test('a paused Deployment keeps the Pods it has, and is scaled all the same', () => {
  const paused = (replicas: number) =>
    plan({ image: 'nginx:2', replicas, spec: { paused: true }, status: { conditions: [available, progressing('True', 'NewReplicaSetAvailable')] } }, [
      { name: 'a', size: 3, desired: 3, revision: 1 },
    ])
  assert.deepEqual([paused(3).create, sizes(paused(3))], [undefined, []])
  assert.equal(verdict(paused(3)), 'Unknown DeploymentPaused')
  assert.equal(conditionOf(paused(3), 'Progressing')?.message, 'Deployment is paused')
  assert.deepEqual(sizes(paused(5)), ['a 3>5'])
  assert.equal(paused(3).lookAgainMs, undefined, 'no deadline meanwhile')
})

test('a paused Deployment that finds its ReplicaSet says that it is paused, and nothing else before', () => {
  assert.equal(verdict(plan({ replicas: 3, spec: { paused: true } }, [{ name: 'a', size: 3, desired: 3 }])), 'Unknown DeploymentPaused')
})

test('a paused Deployment forgets old revisions, too', () => {
  const { removals } = plan({ replicas: 1, spec: { paused: true, revisionHistoryLimit: 0 } }, [
    { name: 'a', size: 1, desired: 1, revision: 2 },
    { name: 'b', image: 'nginx:0', size: 0, revision: 1 },
  ])
  assert.deepEqual(
    removals.map(({ metadata }) => metadata.name),
    ['b'],
  )
})

test('when a Deployment is resumed its deadline begins anew', () => {
  const long = progressing('Unknown', 'DeploymentPaused', NOW - 5_000_000)
  const result = plan({ replicas: 3, status: { ...arrived(0), conditions: [available, long] } }, [{ name: 'a', size: 3, there: 0, desired: 3, revision: 1 }])
  assert.equal(verdict(result), 'Unknown DeploymentResumed')
  assert.equal(conditionOf(result, 'Progressing')?.lastUpdateTime, at(NOW))
  assert.equal(result.lookAgainMs, NOW + 601_000)
})

test('a Deployment that is stuck stays so when it is paused', () => {
  const result = plan({ replicas: 3, spec: { paused: true }, status: { conditions: [progressing('False', 'ProgressDeadlineExceeded')] } }, [
    { name: 'a', size: 3, there: 0, desired: 3, revision: 1 },
  ])
  assert.equal(verdict(result), 'False ProgressDeadlineExceeded')
})

test('each step forward renews the condition', () => {
  const before = { observedGeneration: 1, replicas: 3, updatedReplicas: 1, readyReplicas: 2, availableReplicas: 2 }
  const conditions = [progressing('True', 'ReplicaSetUpdated'), available]
  const cases: [what: string, newest: AboutReplicaSet, older: AboutReplicaSet, moved: boolean][] = [
    ['nothing', { size: 1, there: 1, available: 0 }, { size: 2 }, false],
    ['a new Pod', { size: 2, there: 2, available: 0 }, { size: 2 }, true],
    ['an old Pod less', { size: 1, there: 1, available: 0 }, { size: 1, there: 1 }, true],
    ['a Pod became available', { size: 1, there: 1, available: 1 }, { size: 2 }, true],
    ['a Pod became unavailable', { size: 1, there: 1, available: 0 }, { size: 2, available: 1 }, false],
  ]
  for (const [what, newest, older, moved] of cases) {
    const result = plan({ image: 'nginx:2', replicas: 3, status: { ...before, conditions } }, [
      { name: 'a', desired: 3, revision: 1, ...older },
      { name: 'b', image: 'nginx:2', desired: 3, revision: 2, age: 5, ...newest },
    ])
    const condition = conditionOf(result, 'Progressing')!
    assert.deepEqual([condition.reason, condition.lastUpdateTime], ['ReplicaSetUpdated', moved ? at(NOW) : at(NOW - 60_000)], what)
    assert.equal(condition.lastTransitionTime, at(NOW - 60_000), 'the status has not changed')
  }
})

test('the deadline is over one millisecond after it, and is looked at one second after it', () => {
  const since = NOW - 600_000
  const stuck = (wallMs: number, spec: object = {}) =>
    plan(
      {
        replicas: 3,
        spec,
        status: {
          observedGeneration: 1,
          replicas: 3,
          updatedReplicas: 3,
          unavailableReplicas: 3,
          conditions: [progressing('True', 'ReplicaSetUpdated', since)],
        },
      },
      [{ name: 'web-a', size: 3, there: 3, available: 0, desired: 3, revision: 1 }],
      {},
      wallMs,
    )
  assert.equal(verdict(stuck(NOW)), 'True ReplicaSetUpdated')
  assert.equal(stuck(NOW).lookAgainMs, NOW + 1000)
  const over = stuck(NOW + 1)
  assert.equal(verdict(over), 'False ProgressDeadlineExceeded')
  assert.equal(conditionOf(over, 'Progressing')?.message, 'ReplicaSet "web-a" has timed out progressing.')
  assert.equal(over.lookAgainMs, undefined)
  assert.equal(verdict(stuck(NOW + 1, { progressDeadlineSeconds: 601 })), 'True ReplicaSetUpdated')
  const endless = stuck(NOW + 1, { progressDeadlineSeconds: 2 ** 31 - 1 })
  assert.deepEqual([verdict(endless), endless.lookAgainMs], [undefined, undefined], 'without a deadline there is no such condition')
})

test('a rollout that is stuck moves on when its Pods come after all', () => {
  const status = {
    observedGeneration: 1,
    replicas: 3,
    updatedReplicas: 3,
    unavailableReplicas: 3,
    conditions: [progressing('False', 'ProgressDeadlineExceeded')],
  }
  const sets = (there: number): AboutReplicaSet[] => [{ size: 3, there: 3, available: there, desired: 3, revision: 1 }]
  assert.equal(verdict(plan({ replicas: 3, status }, sets(0))), 'False ProgressDeadlineExceeded')
  assert.equal(verdict(plan({ replicas: 3, status }, sets(1))), 'True ReplicaSetUpdated')
  assert.equal(verdict(plan({ replicas: 3, status }, sets(3))), 'True NewReplicaSetAvailable')
})

test('a Deployment that has arrived may lose a Pod without setting out again', () => {
  const status = { ...arrived(3), conditions: [available, progressing('True', 'NewReplicaSetAvailable', NOW - 5_000_000)] }
  const result = plan({ replicas: 3, status }, [{ size: 3, there: 3, available: 2, desired: 3, revision: 1 }])
  assert.equal(verdict(result), 'True NewReplicaSetAvailable')
  assert.equal(result.lookAgainMs, undefined)
  assert.equal(result.deployment.status?.unavailableReplicas, 1)
  assert.equal(verdict(result, 'Available'), 'False MinimumReplicasUnavailable')
})

test('what keeps a ReplicaSet from making Pods is said by the Deployment in the same words, until it is over', () => {
  const failure = { type: 'ReplicaFailure', status: 'True' as const, reason: 'FailedCreate', message: 'exceeded quota', lastTransitionTime: at(NOW - 5000) }
  const result = plan({ replicas: 3 }, [{ size: 3, there: 0, desired: 3, revision: 1, conditions: [failure] }])
  assert.deepEqual(conditionOf(result, 'ReplicaFailure'), { ...failure, lastUpdateTime: at(NOW - 5000) })
  const over = plan({ replicas: 3, status: result.deployment.status! }, [{ size: 3, there: 0, desired: 3, revision: 1 }])
  assert.equal(conditionOf(over, 'ReplicaFailure'), undefined)
})

test('old revisions beyond the limit go when the newest has arrived, and not before', () => {
  const removed = (status: object) =>
    plan({ replicas: 1, spec: { revisionHistoryLimit: 0 }, status }, [
      { name: 'b', image: 'nginx:0', size: 0, revision: 1 },
      { name: 'a', size: 1, desired: 1, revision: 2 },
    ]).removals.map(({ metadata }) => metadata.name)
  assert.deepEqual(removed({}), [], 'the numbers are not written yet')
  assert.deepEqual(removed(arrived(1)), ['b'])
})

test('conditions that others have written stay', () => {
  const mine = { ...available, type: 'StatusUpdate', status: 'True' as const, reason: 'E2E', message: 'Set from e2e test' }
  const result = plan({ replicas: 3, status: { conditions: [mine] } }, [{ size: 3, desired: 3, revision: 1 }])
  assert.deepEqual(conditionOf(result, 'StatusUpdate'), mine)
})

test('a Deployment that is being deleted only counts', () => {
  const leaving = deployment({ image: 'nginx:2', replicas: 3 })
  leaving.metadata.deletionTimestamp = at(NOW)
  const result = planDeployment({ deployment: leaving, replicaSets: [replicaSet({ size: 3, there: 2 })], podsOf: () => [], wallMs: NOW })
  assert.deepEqual([result.create, result.updates, result.removals], [undefined, [], []])
  assert.equal(result.deployment.status?.replicas, 2)
})

test('the plan is empty when there is nothing to do', () => {
  const sets: AboutReplicaSet[] = [{ size: 3, desired: 3, max: 4, revision: 1 }]
  const { deployment: settledDeployment } = plan({ replicas: 3 }, sets)
  const again = planDeployment({ deployment: settledDeployment, replicaSets: sets.map(replicaSet), podsOf: () => [], wallMs: NOW + 90_000 })
  assert.deepEqual([again.create, again.updates, again.removals, again.lookAgainMs], [undefined, [], [], undefined])
  assert.deepEqual(again.deployment, settledDeployment)
})

// ── Recreate ─────────────────────────────────────────────────────────────────────────────────────

test('Recreate makes new Pods when the last old one has gone or ended', () => {
  const strategy = { type: 'Recreate', rollingUpdate: undefined }
  const about = { image: 'nginx:2', spec: { replicas: 2, strategy } }
  const old = (more: AboutReplicaSet): AboutReplicaSet => ({ name: 'a', revision: 1, desired: 2, ...more })
  const newestIn = (result: Plan) => result.create?.spec.replicas
  const stop = plan(about, [old({ size: 2 })], { a: ['Running', 'Running'] })
  assert.deepEqual([newestIn(stop), sizes(stop)], [undefined, ['a 2>0']])
  const cases: [what: string, set: AboutReplicaSet, phases: string[], created: number | undefined][] = [
    ['it still counts its Pods', old({ size: 0, there: 1 }), [], undefined],
    ['a Pod is still shutting down', old({ size: 0 }), ['Running'], undefined],
    ['a Pod whose node is lost may still run', old({ size: 0 }), ['Unknown'], undefined],
    ['those left over have ended', old({ size: 0 }), ['Failed', 'Succeeded'], 2],
    ['all have gone', old({ size: 0 }), [], 2],
  ]
  for (const [what, set, phases, created] of cases) assert.equal(newestIn(plan(about, [set], { a: phases })), created, what)
})

test('Recreate lets a ReplicaSet come back only when the other is empty', () => {
  const about = { image: 'nginx:1', spec: { replicas: 2, strategy: { type: 'Recreate', rollingUpdate: undefined } } }
  const sets = (there: number): AboutReplicaSet[] => [
    { name: 'a', size: 0, revision: 1 },
    { name: 'b', image: 'nginx:2', size: 0, there, revision: 2, age: 5 },
  ]
  assert.deepEqual(sizes(plan(about, sets(1))), [])
  assert.deepEqual(sizes(plan(about, sets(0))), ['a 0>2'])
})

test('Recreate is not held up by two ReplicaSets that a rolling update has left in the middle, although it is scaled', () => {
  const result = plan({ image: 'nginx:2', spec: { replicas: 5, strategy: { type: 'Recreate', rollingUpdate: undefined } } }, [
    { name: 'a', size: 2, desired: 3, revision: 1 },
    { name: 'b', image: 'nginx:2', size: 2, desired: 3, revision: 2, age: 5 },
  ])
  assert.deepEqual(sizes(result), ['a 2>0'])
})
