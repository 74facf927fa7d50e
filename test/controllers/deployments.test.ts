/** Deployments, over a whole cluster in virtual time (behaviour 8.1). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deployment } from '../../src/api/kinds/deployment.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { ReplicaSet } from '../../src/api/kinds/replica_set.ts'
import { ResourceQuota } from '../../src/api/kinds/resource_quota.ts'
import { controllerOf } from '../../src/api/meta.ts'
import { isTerminal, podCondition } from '../../src/api/pod.ts'
import type { Draft } from '../../src/client/client.ts'
import { beginRollouts, BROKEN, conditionOf, namespace, REVISION, rolling, template, verdictOf } from './rollouts.ts'

test('a rolling update of four Pods goes step by step, and says so', async () => {
  await using story = await beginRollouts(1)
  await story.create({ replicas: 4, ...rolling(1, 0) })
  await story.arrived()
  await story.setImage('nginx:2')
  await story.arrived()
  const [old, young] = (await story.replicaSets()).toSorted((a, b) => Number(a.metadata.annotations?.[REVISION]) - Number(b.metadata.annotations?.[REVISION]))
  assert.deepEqual(await story.said(), [
    `Scaled up replica set ${old!.metadata.name} from 0 to 4`,
    ...[1, 2, 3, 4].flatMap(step => [
      `Scaled up replica set ${young!.metadata.name} from ${step - 1} to ${step}`,
      `Scaled down replica set ${old!.metadata.name} from ${5 - step} to ${4 - step}`,
    ]),
  ])
  assert.deepEqual(await story.sizes(), ['1: 0 of 0', '2: 4 of 4'])
  assert.equal(verdictOf(await story.get()), 'True NewReplicaSetAvailable')
  assert.equal((await story.get()).metadata.annotations?.[REVISION], '2')
})

for (const [surge, unavailable, most, fewest] of [
  [1, 0, 5, 4],
  [0, 1, 4, 3],
  ['25%', '25%', 5, 3],
  ['100%', 0, 8, 4],
  ['50%', '50%', 6, 2],
] as const)
  test(`a rolling update with surge ${surge} and ${unavailable} unavailable has at most ${most} Pods and at least ${fewest} available ones`, async () => {
    await using story = await beginRollouts(`${surge} ${unavailable}`)
    await story.create({ replicas: 4, ...rolling(surge, unavailable) })
    await story.arrived()
    const moments = story.moments()
    await story.cluster.advance(10)
    await story.setImage('nginx:2')
    await story.arrived()
    await story.setImage('nginx:3')
    // In the middle of it, to the next.
    await story.cluster.advance(1500)
    await story.setImage('nginx:4')
    await story.arrived()
    const whole = moments.filter(({ atMs }) => atMs > moments[0]!.atMs)
    assert.equal(Math.max(...whole.map(({ wanted }) => wanted)), most)
    assert.ok(Math.max(...whole.map(({ pods }) => pods)) <= most)
    assert.equal(Math.min(...whole.map(({ available }) => available)), fewest)
  })

test('a rollout that makes no progress for ten minutes is called stuck in the second after, and nothing is undone', async () => {
  await using story = await beginRollouts(2)
  await story.create({ replicas: 3 })
  await story.arrived()
  const told = story.watch(Deployment)
  await story.setImage(BROKEN)
  await story.cluster.advance(900_000)
  const stuck = told.find(({ object }) => verdictOf(object) === 'False ProgressDeadlineExceeded')!
  const last = told[told.indexOf(stuck) - 1]!.object
  const progressMs = Date.parse(conditionOf(last)!.lastUpdateTime!) - Date.parse('2026-01-01T00:00:00Z')
  assert.equal(stuck.atMs, progressMs + 601_000)
  assert.equal(told.at(-1), stuck, 'and then nothing more is written')
  assert.match(conditionOf(stuck.object)!.message!, /^ReplicaSet "web-[a-z0-9]+" has timed out progressing\.$/)
  assert.equal(verdictOf(stuck.object, 'Available'), 'True MinimumReplicasAvailable')
  assert.deepEqual(await story.sizes(), ['1: 3 of 3', '2: 0 of 1'])
})

test('the deadline begins anew with each Pod that comes', async () => {
  await using story = await beginRollouts(3)
  // A Pod counts after 100 s; the three come one after the other.
  await story.create({ replicas: 3, minReadySeconds: 100, progressDeadlineSeconds: 110, ...rolling(1, 0) })
  await story.arrived(200_000)
  const told = story.watch(Deployment)
  await story.setImage('nginx:2')
  await story.arrived(600_000)
  assert.ok(told.every(({ object }) => verdictOf(object)?.startsWith('True ')))
  assert.equal(verdictOf(await story.get()), 'True NewReplicaSetAvailable')
})

test('minReadySeconds holds each step back for so long', async () => {
  await using story = await beginRollouts(4)
  await story.create({ replicas: 2, minReadySeconds: 30, ...rolling(1, 0) })
  await story.arrived()
  const told = story.watch(ReplicaSet)
  await story.setImage('nginx:2')
  await story.arrived()
  const sizeBefore = (name: string, index: number) => told.slice(0, index).findLast(({ object }) => object.metadata.name === name)?.object.spec.replicas ?? 0
  const shrinks = told.filter(({ object }, index) => object.spec.replicas < sizeBefore(object.metadata.name!, index))
  const ready = (await story.pods())
    .filter(({ spec }) => spec.containers[0]!.image === 'nginx:2')
    .map(pod => Date.parse(podCondition(pod, 'Ready')!.lastTransitionTime!))
  const epochMs = Date.parse('2026-01-01T00:00:00Z')
  assert.deepEqual(
    shrinks.map(({ atMs }) => atMs),
    ready.toSorted((a, b) => a - b).map(ms => ms + 30_000 - epochMs),
    'an old Pod goes in the instant in which the new one has been ready for 30 s',
  )
})

test('a new template in the middle of a rollout takes over: what was on its way goes first', async () => {
  await using story = await beginRollouts(5)
  await story.create({ replicas: 4, ...rolling(1, 1) })
  await story.arrived()
  await story.setImage(BROKEN)
  await story.cluster.advance(30_000)
  assert.deepEqual(await story.sizes(), ['1: 3 of 3', '2: 0 of 2'])
  const moments = story.moments()
  await story.setImage('nginx:3')
  await story.arrived()
  assert.deepEqual(await story.sizes(), ['1: 0 of 0', '2: 0 of 0', '3: 4 of 4'])
  const broken = (await story.replicaSets()).find(({ metadata }) => metadata.annotations?.[REVISION] === '2')!
  assert.deepEqual(
    (await story.said()).filter(message => message.includes(broken.metadata.name!)),
    [
      `Scaled up replica set ${broken.metadata.name} from 0 to 1`,
      `Scaled up replica set ${broken.metadata.name} from 1 to 2`,
      `Scaled down replica set ${broken.metadata.name} from 2 to 0`,
    ],
  )
  const whole = moments.filter(({ wanted }) => wanted > 0).slice(10)
  assert.ok(whole.every(({ wanted, available }) => wanted <= 5 && available >= 3))
})

test('undo puts the older template back: its ReplicaSet is the next revision, and the history is kept', async () => {
  await using story = await beginRollouts(6)
  await story.create()
  await story.arrived()
  await story.setImage('nginx:2')
  await story.arrived()
  await story.undo(1)
  await story.arrived()
  assert.deepEqual(await story.sizes(), ['2: 0 of 0', '3: 3 of 3'])
  await story.undo(2)
  await story.arrived()
  await story.undo(3)
  await story.arrived()
  assert.deepEqual(await story.sizes(), ['4: 0 of 0', '5: 3 of 3'])
  const back = (await story.replicaSets()).find(({ metadata }) => metadata.annotations?.[REVISION] === '5')!
  assert.equal(back.metadata.annotations?.['deployment.kubernetes.io/revision-history'], '1,3')
  assert.equal((await story.get()).metadata.annotations?.[REVISION], '5')
})

test('undo of a stuck rollout takes the broken Pods away at once, and the Deployment has arrived again', async () => {
  await using story = await beginRollouts(7)
  await story.create({ progressDeadlineSeconds: 60 })
  await story.arrived()
  await story.setImage(BROKEN)
  await story.until('stuck', async () => verdictOf(await story.get()) === 'False ProgressDeadlineExceeded', 90_000)
  const pods = story.watch(Pod)
  await story.undo(1)
  await story.arrived()
  assert.equal(verdictOf(await story.get()), 'True NewReplicaSetAvailable')
  assert.deepEqual(
    pods.filter(({ type, object }) => type === 'DELETED' && object.spec.containers[0]!.image !== BROKEN),
    [],
    'no other Pod was touched',
  )
})

test('a change of the template of a paused Deployment is rolled out when it is resumed, all changes at once', async () => {
  await using story = await beginRollouts(8)
  await story.create()
  await story.arrived()
  await story.patch({ spec: { paused: true } })
  await story.setImage('nginx:2')
  await story.setImage('nginx:3')
  await story.cluster.advance(700_000)
  assert.deepEqual(await story.sizes(), ['1: 3 of 3'])
  assert.equal(verdictOf(await story.get()), 'Unknown DeploymentPaused')
  await story.patch({ spec: { replicas: 5 } })
  await story.until('scaled', async () => (await story.sizes())[0] === '1: 5 of 5')
  const told = story.watch(Deployment)
  await story.patch({ spec: { paused: false } })
  await story.arrived()
  assert.deepEqual(await story.sizes(), ['1: 0 of 0', '2: 5 of 5'])
  assert.ok(
    told.every(({ object }) => verdictOf(object) !== 'False ProgressDeadlineExceeded'),
    'the time did not count',
  )
})

test('Recreate makes new Pods in the moment in which the last old one has ended', async () => {
  await using story = await beginRollouts(9)
  // Whoever ignores TERM takes all of its grace.
  const slow = template('nginx:1', {}, { annotations: { 'simulate.poise.dev/web': 'term=ignore' } })
  await story.create({ strategy: { type: 'Recreate' }, template: slow })
  await story.arrived()
  const pods = story.watch(Pod)
  await story.setImage('nginx:2')
  await story.arrived()
  const isNew = (pod: Pod) => pod.spec.containers[0]!.image === 'nginx:2'
  const made = pods.filter(({ type, object }) => type === 'ADDED' && isNew(object))
  // Killed at last, a Pod has ended; its object goes a moment later.
  const ended = pods.filter(({ type, object }) => !isNew(object) && (type === 'DELETED' || isTerminal(object)))
  const firstOf = new Map(ended.toReversed().map(({ atMs, object }) => [object.metadata.name, atMs]))
  const last = Math.max(...firstOf.values())
  assert.equal(made.length, 3)
  assert.deepEqual([...new Set(made.map(({ atMs }) => atMs))], [last])
  assert.ok(last >= 5000, 'they took all of their grace')
})

test('what is scaled in the middle of a rollout is shared out, and the rollout goes on', async () => {
  await using story = await beginRollouts(10, 2)
  await story.create({ replicas: 10, ...rolling(3, 2) })
  await story.arrived()
  await story.setImage(BROKEN)
  await story.cluster.advance(30_000)
  assert.deepEqual(await story.sizes(), ['1: 8 of 8', '2: 0 of 5'])
  await story.patch({ spec: { replicas: 15 } }, 'scale')
  await story.cluster.advance(30_000)
  assert.deepEqual(await story.sizes(), ['1: 11 of 11', '2: 0 of 7'])
  await story.setImage('nginx:3')
  await story.arrived()
  assert.deepEqual(await story.sizes(), ['1: 0 of 0', '2: 0 of 0', '3: 15 of 15'])
})

test('a Pod that dies is replaced without a new rollout, and the Deployment says so while it is missing', async () => {
  await using story = await beginRollouts(11)
  await story.create({ replicas: 2, ...rolling(1, 0) })
  await story.arrived()
  const told = story.watch(Deployment)
  const [pod] = await story.pods()
  await story.run(story.cluster.client.delete(Pod, { namespace, name: pod!.metadata.name! }))
  await story.cluster.advance(1)
  await story.arrived()
  assert.ok(told.some(({ object }) => verdictOf(object, 'Available') === 'False MinimumReplicasUnavailable'))
  assert.ok(told.every(({ object }) => verdictOf(object) === 'True NewReplicaSetAvailable'))
  assert.deepEqual(await story.said(), [`Scaled up replica set ${controllerOf(pod!)!.name} from 0 to 2`])
})

test('annotations reach the newest ReplicaSet, count as a new generation, and start no rollout', async () => {
  await using story = await beginRollouts(12)
  await story.create()
  await story.arrived()
  const { metadata } = await story.get()
  await story.patch({ metadata: { annotations: { 'kubernetes.io/change-cause': 'first' } } })
  await story.arrived()
  assert.equal((await story.get()).metadata.generation, metadata.generation! + 1)
  const [only, ...others] = await story.replicaSets()
  assert.deepEqual(others, [])
  assert.equal(only!.metadata.annotations?.['kubernetes.io/change-cause'], 'first')
})

test('old revisions beyond the limit are forgotten', async () => {
  await using story = await beginRollouts(13)
  await story.create({ replicas: 1, revisionHistoryLimit: 2 })
  await story.arrived()
  for (const image of ['nginx:2', 'nginx:3', 'nginx:4', 'nginx:5']) {
    await story.setImage(image)
    await story.arrived()
  }
  await story.until('forgotten', async () => (await story.replicaSets()).length === 3)
  assert.deepEqual(await story.sizes(), ['3: 0 of 0', '4: 0 of 0', '5: 1 of 1'])
})

test('a ReplicaSet that nobody controls is adopted with its Pods, and let go when it is no longer selected', async () => {
  await using story = await beginRollouts(14)
  const labels = { app: 'web', 'pod-template-hash': 'mine' }
  const orphan = {
    metadata: { name: 'orphan', namespace, labels, annotations: { [REVISION]: '41' } },
    spec: { replicas: 2, selector: { matchLabels: labels }, template: template('nginx:1', {}, { labels }) },
  }
  const { client } = story.cluster
  await story.run(client.create(ReplicaSet, orphan as unknown as Draft<ReplicaSet>))
  await story.until('running', async () => (await story.replicaSets())[0]?.status?.availableReplicas === 2)
  const before = (await story.pods()).map(({ metadata }) => metadata.uid)
  await story.create({ replicas: 2 })
  await story.arrived()
  const [adopted, ...others] = await story.replicaSets()
  assert.deepEqual([controllerOf(adopted!)?.name, others.length], ['web', 0])
  assert.equal((await story.get()).metadata.annotations?.[REVISION], '41')
  assert.deepEqual(
    (await story.pods()).map(({ metadata }) => metadata.uid),
    before,
  )
  await story.run(client.patch(ReplicaSet, { namespace, name: 'orphan' }, { type: 'merge', body: { metadata: { labels: { app: 'other' } } } }))
  await story.until('released', async () => (await story.replicaSets()).length === 2)
  const released = (await story.replicaSets()).find(({ metadata }) => metadata.name === 'orphan')!
  assert.equal(controllerOf(released), undefined)
})

test('when the name of a new ReplicaSet is taken, it gets another one', async () => {
  await using story = await beginRollouts(15)
  const { client } = story.cluster
  await story.create({ replicas: 1 })
  await story.arrived()
  const [first] = await story.replicaSets()
  const { name } = first!.metadata
  await story.run(client.delete(Deployment, { namespace, name: 'web' }))
  await story.until('gone', async () => (await story.replicaSets()).length === 0)
  const labels = { app: 'somebody-else' }
  const squatter = {
    metadata: { name, namespace, labels },
    spec: { replicas: 0, selector: { matchLabels: labels }, template: template('nginx:1', {}, { labels }) },
  }
  await story.run(client.create(ReplicaSet, squatter as unknown as Draft<ReplicaSet>))
  await story.create({ replicas: 1 })
  await story.arrived()
  assert.equal((await story.get()).status?.collisionCount, 1)
  const own = (await story.replicaSets()).find(({ metadata }) => metadata.name !== name)!
  assert.match(own.metadata.name!, /^web-[bcdf4-9]+$/)
})

test('a ReplicaSet that cannot be made is said to be so, tried again, and made when it can be', async () => {
  await using story = await beginRollouts(16)
  const { client } = story.cluster
  const quota = { namespace, name: 'none' }
  await story.run(client.create(ResourceQuota, { metadata: quota, spec: { hard: { 'count/replicasets.apps': '0' } } } as unknown as Draft<ResourceQuota>))
  await story.cluster.advance(1_000)
  await story.create({ replicas: 1 })
  await story.cluster.advance(10_000)
  const deployment = await story.get()
  assert.equal(verdictOf(deployment), 'False ReplicaSetCreateError')
  assert.match(
    conditionOf(deployment)!.message!,
    /^Failed to create new replica set "web-[a-z0-9]+": replicasets\.apps "web-[a-z0-9]+" is forbidden: exceeded quota: none, requested: count\/replicasets\.apps=1, used: count\/replicasets\.apps=0, limited: count\/replicasets\.apps=0$/,
  )
  assert.equal((await story.said('ReplicaSetCreateError')).length, 1, 'the same is counted, not said again')
  await story.run(client.delete(ResourceQuota, quota))
  await story.arrived()
  assert.equal(verdictOf(await story.get()), 'True NewReplicaSetAvailable')
})

test('a Deployment that selects everything touches nothing, and says so', async () => {
  await using story = await beginRollouts(18)
  const whole = await story.create({ paused: true })
  // Validation does not let it in; a store may have it from older times.
  const all = { ...whole, metadata: { ...whole.metadata, name: 'all', uid: 'all' }, spec: { ...whole.spec, selector: {} }, status: {} }
  await story.run(story.cluster.store.commit([{ key: '/apps/deployments/default/all', value: all, expect: 0 }]))
  await story.cluster.advance(5_000)
  assert.deepEqual(await story.said('SelectingAll'), ['This deployment is selecting all pods. A non-empty selector is required.'])
  assert.deepEqual(await story.replicaSets(), [])
})

test('a Deployment that is deleted takes its ReplicaSets and Pods with it', async () => {
  await using story = await beginRollouts(17)
  await story.create()
  await story.arrived()
  await story.run(story.cluster.client.delete(Deployment, { namespace, name: 'web' }))
  await story.until('all gone', async () => (await story.replicaSets()).length + (await story.pods()).length === 0)
})

test('two Deployments of the same seed go the same way', async () => {
  const told = async () => {
    await using story = await beginRollouts('same', 2)
    await story.create({ replicas: 4 })
    await story.arrived()
    const pods = story.watch(Pod)
    await story.setImage('nginx:2')
    await story.arrived()
    return pods.map(({ atMs, type, object }) => `${atMs} ${type} ${object.metadata.name} ${object.metadata.resourceVersion}`)
  }
  assert.deepEqual(await told(), await told())
})
