import assert from 'node:assert/strict'
import { test } from 'node:test'
import { highestRevision, REVISION, withRevision } from './annotations.ts'
import { planHistory } from './plan_history.ts'
import { currentRevision, findRevisions, isSameTemplate, newReplicaSet } from './revisions.ts'
import { deployment, replicaSet, type AboutDeployment, type AboutReplicaSet } from './testing/drafts.ts'

const annotationsOf = (object: { metadata: { annotations?: Record<string, string> } }) => object.metadata.annotations ?? {}
const names = (sets: readonly { metadata: { name?: string } }[]) => sets.map(({ metadata }) => metadata.name)
const find = (about: AboutDeployment, sets: AboutReplicaSet[]) => findRevisions(deployment(about), sets.map(replicaSet))

test('findRevisions knows the newest by its template, and puts the others in the order they were made', () => {
  const { newest, older } = find({ image: 'nginx:2' }, [
    { name: 'c', age: 1 },
    { name: 'b', age: 5, image: 'nginx:2' },
    { name: 'a', age: 9, image: 'nginx:0' },
  ])
  assert.equal(newest?.metadata.name, 'b')
  assert.deepEqual(names(older), ['a', 'c'])
})

test('findRevisions takes the oldest of several with the right template, and the name decides within a second', () => {
  const twins: AboutReplicaSet[] = [
    { name: 'z', age: 5 },
    { name: 'b', age: 9 },
    { name: 'a', age: 9 },
  ]
  assert.equal(find({}, twins).newest?.metadata.name, 'a')
  assert.deepEqual(names(find({}, twins.toReversed()).older), ['b', 'z'])
})

test('a template is the same but for the label that ReplicaSets add', () => {
  const { template } = deployment().spec
  const labelled = replicaSet().spec.template
  assert.ok(isSameTemplate(template, labelled))
  assert.ok(isSameTemplate({ ...template, metadata: { ...template.metadata, annotations: {} } }, template))
  assert.ok(!isSameTemplate(template, { ...labelled, metadata: { ...labelled.metadata, annotations: { a: 'b' } } }))
  assert.ok(!isSameTemplate(template, deployment({ image: 'nginx:2' }).spec.template))
})

test('a new ReplicaSet is named after its template, selects its own Pods only, and belongs to the Deployment', () => {
  const { metadata, spec } = newReplicaSet(deployment({ replicas: 4, annotations: { note: 'x' }, spec: { minReadySeconds: 7 } }), [replicaSet({ revision: 3 })])
  const hash = metadata.name!.slice('web-'.length)
  assert.match(hash, /^[bcdf4-9]{1,10}$/)
  assert.deepEqual(metadata.labels, { app: 'web', 'pod-template-hash': hash })
  assert.deepEqual(spec.selector, { matchLabels: { app: 'web', 'pod-template-hash': hash } })
  assert.deepEqual(spec.template.metadata.labels, { app: 'web', 'pod-template-hash': hash })
  assert.equal(spec.minReadySeconds, 7)
  assert.deepEqual(metadata.ownerReferences, [
    { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'deployment-uid', controller: true, blockOwnerDeletion: true },
  ])
  assert.deepEqual(annotationsOf({ metadata }), {
    note: 'x',
    'deployment.kubernetes.io/revision': '4',
    'deployment.kubernetes.io/desired-replicas': '4',
    'deployment.kubernetes.io/max-replicas': '5',
  })
})

test('the name of a ReplicaSet is the same for the same template, and another one after a collision', () => {
  const nameOf = (about: AboutDeployment) => newReplicaSet(deployment(about), []).metadata.name
  assert.equal(nameOf({}), nameOf({ replicas: 9 }))
  assert.notEqual(nameOf({}), nameOf({ image: 'nginx:2' }))
  assert.notEqual(nameOf({}), nameOf({ status: { collisionCount: 1 } }))
  assert.notEqual(nameOf({ status: { collisionCount: 1 } }), nameOf({ status: { collisionCount: 2 } }))
})

test('a revision that comes back is the next one, and remembers which it was', () => {
  const revised = (sets: AboutReplicaSet[]) => {
    const rollout = find({}, sets)
    return annotationsOf(currentRevision({ ...rollout, newest: rollout.newest! }))
  }
  const history = 'deployment.kubernetes.io/revision-history'
  const first = revised([{ revision: 1 }, { name: 'b', image: 'nginx:2', revision: 2 }])
  assert.deepEqual([first[REVISION], first[history]], ['3', '1'])
  const again = revised([
    { revision: 3, history: '1' },
    { name: 'b', image: 'nginx:2', revision: 4, history: '2' },
  ])
  assert.deepEqual([again[REVISION], again[history]], ['5', '1,3'])
  const newest = revised([{ revision: 7 }, { name: 'b', image: 'nginx:2', revision: 2 }])
  assert.deepEqual([newest[REVISION], newest[history]], ['7', undefined], 'the newest stays what it is')
  const adopted = revised([{}, { name: 'b', image: 'nginx:2', revision: 3546343826724305832n }])
  assert.deepEqual([adopted[REVISION], adopted[history]], ['3546343826724305833', undefined], 'numbers of 64 bits are counted exactly')
})

test('a history that grows too long forgets its beginning', () => {
  const long = Array.from({ length: 600 }, (_, index) => index + 1).join(',')
  const { 'deployment.kubernetes.io/revision-history': history } = annotationsOf(withRevision(deployment(), replicaSet({ revision: 601, history: long }), 700n))
  assert.ok(history!.length <= 2000)
  assert.ok(history!.endsWith(',600,601'))
})

test('a ReplicaSet has the annotations of its Deployment, but for those about the Deployment itself', () => {
  const annotations = {
    'kubernetes.io/change-cause': 'image',
    'kubectl.kubernetes.io/last-applied-configuration': '{}',
    'deployment.kubernetes.io/revision': '9',
    'deployment.kubernetes.io/desired-replicas': '9',
  }
  const { metadata } = withRevision(deployment({ annotations }), replicaSet({ revision: 1, desired: 3 }), 1n)
  assert.deepEqual(metadata.annotations, {
    'kubernetes.io/change-cause': 'image',
    'deployment.kubernetes.io/revision': '1',
    'deployment.kubernetes.io/desired-replicas': '3',
  })
})

test('what is no revision counts as none', () => {
  const { metadata } = replicaSet({ revision: 1 })
  const strange = { ...replicaSet(), metadata: { ...metadata, annotations: { [REVISION]: 'first' } } }
  assert.equal(highestRevision([strange]), 0n)
  assert.equal(highestRevision([]), 0n)
  assert.equal(annotationsOf(withRevision(deployment(), strange, 1n))[REVISION], '1')
})

test('planHistory lets the lowest revisions go beyond the limit, when they are empty and know it', () => {
  const sets: AboutReplicaSet[] = [
    { name: 'a', image: 'nginx:1', revision: 4, size: 0, age: 9 },
    { name: 'b', image: 'nginx:2', revision: 2, size: 0, age: 8 },
    { name: 'c', image: 'nginx:3', revision: 3, size: 1, age: 7 },
    { name: 'd', image: 'nginx:4', revision: 1, size: 0, there: 1, age: 6 },
    { name: 'e', image: 'nginx:5', revision: 5, size: 3, age: 5 },
  ]
  const gone = (limit: number) => names(planHistory(find({ image: 'nginx:5', spec: { revisionHistoryLimit: limit } }, sets)))
  assert.deepEqual(gone(4), [])
  assert.deepEqual(gone(3), [], 'the lowest still has a Pod')
  assert.deepEqual(gone(2), ['b'])
  assert.deepEqual(gone(1), ['b'], 'one with Pods is left for later')
  assert.deepEqual(gone(0), ['b', 'a'])
  assert.deepEqual(gone(2 ** 31 - 1), [])
})
