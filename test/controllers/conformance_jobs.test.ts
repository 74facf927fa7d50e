/** The conformance tests of Jobs and CronJobs, in virtual time. docs/conformance_workloads.md lists them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Kind } from '../../src/api/kind.ts'
import { CronJob } from '../../src/api/kinds/cron_job.ts'
import { Job } from '../../src/api/kinds/job.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { controllerOf } from '../../src/api/meta.ts'
import { collectionPath, pathOf } from '../../src/client/api_client.ts'
import type { Draft } from '../../src/client/client.ts'
import { beginJobs, namespace, sh, type JobStory } from './job_story.ts'

const indexed = (completions: number, more: object = {}) => ({ completions, parallelism: completions, completionMode: 'Indexed', ...more })
/** A script in which `$i` is the index. */
const byIndex = (script: string) => sh(`i=$JOB_COMPLETION_INDEX; ${script}`)

const reasons = async (story: JobStory) => ((await story.job()).status.conditions ?? []).map(({ type, reason }) => `${type} ${reason}`)

test('should adopt matching orphans and release non-matching pods', async () => {
  const story = await beginJobs({ nodes: 2 })
  await using _ = story.cluster
  await story.create({ parallelism: 2, completions: 2, template: sh('sleep 1000000') })
  await story.until(async () => (await story.job()).status.ready === 2)
  const { name } = (await story.pods())[0]!.metadata
  const ownerOf = async () => controllerOf(await story.run(story.client.get(Pod, { namespace, name: name! })))?.name
  const patch = (metadata: object) => story.run(story.client.patch(Pod, { namespace, name: name! }, { type: 'merge', body: { metadata } }))
  await patch({ ownerReferences: null })
  await story.until(async () => (await ownerOf()) === 'work')
  await patch({ labels: null })
  await story.until(async () => (await ownerOf()) === undefined)
})

test('should allow to use a pod failure policy to ignore failure matching on DisruptionTarget condition', async () => {
  const story = await beginJobs({ nodes: 2 })
  await using _ = story.cluster
  // The second time, the file is there, and the Pod succeeds.
  const template = {
    spec: {
      ...sh('while true; do if [ -f /shared/go ]; then exit 0; fi; sleep 1; done').spec,
      nodeName: 'node-0',
      volumes: [{ name: 'shared', hostPath: { path: '/tmp/shared', type: 'DirectoryOrCreate' } }],
    },
  }
  template.spec.containers = template.spec.containers.map(container => ({ ...container, volumeMounts: [{ name: 'shared', mountPath: '/shared' }] }))
  const podFailurePolicy = { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }] }
  await story.create({ backoffLimit: 0, podFailurePolicy, template })
  await story.until(async () => (await story.job()).status.ready === 1)
  const [pod] = await story.pods()
  const key = { namespace, name: pod!.metadata.name! }
  await story.run(story.client.createSubresource(Pod as unknown as Kind<never>, key, 'eviction', { apiVersion: 'policy/v1', kind: 'Eviction', metadata: key }))
  await story.until(async () => (await story.active()).some(({ metadata }) => metadata.uid !== pod!.metadata.uid))
  await story.run(story.cluster.nodes.get('node-0')!.disk.writeFile('/tmp/shared/go', new Uint8Array()))
  const done = await story.untilDone()
  assert.deepEqual([done.status.succeeded, done.status.failed], [1, undefined])
})

test('should allow to use the pod failure policy on exit code to fail the job early', async () => {
  const story = await beginJobs({ nodes: 2 })
  await using _ = story.cluster
  const podFailurePolicy = { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } }] }
  await story.create({ completions: 4, parallelism: 2, backoffLimit: 6, podFailurePolicy, template: sh('exit 1') })
  await story.untilDone('Failed')
  assert.deepEqual(await reasons(story), ['FailureTarget PodFailurePolicy', 'Failed PodFailurePolicy'])
})

test('should apply changes to a job status', async () => {
  const story = await beginJobs({ nodes: 2 })
  await using _ = story.cluster
  await story.create({ parallelism: 2, completions: 4, template: sh('sleep 1000000') })
  await story.until(async () => (await story.job()).status.active === 2)
  const key = { namespace, name: 'work' }
  const custom = (type: string) => ({ type, status: 'True' as const, lastTransitionTime: '2026-01-01T00:00:00Z', reason: 'E2E', message: 'Set by a test' })
  const body = { metadata: { annotations: { patchedstatus: 'true' } }, status: { conditions: [custom('CustomConditionType')] } }
  const patched = await story.run(story.client.patch(Job, key, { type: 'merge', body }, { subresource: 'status' }))
  assert.equal(patched.metadata.annotations!['patchedstatus'], 'true')
  assert.equal(patched.status.conditions![0]!.type, 'CustomConditionType')
  assert.ok(patched.status.startTime)
  await story.settle()
  const current = await story.job()
  const updated = await story.run(
    story.client.updateStatus(Job, { ...current, status: { ...current.status, conditions: [...current.status.conditions!, custom('Another')] } }),
  )
  assert.deepEqual(
    updated.status.conditions!.map(({ type }) => type),
    ['CustomConditionType', 'Another'],
  )
  const read = (await story.run(story.client.request({ method: 'GET', path: `${pathOf(Job, key)}/status` }))) as Job
  assert.equal(read.metadata.uid, current.metadata.uid)
})

test('should create pods for an Indexed job with completion indexes and specified hostname', async () => {
  const story = await beginJobs({ nodes: 2 })
  await using _ = story.cluster
  await story.create({ completions: 4, parallelism: 2, completionMode: 'Indexed', template: sh('echo $JOB_COMPLETION_INDEX') })
  const done = await story.untilDone()
  assert.equal(done.status.completedIndexes, '0-3')
  const succeeded = (await story.pods()).filter(({ status }) => status.phase === 'Succeeded')
  assert.deepEqual(
    succeeded
      .map(({ metadata, spec }) => [metadata.annotations!['batch.kubernetes.io/job-completion-index'], spec.hostname])
      .sort(([a], [b]) => Number(a) - Number(b)),
    ['0', '1', '2', '3'].map(index => [index, `work-${index}`]),
  )
})

test('should delete a job', async () => {
  const story = await beginJobs({ nodes: 2 })
  await using _ = story.cluster
  await story.create({ parallelism: 2, completions: 2, template: sh('sleep 1000000') })
  await story.until(async () => (await story.job()).status.active === 2)
  await story.run(story.client.delete(Job, { namespace, name: 'work' }, { propagationPolicy: 'Foreground' }))
  await story.until(async () => (await story.jobs()).length === 0)
  assert.deepEqual(await story.pods(), [])
})

test('should execute all indexes despite some failing when using backoffLimitPerIndex', async () => {
  const story = await beginJobs({ nodes: 2 })
  await using _ = story.cluster
  const template = byIndex('if [ $i = 0 ] || [ $i = 2 ]; then exit 1; fi')
  await story.create(indexed(4, { parallelism: 2, backoffLimitPerIndex: 1, template }))
  const done = await story.untilDone('Failed')
  const { succeeded, failed, completedIndexes, failedIndexes } = done.status
  assert.deepEqual([succeeded, failed, completedIndexes, failedIndexes], [2, 4, '1,3', '0,2'])
})

test('should manage the lifecycle of a job', async () => {
  const story = await beginJobs({ nodes: 2 })
  await using _ = story.cluster
  const told: string[] = []
  const labelSelector = 'e2e-job-label=work'
  story.client.watch(Job, { namespace, labelSelector }, { event: ({ type }) => void told.push(type), ended() {} })
  await story.run(
    story.client.create(Job, {
      metadata: { name: 'work', namespace, labels: { 'e2e-job-label': 'work' } },
      spec: { suspend: true, template: sh('sleep 2') },
    } as unknown as Draft<Job>),
  )
  await story.until(async () => told.includes('ADDED'))
  await story.run(story.client.patch(Job, { namespace, name: 'work' }, { type: 'strategic', body: { metadata: { labels: { patched: 'true' } } } }))
  const current = await story.job()
  assert.equal(current.metadata.labels!['patched'], 'true')
  const updated = await story.run(
    story.client.update(Job, { ...current, metadata: { ...current.metadata, annotations: { updated: 'true' } }, spec: { ...current.spec, suspend: false } }),
  )
  assert.equal(updated.metadata.annotations!['updated'], 'true')
  await story.untilDone()
  assert.equal((await story.run(story.client.list(Job, { namespace, labelSelector }))).items.length, 1)
  await story.run(story.client.request({ method: 'DELETE', path: collectionPath(Job, namespace), query: { labelSelector, propagationPolicy: 'Background' } }))
  await story.until(async () => (await story.jobs()).length === 0 && (await story.pods()).length === 0)
  assert.deepEqual(new Set(told), new Set(['ADDED', 'MODIFIED', 'DELETED']))
})

test('should mark indexes as failed when the FailIndex action is matched in podFailurePolicy', async () => {
  const story = await beginJobs({ nodes: 2 })
  await using _ = story.cluster
  const podFailurePolicy = { rules: [{ action: 'FailIndex', onExitCodes: { operator: 'NotIn', values: [1] } }] }
  const template = byIndex('if [ $i = 1 ]; then exit 42; fi')
  await story.create(indexed(2, { backoffLimitPerIndex: 1, podFailurePolicy, template }))
  const done = await story.untilDone('Failed')
  const { succeeded, failed, completedIndexes, failedIndexes } = done.status
  assert.deepEqual([succeeded, failed, completedIndexes, failedIndexes], [1, 1, '0', '1'])
})

test('should run a job to completion when tasks sometimes fail and are locally restarted', async () => {
  const story = await beginJobs({ nodes: 2 })
  await using _ = story.cluster
  const template = sh('if [ -r /data/foo ]; then exit 0; else touch /data/foo; exit 1; fi', 'OnFailure')
  const containers = template.spec.containers.map(container => ({ ...container, volumeMounts: [{ name: 'data', mountPath: '/data' }] }))
  await story.create({ parallelism: 2, completions: 4, template: { spec: { ...template.spec, containers, volumes: [{ name: 'data', emptyDir: {} }] } } })
  const done = await story.untilDone()
  assert.deepEqual([done.status.succeeded, done.status.failed], [4, undefined])
  const restarts = (await story.pods()).map(({ status }) => status.containerStatuses![0]!.restartCount)
  assert.deepEqual(restarts, [1, 1, 1, 1])
})

test('should terminate job execution when the number of failed indexes exceeds maxFailedIndexes', async () => {
  const story = await beginJobs({ nodes: 2 })
  await using _ = story.cluster
  const template = byIndex('if [ $i = 0 ]; then exit 1; fi; sleep 1000000')
  await story.create(indexed(2, { parallelism: 2, backoffLimitPerIndex: 1, maxFailedIndexes: 0, template }))
  const done = await story.untilDone('Failed')
  assert.deepEqual([done.status.failedIndexes, done.status.completedIndexes], ['0', undefined])
  assert.deepEqual(await reasons(story), ['FailureTarget MaxFailedIndexesExceeded', 'Failed MaxFailedIndexesExceeded'])
})

for (const [name, rule, script, wanted] of [
  ['with successPolicy should succeeded when all indexes succeeded', { succeededIndexes: '0-1' }, 'true', { succeeded: 2, completedIndexes: '0,1' }],
  [
    'with successPolicy succeededIndexes rule should succeeded even when some indexes remain pending',
    { succeededIndexes: '0' },
    'if [ $i != 0 ]; then sleep 1000000; fi',
    { succeeded: 1, completedIndexes: '0' },
  ],
  [
    'with successPolicy succeededCount rule should succeeded even when some indexes remain pending',
    { succeededCount: 1 },
    'if [ $i != 0 ]; then sleep 1000000; fi',
    { succeeded: 1, completedIndexes: '0' },
  ],
] as const)
  test(name, async () => {
    const story = await beginJobs({ nodes: 2 })
    await using _ = story.cluster
    await story.create(indexed(2, { successPolicy: { rules: [rule] }, template: byIndex(script) }))
    const { succeeded, completedIndexes, active, terminating } = (await story.untilDone()).status
    assert.deepEqual([{ succeeded, completedIndexes }, active, terminating], [wanted, undefined, 0])
    assert.deepEqual(await reasons(story), ['SuccessCriteriaMet SuccessPolicy', 'Complete SuccessPolicy'])
  })

// ── CronJobs ─────────────────────────────────────────────────────────────────────────────────────

const EVERY_MINUTE = '*/1 * * * ?'
const cronJob = (concurrencyPolicy: string, script: string, more: object = {}, schedule = EVERY_MINUTE) =>
  ({
    metadata: { name: 'tick', namespace, labels: { 'special-label': 'tick' } },
    spec: { schedule, concurrencyPolicy, jobTemplate: { spec: { parallelism: 1, completions: 1, template: sh(script, 'OnFailure') } }, ...more },
  }) as unknown as Draft<CronJob>

const activeOf = async (story: JobStory) => ((await story.cronJob()).status.active ?? []).map(({ name }) => name!)

test('should not schedule jobs when suspended', async () => {
  const story = await beginJobs({ nodes: 2 })
  await using _ = story.cluster
  await story.run(story.client.create(CronJob, cronJob('Allow', 'sleep 1', { suspend: true })))
  await story.cluster.advance(300_000)
  assert.deepEqual([await activeOf(story), await story.jobs()], [[], []])
})

test('should not schedule new jobs when ForbidConcurrent', async () => {
  const story = await beginJobs({ nodes: 2 })
  await using _ = story.cluster
  await story.run(story.client.create(CronJob, cronJob('Forbid', 'sleep 300')))
  await story.until(async () => (await activeOf(story)).length === 1)
  const first = await activeOf(story)
  await story.cluster.advance(120_000)
  assert.deepEqual([await activeOf(story), (await story.jobs()).length], [first, 1])
})

test('should replace jobs when ReplaceConcurrent', async () => {
  const story = await beginJobs({ nodes: 2 })
  await using _ = story.cluster
  await story.run(story.client.create(CronJob, cronJob('Replace', 'sleep 300')))
  await story.until(async () => (await activeOf(story)).length === 1)
  const [first] = await activeOf(story)
  await story.until(async () => (await activeOf(story))[0] !== first)
  assert.equal((await activeOf(story)).length, 1)
  await story.until(async () => (await story.jobs()).length === 1)
})

test('should schedule multiple jobs concurrently', async () => {
  const story = await beginJobs({ nodes: 2 })
  await using _ = story.cluster
  await story.run(story.client.create(CronJob, cronJob('Allow', 'sleep 300')))
  await story.until(async () => (await activeOf(story)).length === 2)
  const running = (await story.jobs()).filter(({ status }) => (status.active ?? 0) > 0)
  assert.equal(running.length, 2)
})

test('should support CronJob API operations', async () => {
  const story = await beginJobs({ nodes: 2 })
  await using _ = story.cluster
  const { client, run } = story
  const resources = (await run(client.request({ method: 'GET', path: '/apis/batch/v1' }))) as { resources: { name: string }[] }
  assert.deepEqual(
    resources.resources.map(({ name }) => name),
    ['cronjobs', 'cronjobs/status', 'jobs', 'jobs/status'],
  )
  const told: string[] = []
  const labelSelector = 'special-label=tick'
  client.watch(CronJob, { namespace, labelSelector }, { event: ({ type }) => void told.push(type), ended() {} })
  const draft = cronJob('Allow', 'true', {}, '0 0 1 1 *')
  const create = (name: string) => run(client.create(CronJob, { ...draft, metadata: { ...draft.metadata, name } }))
  for (const name of ['tick', 'tock', 'tack']) await create(name)
  assert.equal((await story.cronJob()).metadata.name, 'tick')
  assert.equal((await run(client.list(CronJob, { namespace, labelSelector }))).items.length, 3)
  assert.equal((await run(client.list(CronJob, { labelSelector }))).items.length, 3)

  const key = { namespace, name: 'tick' }
  const patched = await run(client.patch(CronJob, key, { type: 'strategic', body: { metadata: { annotations: { patched: 'true' } } } }))
  assert.equal(patched.metadata.annotations!['patched'], 'true')
  const updated = await run(client.update(CronJob, { ...patched, metadata: { ...patched.metadata, annotations: { updated: 'true' } } }))
  assert.equal(updated.metadata.annotations!['updated'], 'true')
  await story.until(async () => told.filter(type => type === 'MODIFIED').length >= 2)

  const status = { lastScheduleTime: '2026-01-01T00:00:00Z' }
  const statusPatched = await run(
    client.patch(CronJob, key, { type: 'merge', body: { metadata: { annotations: { patchedstatus: 'true' } }, status } }, { subresource: 'status' }),
  )
  assert.deepEqual([statusPatched.status, statusPatched.metadata.annotations!['patchedstatus']], [status, 'true'])
  const later = { lastScheduleTime: '2026-01-02T00:00:00Z' }
  assert.deepEqual((await run(client.updateStatus(CronJob, { ...statusPatched, status: later }))).status, later)
  assert.deepEqual(((await run(client.request({ method: 'GET', path: `${pathOf(CronJob, key)}/status` }))) as CronJob).status, later)

  await run(client.delete(CronJob, key))
  assert.equal((await run(client.list(CronJob, { namespace }))).items.length, 2)
  await run(client.request({ method: 'DELETE', path: collectionPath(CronJob, namespace), query: { labelSelector } }))
  assert.deepEqual((await run(client.list(CronJob, { namespace }))).items, [])
  await story.until(async () => told.filter(type => type === 'DELETED').length === 3)
})
