/** The life of Jobs, over a whole cluster in virtual time (behaviour 8.5). Their back-off and failures are in job_failures.test.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Job } from '../../src/api/kinds/job.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { controllerOf } from '../../src/api/meta.ts'
import { isReason } from '../../src/api/status.ts'
import { beginJobs, namespace, numbersOf, sh } from './job_story.ts'

const TRACKING = 'batch.kubernetes.io/job-tracking'

test('a Job makes a Pod, counts its success, lets it go and says that it is complete', async () => {
  const story = await beginJobs()
  await using _ = story.cluster
  await story.create({ template: sh('sleep 5') })
  await story.settle()
  const [pod] = await story.pods()
  const { metadata, spec } = await story.job()
  assert.match(pod!.metadata.name!, /^work-[a-z0-9]{5}$/)
  assert.deepEqual(pod!.metadata.finalizers, [TRACKING])
  assert.deepEqual(pod!.metadata.labels, {
    'batch.kubernetes.io/controller-uid': metadata.uid,
    'batch.kubernetes.io/job-name': 'work',
    'controller-uid': metadata.uid,
    'job-name': 'work',
  })
  assert.deepEqual(metadata.labels, pod!.metadata.labels)
  assert.deepEqual(spec.selector, { matchLabels: { 'batch.kubernetes.io/controller-uid': metadata.uid } })
  assert.equal(controllerOf(pod!)!.uid, metadata.uid)
  assert.deepEqual(numbersOf(await story.job()), { active: 1, ready: 0, terminating: 0, succeeded: 0, failed: 0 })

  const done = await story.untilDone()
  assert.deepEqual(numbersOf(done), { active: 0, ready: 0, terminating: 0, succeeded: 1, failed: 0 })
  assert.deepEqual(done.status.uncountedTerminatedPods, {})
  assert.deepEqual(await story.conditions(), [
    'SuccessCriteriaMet CompletionsReached: Reached expected number of succeeded pods',
    'Complete CompletionsReached: Reached expected number of succeeded pods',
  ])
  assert.ok(Date.parse(done.status.completionTime!) - Date.parse(done.status.startTime!) >= 5_000)
  assert.deepEqual((await story.pods())[0]!.metadata.finalizers ?? [], [])
  await story.settle()
  assert.deepEqual(await story.said('SuccessfulCreate', 'Completed'), [`Created pod: ${pod!.metadata.name}`, 'Job completed'])
})

test('no more Pods run than parallelism says, and no more than there is work left', async () => {
  const story = await beginJobs({ nodes: 0 })
  await using _ = story.cluster
  await story.create({ completions: 5, parallelism: 2 })
  const counts: number[] = []
  for (let round = 0; round < 3; round++) {
    await story.settle()
    counts.push((await story.active()).length)
    await story.endsAll(0)
  }
  assert.deepEqual(counts, [2, 2, 1])
  assert.equal((await story.untilDone()).status.succeeded, 5)
})

test('parallelism is changed while the Job runs: those that are too many go, and count for nothing', async () => {
  const story = await beginJobs({ nodes: 0 })
  await using _ = story.cluster
  await story.create({ completions: 10, parallelism: 4 })
  await story.settle()
  await story.patch({ parallelism: 1 })
  await story.settle()
  assert.deepEqual(numbersOf(await story.job()), { active: 1, ready: 0, terminating: 0, succeeded: 0, failed: 0 })
  await story.patch({ parallelism: 3 })
  await story.settle()
  assert.equal((await story.active()).length, 3)
  await story.patch({ parallelism: 0 })
  await story.settle()
  assert.deepEqual([(await story.pods()).length, (await story.job()).status.failed], [0, undefined])
})

test('of a work queue the first success is that of all: nobody is added, and the Job waits for the others', async () => {
  const story = await beginJobs({ nodes: 0 })
  await using _ = story.cluster
  await story.create({ parallelism: 3 })
  await story.settle()
  const [first, second, third] = await story.active()
  await story.ends(first!, 0)
  await story.settle()
  assert.deepEqual(numbersOf(await story.job()), { active: 2, ready: 0, terminating: 0, succeeded: 1, failed: 0 })
  await story.ends(second!, 1)
  await story.cluster.advance(60_000)
  assert.equal((await story.active()).length, 1)
  await story.ends(third!, 0)
  const done = await story.untilDone()
  assert.deepEqual([done.status.succeeded, done.status.failed], [2, 1])
})

test('an indexed Job gives each index to one Pod, tells it so, and takes the lowest first', async () => {
  const story = await beginJobs({ nodes: 0 })
  await using _ = story.cluster
  await story.create({ completions: 5, parallelism: 2, completionMode: 'Indexed' })
  await story.settle()
  const pods = await story.active()
  assert.deepEqual(
    pods.map(({ metadata, spec }) => [
      metadata.name!.slice(0, 7),
      metadata.annotations?.['batch.kubernetes.io/job-completion-index'],
      metadata.labels?.['batch.kubernetes.io/job-completion-index'],
      spec.hostname,
      spec.containers[0]!.env?.find(({ name }) => name === 'JOB_COMPLETION_INDEX')?.valueFrom?.fieldRef?.fieldPath,
    ]),
    ['0', '1'].map(index => [`work-${index}-`, index, index, `work-${index}`, "metadata.labels['batch.kubernetes.io/job-completion-index']"]),
  )
  await story.ends(pods[1]!, 0)
  await story.settle()
  assert.deepEqual([(await story.job()).status.completedIndexes, (await story.active()).map(({ spec }) => spec.hostname)], ['1', ['work-0', 'work-2']])
  for (let round = 0; round < 3; round++) {
    await story.endsAll(0)
    await story.settle()
  }
  const done = await story.untilDone()
  assert.deepEqual([done.status.succeeded, done.status.completedIndexes], [5, '0-4'])
})

test('an indexed Job grows and shrinks with its parallelism, and forgets the indexes it has no more', async () => {
  const story = await beginJobs({ nodes: 0 })
  await using _ = story.cluster
  await story.create({ completions: 4, parallelism: 4, completionMode: 'Indexed' })
  await story.settle()
  for (const pod of (await story.active()).slice(2)) await story.ends(pod, 0)
  await story.settle()
  assert.equal((await story.job()).status.completedIndexes, '2,3')
  await story.patch({ completions: 3, parallelism: 3 })
  await story.settle()
  assert.deepEqual([(await story.job()).status.completedIndexes, (await story.job()).status.succeeded, (await story.active()).length], ['2', 1, 2])
  await story.patch({ completions: 5, parallelism: 5 })
  await story.settle()
  assert.deepEqual(
    (await story.active()).map(({ spec }) => spec.hostname),
    ['work-0', 'work-1', 'work-3', 'work-4'],
  )
  await assert.rejects(
    story.patch({ completions: 6 }),
    error => isReason(error, 'Invalid') && /can only be modified in tandem with spec.parallelism/.test(error.message),
  )
})

test('a suspended Job has no Pods; resumed it begins anew, and those it sent away are no failures', async () => {
  const story = await beginJobs({ nodes: 0 })
  await using _ = story.cluster
  await story.create({ suspend: true, parallelism: 2, completions: 2, activeDeadlineSeconds: 60 })
  await story.settle()
  assert.deepEqual([(await story.pods()).length, (await story.job()).status.startTime], [0, undefined])
  assert.deepEqual(await story.conditions(), ['Suspended JobSuspended: Job suspended'])

  await story.patch({ suspend: false })
  await story.settle()
  const first = (await story.job()).status.startTime!
  assert.equal((await story.active()).length, 2)
  await story.cluster.advance(30_000)
  await story.patch({ suspend: true })
  await story.settle()
  assert.deepEqual([(await story.pods()).length, numbersOf(await story.job())], [0, { active: 0, ready: 0, terminating: 0, succeeded: 0, failed: 0 }])
  // Its deadline stands still meanwhile.
  await story.cluster.advance(300_000)
  assert.deepEqual(await story.conditions(), ['Suspended JobSuspended: Job suspended'])
  await story.patch({ suspend: false })
  await story.settle()
  const resumed = await story.job()
  assert.equal(Date.parse(resumed.status.startTime!) - Date.parse(first), 330_000)
  assert.deepEqual(
    resumed.status.conditions!.map(({ type, status, reason }) => [type, status, reason]),
    [['Suspended', 'False', 'JobResumed']],
  )
  await story.endsAll(0)
  await story.untilDone()
  await story.settle()
  assert.deepEqual(await story.said('Suspended', 'Resumed'), ['Job suspended', 'Job resumed'])
})

test('a Job adopts what its selector selects, and lets go of what it does not select any more', async () => {
  const story = await beginJobs({ nodes: 0 })
  await using _ = story.cluster
  await story.create({ parallelism: 2, completions: 2 })
  await story.settle()
  const [first] = await story.active()
  const key = { namespace, name: first!.metadata.name! }
  await story.run(story.client.patch(Pod, key, { type: 'merge', body: { metadata: { ownerReferences: null, finalizers: null } } }))
  await story.settle()
  const adopted = await story.run(story.client.get(Pod, key))
  assert.deepEqual([controllerOf(adopted)?.name, adopted.metadata.finalizers], ['work', [TRACKING]])
  await story.run(story.client.patch(Pod, key, { type: 'merge', body: { metadata: { labels: null } } }))
  await story.settle()
  const released = await story.run(story.client.get(Pod, key))
  assert.deepEqual([controllerOf(released), released.metadata.finalizers ?? []], [undefined, []])
  assert.equal((await story.active()).length, 3, 'another one takes its place')
})

test('a Job that another controller manages is left alone', async () => {
  const story = await beginJobs({ nodes: 0 })
  await using _ = story.cluster
  await story.create({ managedBy: 'example.com/queue' })
  await story.create({ managedBy: 'kubernetes.io/job-controller' }, 'ours')
  await story.cluster.advance(10_000)
  assert.deepEqual(
    (await story.pods()).map(({ metadata }) => metadata.labels!['job-name']),
    ['ours'],
  )
  assert.deepEqual((await story.job()).status, {})
})

test('a Job goes and leaves no Pod behind that waits to be counted', async () => {
  const story = await beginJobs()
  await using _ = story.cluster
  for (const propagationPolicy of ['Background', 'Foreground', 'Orphan'] as const) {
    const name = propagationPolicy.toLowerCase()
    await story.create({ template: sh('sleep 1000') }, name)
    await story.until(async () => (await story.job(name)).status.ready === 1)
    await story.run(story.client.delete(Job, { namespace, name }, { propagationPolicy }))
    await story.cluster.advance(10_000)
  }
  assert.deepEqual(await story.jobs(), [])
  assert.deepEqual(
    (await story.pods()).map(({ metadata }) => [metadata.labels!['job-name'], metadata.finalizers ?? [], controllerOf({ metadata } as Pod)]),
    [['orphan', [], undefined]],
  )
})

test('a Job is deleted ttlSecondsAfterFinished after its end, with its Pods, to the instant', async () => {
  const story = await beginJobs({ nodes: 0 })
  await using _ = story.cluster
  await story.create({ ttlSecondsAfterFinished: 3600 })
  await story.settle()
  await story.endsAll(0)
  const done = await story.untilDone()
  const endMs = Date.parse(done.status.completionTime!) + 3_600_000
  await story.cluster.advance(endMs - story.wallMs() - 1)
  assert.equal((await story.jobs()).length, 1)
  await story.cluster.advance(50)
  assert.deepEqual([(await story.jobs()).length, (await story.pods()).length], [0, 0])
})

test('more time than was asked for at first is given, also in the last moment', async () => {
  const story = await beginJobs({ nodes: 0 })
  await using _ = story.cluster
  await story.create({ ttlSecondsAfterFinished: 60 })
  await story.settle()
  await story.endsAll(0)
  await story.untilDone()
  await story.cluster.advance(50_000)
  await story.patch({ ttlSecondsAfterFinished: 120 })
  await story.cluster.advance(60_000)
  assert.equal((await story.jobs()).length, 1)
  await story.cluster.advance(20_000)
  assert.equal((await story.jobs()).length, 0)
})
