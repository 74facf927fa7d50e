/** How a ResourceQuota is counted over a whole cluster in virtual time: what goes gives its share back, and nothing gets past it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Deployment } from '../../src/api/kinds/deployment.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { ResourceQuota } from '../../src/api/kinds/resource_quota.ts'
import { raceForQuota } from './policy_races.ts'
import { beginSets, namespace, type SetsStory } from './sets.ts'

const quota = (hard: object, name = 'q', spec: object = {}) => ({ metadata: { name, namespace }, spec: { hard, ...spec } })
const pod = (name: string, spec: object = {}) => ({
  metadata: { name, namespace },
  spec: { containers: [{ name: 'main', image: 'nginx:1' }], terminationGracePeriodSeconds: 5, ...spec },
})
const usedIn = async (story: SetsStory, name = 'q') => (await story.get(ResourceQuota, name)).status.used
const counted = async (story: SetsStory, used: Record<string, string>, name = 'q') =>
  story.until(async () => JSON.stringify(await usedIn(story, name)) === JSON.stringify(used), 10_000)

describe('a quota', () => {
  test('is counted at once: what there is already counts, also beyond what there may be', async () => {
    await using story = await beginSets(1)
    await story.create(Pod, pod('a'))
    await story.create(Pod, pod('b'))
    await story.create(ResourceQuota, quota({ pods: '1', configmaps: '9', 'count/deployments.apps': '2', 'count/dragons.example.com': '3' }))
    await story.cluster.advance(100)
    const { status } = await story.get(ResourceQuota, 'q')
    assert.deepEqual(status.hard, { pods: '1', configmaps: '9', 'count/deployments.apps': '2', 'count/dragons.example.com': '3' })
    // The certificate of the cluster is a ConfigMap in every namespace.
    assert.deepEqual(status.used, { configmaps: '1', 'count/deployments.apps': '0', pods: '2' })
    await assert.rejects(story.create(Pod, pod('c')), /exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=1/)
  })

  test('that is changed holds as soon as it is counted', async () => {
    await using story = await beginSets(2)
    await story.create(ResourceQuota, quota({ pods: '1' }))
    await counted(story, { pods: '0' })
    await story.create(Pod, pod('a'))
    await story.patch(ResourceQuota, { spec: { hard: { pods: '2', services: '5' } } }, 'q')
    await counted(story, { pods: '1', services: '1' })
    await story.create(Pod, pod('b'))
    await assert.rejects(story.create(Pod, pod('c')), /exceeded quota/)
  })

  test('that somebody has written nonsense into is set right', async () => {
    await using story = await beginSets(3)
    await story.create(ResourceQuota, quota({ pods: '5' }))
    await counted(story, { pods: '0' })
    await story.patch(ResourceQuota, { status: { hard: { pods: '99' }, used: { pods: '50' } } }, 'q', 'status')
    await counted(story, { pods: '0' })
    assert.deepEqual((await story.get(ResourceQuota, 'q')).status.hard, { pods: '5' })
    await story.patch(ResourceQuota, { status: { used: { pods: '4' } } }, 'q', 'status')
    await story.cluster.advance(5 * 60_000)
    await counted(story, { pods: '0' })
  })
})

describe('the share of a Pod is given back', () => {
  test('when it is gone, and not while it is going', async () => {
    await using story = await beginSets(4)
    await story.create(ResourceQuota, quota({ pods: '1' }))
    await counted(story, { pods: '0' })
    await story.create(
      Pod,
      pod('a', { containers: [{ name: 'main', image: 'busybox:1', command: ['sh', '-c', 'trap "" TERM; while true; do sleep 1; done'] }] }),
    )
    await story.until(async () => (await story.shown()).includes('a ready'))
    await story.remove(Pod as never, 'a')
    await story.cluster.advance(3_000)
    assert.deepEqual(await usedIn(story), { pods: '1' })
    await story.until(async () => (await story.find(Pod, 'a')) === undefined)
    await story.cluster.advance(200)
    assert.deepEqual(await usedIn(story), { pods: '0' })
  })

  test('when it has finished, although it is still there to be looked at', async () => {
    await using story = await beginSets(5)
    await story.create(ResourceQuota, quota({ pods: '1', 'count/pods': '5', 'requests.cpu': '1' }))
    await counted(story, { 'count/pods': '0', pods: '0', 'requests.cpu': '0' })
    const container = { name: 'main', image: 'busybox:1', command: ['true'], resources: { requests: { cpu: '100m' } } }
    await story.create(Pod, pod('a', { restartPolicy: 'Never', containers: [container] }))
    assert.deepEqual(await usedIn(story), { 'count/pods': '1', pods: '1', 'requests.cpu': '100m' })
    await story.until(async () => (await story.get(Pod, 'a')).status.phase === 'Succeeded')
    await counted(story, { 'count/pods': '1', pods: '0', 'requests.cpu': '0' })
  })

  test('when it should have been gone for as long as its grace, because its node is lost', async () => {
    await using story = await beginSets(6)
    await story.create(ResourceQuota, quota({ pods: '1' }))
    await counted(story, { pods: '0' })
    await story.create(Pod, pod('a'))
    await story.until(async () => (await story.shown()).includes('a ready'))
    story.cluster.nodes.get('node-0')!.crash()
    await story.remove(Pod as never, 'a')
    const { deletionTimestamp } = (await story.get(Pod, 'a')).metadata
    // Times of objects have whole seconds.
    const releasedAtMs = Date.parse(deletionTimestamp!) + 5_000 - Date.parse('2026-01-01T00:00:00Z')
    await story.cluster.advance(releasedAtMs - story.cluster.world.now())
    assert.deepEqual(await usedIn(story), { pods: '1' })
    await story.cluster.advance(200)
    assert.deepEqual(await usedIn(story), { pods: '0' })
    assert.ok(await story.find(Pod, 'a'))
  })
})

test('a Deployment makes as many Pods as there is room for, says why no more, and goes on when there is room', async () => {
  await using story = await beginSets(7)
  await story.create(ResourceQuota, quota({ pods: '3' }))
  await counted(story, { pods: '0' })
  const template = { metadata: { labels: { app: 'web' } }, spec: pod('x').spec }
  await story.create(Deployment, { metadata: { name: 'web', namespace }, spec: { replicas: 5, selector: { matchLabels: { app: 'web' } }, template } })
  await story.until(async () => (await story.get(Deployment)).status?.readyReplicas === 3)
  assert.equal((await story.pods()).length, 3)
  const failure = (await story.get(Deployment)).status?.conditions?.find(({ type }) => type === 'ReplicaFailure')
  assert.match(failure?.message ?? '', /is forbidden: exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3/)
  await story.patch(ResourceQuota, { spec: { hard: { pods: '10' } } }, 'q')
  await story.until(async () => (await story.get(Deployment)).status?.readyReplicas === 5, 600_000)
  await counted(story, { pods: '5' })
})

test('whoever creates and deletes at the same time, never is there more than the quota allows, and in the end the count is right', async () => {
  for (const seed of ['a', 'b', 'c', 'd']) await raceForQuota(seed)
})
