/** Who is taken by a node that the scheduler was not asked about, and who has to go for a critical Pod. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Node } from '../../src/api/kinds/node.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { startVirtualCluster } from '../../src/launch/virtual_cluster.ts'
import { beginStory, sh, type Story } from './story.ts'

const CRITICAL = { priority: 2_000_000_000 }
/** Takes three seconds to stop. */
const LINGERS = sh('trap "sleep 3; exit 0" TERM; sleep 3600 & wait')
const run = (story: Story, name: string, cpu: string, spec: object = {}) =>
  story.run({ metadata: { name }, spec: { containers: [{ name, image: 'busybox:1', command: LINGERS, resources: { requests: { cpu } } }], ...spec } })
const phaseOf = (story: Story, name: string) => story.pod(name)?.status.phase
const runs = (story: Story, name: string, limitSeconds = 60) => story.world.until(() => phaseOf(story, name) === 'Running', limitSeconds * 1000, `${name} runs`)

test('§ critical Pods: the nearest in size goes for it, with all its grace, and only then it begins', async () => {
  const story = await beginStory()
  run(story, 'small', '1')
  run(story, 'large', '2')
  await runs(story, 'small')
  await runs(story, 'large')
  const at = story.seconds()
  run(story, 'critical', '2', CRITICAL)
  await story.world.advance(2_500)
  assert.deepEqual([phaseOf(story, 'small'), phaseOf(story, 'critical')], ['Running', 'Pending'])
  assert.equal(story.pod('critical')!.status.startTime, undefined, 'it has not been begun')
  await runs(story, 'critical', 5)
  const took = story.seconds() - at
  assert.ok(took >= 3 && took < 3.5, `${took} s`)

  const { status } = story.pod('small')!
  assert.deepEqual([status.phase, status.reason, status.message], ['Failed', 'Preempting', 'Preempted in order to admit critical pod'])
  const condition = status.conditions?.find(({ type }) => type === 'DisruptionTarget')
  assert.deepEqual(
    [condition?.status, condition?.reason, condition?.message],
    ['True', 'TerminationByKubelet', 'Pod was preempted by Kubelet to accommodate a critical pod.'],
  )
  assert.ok(
    story.events.some(
      ({ type, reason, name, message }) => `${type} ${reason} ${name}: ${message}` === 'Warning Preempting small: Preempted in order to admit critical pod',
    ),
  )
  assert.equal(phaseOf(story, 'large'), 'Running')
})

test('§ critical Pods: what makes room for one is not given to another meanwhile', async () => {
  const story = await beginStory()
  run(story, 'first', '3')
  await runs(story, 'first')
  run(story, 'critical', '3', CRITICAL)
  run(story, 'other', '1500m')
  await story.world.advance(1_000)
  assert.deepEqual([phaseOf(story, 'other'), story.pod('other')!.status.reason], ['Failed', 'OutOfcpu'])
  await runs(story, 'critical', 5)
})

test('§ critical Pods: one that is deleted while it waits never begins', async () => {
  const story = await beginStory()
  run(story, 'first', '4')
  await runs(story, 'first')
  run(story, 'critical', '4', CRITICAL)
  await story.world.advance(1_000)
  await story.delete('critical')
  await story.gone('critical', 3)
  await story.world.advance(10_000)
  assert.equal(story.calls.starts.filter(({ container }) => container === 'critical').length, 0)
})

test('§ critical Pods: when all the others would not be enough nobody goes', async () => {
  const story = await beginStory()
  run(story, 'first', '1')
  await runs(story, 'first')
  run(story, 'critical', '5', CRITICAL)
  await story.world.advance(1_000)
  const { status } = story.pod('critical')!
  assert.deepEqual([status.phase, status.reason], ['Failed', 'UnexpectedAdmissionError'])
  assert.match(status.message!, /^Pod was rejected: Unexpected error while attempting to recover .*\[\(res: cpu, q: 1000\), \]$/)
  assert.equal(phaseOf(story, 'first'), 'Running')
})

test('§ node affinity: a Pod that names a node whose labels do not fit is refused there', async () => {
  await using cluster = await startVirtualCluster({ seed: 3, runtime: { images: ['busybox:1'] } })
  const make = (name: string) =>
    cluster.run(
      cluster.client.create(Pod, {
        metadata: { name, namespace: 'default' },
        spec: { nodeName: 'node-0', nodeSelector: { disk: 'ssd' }, containers: [{ name: 'main', image: 'busybox:1', command: ['sleep', '3600'] }] },
      } as never),
    )
  const statusOf = async (name: string) => (await cluster.run(cluster.client.get(Pod, { namespace: 'default', name }))).status
  await make('too-early')
  await cluster.advance(2_000)
  const { phase, reason, message } = await statusOf('too-early')
  assert.deepEqual(
    [phase, reason, message],
    ['Failed', 'NodeAffinity', "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"],
  )

  // A label set just before the Pod counts, whichever of the two the kubelet hears of first.
  await cluster.run(cluster.client.patch(Node, { namespace: '', name: 'node-0' }, { type: 'merge', body: { metadata: { labels: { disk: 'ssd' } } } }))
  await make('in-time')
  await cluster.advance(2_000)
  assert.equal((await statusOf('in-time')).phase, 'Running')
})
