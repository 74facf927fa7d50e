/** What a Job does about Pods that fail, to the instant (behaviour 8.5). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../../src/api/kinds/pod.ts'
import { beginJobs, namespace, numbersOf, sh, type JobStory } from './job_story.ts'

/** Lets the only active Pod fail on a whole second, and tells how long it takes until the next one is there. */
async function failAndWait(story: JobStory): Promise<number> {
  await story.cluster.advance(1_000 - (story.wallMs() % 1_000))
  const failedAt = story.world.now()
  await story.endsAll(1)
  const before = (await story.pods()).length
  for (let waited = 0; waited < 700_000; waited += 1_000) {
    if ((await story.pods()).length > before || (await story.conditions()).length > 0) break
    await story.cluster.advance(1_000)
  }
  return Math.floor((story.world.now() - failedAt) / 1_000)
}

test('failures in a row are made up for after 10, 20, 40, … seconds, ten minutes at most, and then the Job fails', async () => {
  const story = await beginJobs({ nodes: 0 })
  await using _ = story.cluster
  await story.create({ backoffLimit: 8 })
  await story.settle()
  const waits: number[] = []
  for (let failure = 1; failure <= 8; failure++) waits.push(await failAndWait(story))
  assert.deepEqual(waits, [10, 20, 40, 80, 160, 320, 600, 600])
  await story.endsAll(1)
  const done = await story.untilDone('Failed')
  assert.deepEqual(numbersOf(done), { active: 0, ready: 0, terminating: 0, succeeded: 0, failed: 9 })
  assert.deepEqual(await story.conditions(), [
    'FailureTarget BackoffLimitExceeded: Job has reached the specified backoff limit',
    'Failed BackoffLimitExceeded: Job has reached the specified backoff limit',
  ])
  assert.equal(done.status.completionTime, undefined)
  await story.settle()
  assert.deepEqual(await story.said('BackoffLimitExceeded'), ['Job has reached the specified backoff limit'])
})

test('a success between them makes the back-off begin anew', async () => {
  const story = await beginJobs({ nodes: 0 })
  await using _ = story.cluster
  await story.create({ completions: 5, parallelism: 1 })
  await story.settle()
  assert.equal(await failAndWait(story), 10)
  assert.equal(await failAndWait(story), 20)
  await story.cluster.advance(2_000)
  await story.endsAll(0)
  await story.settle()
  assert.equal((await story.active()).length, 1, 'after a success the next one comes at once')
  await story.cluster.advance(2_000)
  assert.equal(await failAndWait(story), 10)
})

test('the back-off is remembered when the failed Pods are gone', async () => {
  const story = await beginJobs({ nodes: 0 })
  await using _ = story.cluster
  await story.create({})
  await story.settle()
  assert.equal(await failAndWait(story), 10)
  for (const pod of await story.pods()) if (pod.status.phase === 'Failed') await story.run(story.client.delete(Pod, { namespace, name: pod.metadata.name! }))
  assert.equal(await failAndWait(story), 20)
})

test('with limit 0 the first failure is the last, and the Pods that still run are stopped and counted', async () => {
  const story = await beginJobs()
  await using _ = story.cluster
  await story.create({
    backoffLimit: 0,
    completions: 3,
    parallelism: 3,
    completionMode: 'Indexed',
    template: sh('if [ "$JOB_COMPLETION_INDEX" = 1 ]; then sleep 3; exit 3; fi; sleep 1000'),
  })
  await story.until(async () => (await story.conditions()).length === 1, 60_000)
  assert.equal((await story.conditions())[0], 'FailureTarget BackoffLimitExceeded: Job has reached the specified backoff limit')
  await story.settle()
  // They take their grace, and the Job says so.
  const meanwhile = await story.job()
  assert.deepEqual([meanwhile.status.active, meanwhile.status.terminating], [undefined, 2])
  const done = await story.untilDone('Failed')
  assert.deepEqual(numbersOf(done), { active: 0, ready: 0, terminating: 0, succeeded: 0, failed: 3 })
})

test('containers that are started again count toward the limit of a Job with restartPolicy OnFailure', async () => {
  const story = await beginJobs()
  await using _ = story.cluster
  await story.create({ backoffLimit: 2, template: sh('exit 1', 'OnFailure') })
  const done = await story.untilDone('Failed')
  assert.deepEqual(await story.conditions(), [
    'FailureTarget BackoffLimitExceeded: Job has reached the specified backoff limit',
    'Failed BackoffLimitExceeded: Job has reached the specified backoff limit',
  ])
  assert.equal(done.status.failed, 1)
  await story.cluster.advance(5_000)
  assert.deepEqual(await story.pods(), [])
})

test('a Job that is active longer than its deadline fails in that second', async () => {
  const story = await beginJobs({ nodes: 0 })
  await using _ = story.cluster
  await story.create({ activeDeadlineSeconds: 600, completions: 2, parallelism: 2 })
  await story.settle()
  const endMs = Date.parse((await story.job()).status.startTime!) + 600_000
  await story.cluster.advance(endMs - story.wallMs() - 1)
  assert.deepEqual([(await story.conditions()).length, (await story.active()).length], [0, 2])
  await story.cluster.advance(50)
  assert.deepEqual(await story.conditions(), [
    'FailureTarget DeadlineExceeded: Job was active longer than specified deadline',
    'Failed DeadlineExceeded: Job was active longer than specified deadline',
  ])
  assert.deepEqual([(await story.job()).status.failed, (await story.pods()).length], [2, 0])
})

test('a deleted Pod is a failure, and is replaced at once or when it has stopped, as podReplacementPolicy says', async () => {
  const story = await beginJobs()
  await using _ = story.cluster
  const template = sh('trap "" TERM; sleep 1000')
  template.spec.terminationGracePeriodSeconds = 20
  const template20 = { spec: { ...template.spec } }
  await story.create({ template: template20 }, 'early')
  await story.create({ template: template20, podReplacementPolicy: 'Failed' }, 'late')
  await story.until(async () => (await story.job('early')).status.ready === 1 && (await story.job('late')).status.ready === 1)
  for (const pod of await story.pods()) await story.run(story.client.delete(Pod, { namespace, name: pod.metadata.name! }))
  await story.cluster.advance(12_000)
  const [early, late] = [await story.job('early'), await story.job('late')]
  assert.deepEqual(
    [early.status.active, early.status.terminating, early.status.failed],
    [1, 1, 1],
    'ten seconds of back-off, and it does not wait for the old one',
  )
  assert.deepEqual([late.status.active, late.status.terminating, late.status.failed], [undefined, 1, undefined])
  await story.until(async () => (await story.job('late')).status.active === 1, 60_000)
  assert.equal((await story.job('late')).status.failed, 1)
})

test('a failure policy ends the Job, forgives, or counts, by the first rule that matches', async () => {
  const story = await beginJobs({ nodes: 0 })
  await using _ = story.cluster
  const rules = [
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] },
    { action: 'FailJob', onExitCodes: { containerName: 'main', operator: 'In', values: [42, 43] } },
    { action: 'Count', onExitCodes: { operator: 'NotIn', values: [1, 2] } },
  ]
  await story.create({ backoffLimit: 3, podFailurePolicy: { rules } })
  await story.settle()
  const next = async () => {
    await story.until(async () => (await story.active()).length === 1)
    return (await story.active())[0]!
  }
  await story.ends(await next(), 42, { conditions: [{ type: 'DisruptionTarget', status: 'True' }] })
  await story.settle()
  assert.equal((await story.job()).status.failed, undefined, 'forgiven')
  await story.ends(await next(), 7)
  await story.settle()
  assert.equal((await story.job()).status.failed, 1)
  const last = await next()
  await story.ends(last, 42)
  await story.untilDone('Failed')
  const message = `Container main for pod default/${last.metadata.name} failed with exit code 42 matching FailJob rule at index 1`
  assert.deepEqual(await story.conditions(), [`FailureTarget PodFailurePolicy: ${message}`, `Failed PodFailurePolicy: ${message}`])
})

test('with a limit for each index, an index fails by itself, and the others go on', async () => {
  const story = await beginJobs({ nodes: 0 })
  await using _ = story.cluster
  await story.create({ completions: 3, parallelism: 3, completionMode: 'Indexed', backoffLimitPerIndex: 1 })
  await story.settle()
  const ofIndex = async (index: number) => (await story.active()).find(({ spec }) => spec.hostname === `work-${index}`)
  await story.ends((await ofIndex(1))!, 1)
  await story.settle()
  // The Pod stays until its successor, which knows of its failure, is there.
  assert.deepEqual([(await story.active()).length, (await story.job()).status.failed], [2, undefined])
  await story.cluster.advance(11_000)
  assert.equal((await ofIndex(1))!.metadata.annotations!['batch.kubernetes.io/job-index-failure-count'], '1')
  await story.settle()
  assert.equal((await story.job()).status.failed, 1)
  await story.ends((await ofIndex(1))!, 1)
  await story.ends((await ofIndex(0))!, 0)
  await story.settle()
  assert.deepEqual([(await story.job()).status.failedIndexes, (await story.job()).status.completedIndexes, (await story.active()).length], ['1', '0', 1])
  await story.endsAll(0)
  const done = await story.untilDone('Failed')
  assert.deepEqual([done.status.failedIndexes, done.status.completedIndexes, done.status.succeeded, done.status.failed], ['1', '0,2', 2, 2])
  assert.deepEqual(await story.conditions(), ['FailureTarget FailedIndexes: Job has failed indexes', 'Failed FailedIndexes: Job has failed indexes'])
})

test('each index backs off by itself, and failures that are forgiven lengthen its wait alone', async () => {
  const story = await beginJobs({ nodes: 0 })
  await using _ = story.cluster
  const podFailurePolicy = { rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [7] } }] }
  await story.create({ completions: 2, parallelism: 2, completionMode: 'Indexed', backoffLimitPerIndex: 2, podFailurePolicy })
  await story.settle()
  await story.cluster.advance(1_000 - (story.wallMs() % 1_000))
  await story.ends((await story.active())[0]!, 7)
  await story.cluster.advance(9_900)
  assert.deepEqual(
    (await story.active()).map(({ spec }) => spec.hostname),
    ['work-1'],
  )
  await story.cluster.advance(200)
  const [again] = await story.active()
  assert.deepEqual(
    ['failure-count', 'ignored-failure-count'].map(name => again!.metadata.annotations![`batch.kubernetes.io/job-index-${name}`]),
    ['0', '1'],
  )
  await story.cluster.advance(1_000 - (story.wallMs() % 1_000))
  await story.ends(again!, 1)
  await story.cluster.advance(19_900)
  assert.equal((await story.active()).length, 1)
  await story.cluster.advance(200)
  assert.deepEqual([(await story.active()).length, (await story.job()).status.failed], [2, 1])
})
