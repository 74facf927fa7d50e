/** The conformance tests of DaemonSets and ControllerRevisions, in virtual time. docs/conformance_workloads.md lists them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ControllerRevision } from '../../src/api/kinds/controller_revision.ts'
import { DaemonSet } from '../../src/api/kinds/daemon_set.ts'
import { Node } from '../../src/api/kinds/node.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { isDeleting, isReady } from '../../src/api/pod.ts'
import { beginSets, MISSING, namespace, type SetsStory } from './sets.ts'

const NAME = 'daemon-set'
const labels = { 'daemonset-name': NAME }
const template = (image: string, spec: object = {}) => ({
  metadata: { labels },
  spec: { containers: [{ name: 'app', image, ports: [{ containerPort: 9376 }] }], terminationGracePeriodSeconds: 1, ...spec },
})
const daemonSet = (spec: object = {}, metadata: object = {}) => ({
  metadata: { name: NAME, namespace, labels, ...metadata },
  spec: { selector: { matchLabels: labels }, template: template('nginx:1'), ...spec },
})

const get = (story: SetsStory) => story.get(DaemonSet, NAME)
/** `node-0 nginx:1`, of those that are ready and not on their way out. */
const running = async (story: SetsStory) =>
  (await story.pods())
    .filter(pod => !isDeleting(pod) && isReady(pod))
    .map(({ spec }) => `${spec.nodeName} ${spec.containers[0]!.image}`)
    .sort()
const on = (image: string, ...nodes: string[]) => nodes.map(node => `${node} ${image}`)
const ALL = ['node-0', 'node-1', 'node-2']

async function begin(seed: number, spec: object = {}) {
  const story = await beginSets(seed, { nodes: 3 })
  await story.create(DaemonSet, daemonSet(spec))
  return story
}
const runsOn = (story: SetsStory, wanted: readonly string[]) => story.until(async () => (await running(story)).join() === wanted.join())

test('should run and stop simple daemon', async () => {
  await using story = await begin(1)
  await runsOn(story, on('nginx:1', ...ALL))
  const [victim] = await story.pods()
  await story.remove(Pod, victim!.metadata.name)
  await story.until(async () => !(await story.pods()).some(({ metadata }) => metadata.uid === victim!.metadata.uid))
  await runsOn(story, on('nginx:1', ...ALL))
  await story.remove(DaemonSet, NAME, { propagationPolicy: 'Background' })
  await story.until(async () => (await story.pods()).length === 0)
})

test('should run and stop complex daemon', async () => {
  await using story = await begin(2, { template: template('nginx:1', { nodeSelector: { color: 'blue' } }) })
  const paint = (color: string | null) => story.patch(Node, { metadata: { labels: { color } } }, 'node-1')
  await story.cluster.advance(2_000)
  assert.deepEqual(await story.pods(), [])
  assert.equal((await get(story)).status.desiredNumberScheduled, 0)
  await paint('blue')
  await runsOn(story, on('nginx:1', 'node-1'))
  await paint('green')
  await story.until(async () => (await story.pods()).length === 0)
  // Now the set asks for the other colour.
  const spec = { updateStrategy: { type: 'RollingUpdate' }, template: { spec: { nodeSelector: { color: 'green' } } } }
  await story.patch(DaemonSet, { spec }, NAME)
  await runsOn(story, on('nginx:1', 'node-1'))
  const { status } = await get(story)
  assert.deepEqual([status.desiredNumberScheduled, status.numberAvailable, status.numberMisscheduled], [1, 1, 0])
})

test('should retry creating failed daemon pods', async () => {
  await using story = await begin(3)
  await runsOn(story, on('nginx:1', ...ALL))
  const [failed] = await story.pods()
  await story.patch(Pod, { status: { phase: 'Failed' } }, failed!.metadata.name, 'status')
  await story.until(async () => !(await story.pods()).some(({ metadata }) => metadata.uid === failed!.metadata.uid))
  await runsOn(story, on('nginx:1', ...ALL))
  const { name } = failed!.metadata
  assert.deepEqual(await story.said('FailedDaemonPod'), [`Found failed daemon pod default/${name} on node ${failed!.spec.nodeName}, will try to kill it`])
})

test('should update pod when spec was updated and update strategy is RollingUpdate', async () => {
  await using story = await begin(4)
  await runsOn(story, on('nginx:1', ...ALL))
  const hashes = async () => new Set((await story.pods()).map(({ metadata }) => metadata.labels!['controller-revision-hash']))
  const [first] = await story.revisions()
  assert.deepEqual(await hashes(), new Set([first!.metadata.labels!['controller-revision-hash']]))
  await story.patch(DaemonSet, { spec: { template: { spec: { containers: [{ name: 'app', image: 'nginx:2' }] } } } }, NAME)
  let fewest = 3
  await story.until(async () => {
    const now = await running(story)
    fewest = Math.min(fewest, now.length)
    return now.join() === on('nginx:2', ...ALL).join()
  })
  assert.equal(fewest, 2, 'one at a time')
  const [, second] = await story.revisions()
  assert.deepEqual([second!.revision, await hashes()], [2, new Set([second!.metadata.labels!['controller-revision-hash']])])
})

test('should rollback without unnecessary restarts', async () => {
  await using story = await begin(5)
  await runsOn(story, on('nginx:1', ...ALL))
  await story.patch(DaemonSet, { spec: { template: { spec: { containers: [{ name: 'app', image: MISSING }] } } } }, NAME)
  await story.until(async () => (await running(story)).length === 2 && (await story.pods()).some(({ spec }) => spec.containers[0]!.image === MISSING))
  const untouched = (await story.pods()).filter(isReady).map(({ metadata }) => metadata.uid)
  assert.equal(untouched.length, 2)
  const [oldest] = await story.revisions()
  await story.patch(DaemonSet, oldest!.data as object, NAME)
  await runsOn(story, on('nginx:1', ...ALL))
  const pods = await story.pods()
  assert.ok(untouched.every(uid => pods.some(({ metadata }) => metadata.uid === uid)))
  assert.ok(pods.every(({ status }) => status.containerStatuses!.every(({ restartCount }) => restartCount === 0)))
})

test('should list and delete a collection of DaemonSets', async () => {
  await using story = await begin(6)
  await runsOn(story, on('nginx:1', ...ALL))
  const path = `/apis/apps/v1/namespaces/${namespace}/daemonsets`
  const query = { labelSelector: `daemonset-name=${NAME}` }
  assert.equal((await story.list(DaemonSet, query.labelSelector)).length, 1)
  await story.run(story.cluster.client.request({ method: 'DELETE', path, query }))
  assert.deepEqual(await story.list(DaemonSet), [])
  await story.until(async () => (await story.pods()).length === 0)
})

test('should verify changes to a daemon set status', async () => {
  await using story = await begin(7)
  await runsOn(story, on('nginx:1', ...ALL))
  const types = (set: DaemonSet) => set.status.conditions?.map(({ type }) => type)
  const condition = (type: string) => ({ type, status: 'True' as const, reason: 'E2E', message: 'Set from e2e test' })
  const current = await get(story)
  const updated = await story.run(
    story.cluster.client.updateStatus(DaemonSet, { ...current, status: { ...current.status, conditions: [condition('StatusUpdate')] } }),
  )
  assert.deepEqual(types(updated), ['StatusUpdate'])
  const patched = await story.patch(DaemonSet, { status: { conditions: [condition('StatusPatched')] } }, NAME, 'status')
  assert.deepEqual(types(patched)?.toSorted(), ['StatusPatched', 'StatusUpdate'])
  await story.cluster.advance(1_000)
  assert.deepEqual(types(await get(story))?.toSorted(), ['StatusPatched', 'StatusUpdate'])
  assert.equal((await get(story)).status.numberReady, 3)
})

test('should manage the lifecycle of a ControllerRevision', async () => {
  await using story = await begin(8)
  await runsOn(story, on('nginx:1', ...ALL))
  const selector = `daemonset-name=${NAME}`
  const list = () => story.list(ControllerRevision, selector)
  const [initial] = await list()
  assert.equal(initial!.metadata.ownerReferences![0]!.name, NAME)
  const { name } = initial!.metadata
  await story.patch(ControllerRevision, { metadata: { labels: { [name!]: 'patched' } } }, name)
  assert.equal((await story.get(ControllerRevision, name)).metadata.labels![name!], 'patched')

  const { labels: own, ownerReferences } = initial!.metadata
  const made = await story.create(ControllerRevision, {
    metadata: { name: `${name}-made`, namespace, labels: own, ownerReferences },
    data: initial!.data,
    revision: initial!.revision + 1,
  })
  assert.equal((await list()).length, 2)
  const replaced = { ...made, metadata: { ...made.metadata, labels: { ...made.metadata.labels, [made.metadata.name!]: 'updated' } } }
  assert.equal((await story.run(story.cluster.client.update(ControllerRevision, replaced))).metadata.labels![made.metadata.name!], 'updated')
  await assert.rejects(
    story.run(story.cluster.client.update(ControllerRevision, { ...replaced, metadata: { ...made.metadata, resourceVersion: undefined }, data: {} })),
    {
      message: /data: Invalid value: .*: field is immutable/,
    },
  )
  await story.remove(ControllerRevision, name)
  await story.until(async () => (await story.find(ControllerRevision, name)) === undefined)

  // A revision of a new template, and the collection of the old ones goes.
  await story.patch(DaemonSet, { spec: { template: { spec: { terminationGracePeriodSeconds: 2 } } } }, NAME)
  await story.until(async () => (await list()).length === 2)
  const path = `/apis/apps/v1/namespaces/${namespace}/controllerrevisions`
  const query = { labelSelector: `${made.metadata.name}=updated` }
  await story.run(story.cluster.client.request({ method: 'DELETE', path, query }))
  assert.ok(!(await list()).some(({ metadata }) => metadata.name === made.metadata.name))
})
