/** The life of CronJobs, over a whole cluster in virtual time (behaviour 8.5.7). Nothing polls, so every instant is exact. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CronJob } from '../../src/api/kinds/cron_job.ts'
import { Job } from '../../src/api/kinds/job.ts'
import { controllerOf } from '../../src/api/meta.ts'
import type { Draft } from '../../src/client/client.ts'
import { beginJobs, namespace, sh } from './job_story.ts'

/** Has nothing to do, and is complete at once. */
const nothing = { completions: 0, template: sh('true') }
const endless = { template: sh('sleep 1000000') }

const cronJob = (schedule: string, more: object = {}, jobSpec: object = nothing) =>
  ({ metadata: { name: 'tick', namespace }, spec: { schedule, jobTemplate: { spec: jobSpec }, ...more } }) as unknown as Draft<CronJob>

/** Of a week, heartbeats and second looks would be nearly everything: here they come four times a day. */
const CHORES = { labels: /^(every |watch |event expiry)/, everyMs: 6 * 3_600_000 }

/** @param start when the story begins, in UTC */
async function begin(start: string) {
  const story = await beginJobs({ nodes: 0, world: { epochMs: Date.parse(start), chores: CHORES } })
  /** Jobs as they were made: the instant, to ten milliseconds, and the name. */
  const made: { readonly at: string; readonly name: string; readonly annotation: string | undefined }[] = []
  const { store } = story.cluster
  store.watch('/batch/jobs/', store.revision, ({ stored, previous }) => {
    if (!stored || previous) return
    const { metadata } = stored.value as Job
    made.push({
      at: `${new Date(story.wallMs()).toISOString().slice(0, 22)}Z`.replace('.00Z', 'Z'),
      name: metadata.name!,
      annotation: metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'],
    })
  })
  return { ...story, made, add: (draft: Draft<CronJob>) => story.run(story.client.create(CronJob, draft)) }
}

const hours = (count: number) => count * 3_600_000

test('a week of a CronJob: a Job at each of its times, to the instant, and three of them are kept', async () => {
  const story = await begin('2026-03-01T12:34:56Z')
  await using _ = story.cluster
  await story.add(cronJob('30 6,18 * * 1-5'))
  await story.cluster.advance(hours(7 * 24))
  const days = ['02', '03', '04', '05', '06'].flatMap(day => [`2026-03-${day}T06:30:00Z`, `2026-03-${day}T18:30:00Z`])
  assert.deepEqual(
    story.made.map(({ at }) => at),
    days,
  )
  assert.deepEqual(
    story.made.map(({ name, annotation }) => [name, annotation]),
    days.map(day => [`tick-${Date.parse(day) / 60_000}`, day]),
  )
  assert.deepEqual(
    (await story.jobs()).map(({ metadata }) => metadata.name),
    story.made.slice(-3).map(({ name }) => name),
  )
  const { status } = await story.cronJob()
  assert.deepEqual(status, { lastScheduleTime: '2026-03-06T18:30:00Z', lastSuccessfulTime: '2026-03-06T18:30:00Z' })
  const [job] = await story.jobs()
  const { uid, ...owner } = controllerOf(job!)!
  assert.equal(uid, (await story.cronJob()).metadata.uid)
  assert.deepEqual(owner, { apiVersion: 'batch/v1', kind: 'CronJob', name: 'tick', controller: true, blockOwnerDeletion: true })
})

test('it says what it does: Jobs made, ended, and taken out of the history', async () => {
  const story = await begin('2026-03-01T00:00:30Z')
  await using _ = story.cluster
  await story.add(cronJob('* * * * *', { successfulJobsHistoryLimit: 1 }))
  await story.cluster.advance(125_000)
  const [first, second] = story.made.map(({ name }) => name)
  assert.deepEqual(await story.said('SuccessfulCreate'), [`Created job ${first}`, `Created job ${second}`])
  assert.deepEqual(await story.said('SawCompletedJob'), [
    `Saw completed job: ${first}, condition: Complete`,
    `Saw completed job: ${second}, condition: Complete`,
  ])
  assert.deepEqual(await story.said('SuccessfulDelete'), [`Deleted job ${first}`])
})

test('the schedule is that of the place, through the night when the clocks go forward', async () => {
  const story = await begin('2026-03-07T00:00:00Z')
  await using _ = story.cluster
  await story.add(cronJob('30 2 * * *', { timeZone: 'America/New_York' }))
  await story.cluster.advance(hours(4 * 24))
  assert.deepEqual(
    story.made.map(({ at, annotation }) => [at, annotation]),
    [
      ['2026-03-07T07:30:00Z', '2026-03-07T02:30:00-05:00'],
      // On the 8th there was no half past two.
      ['2026-03-09T06:30:00Z', '2026-03-09T02:30:00-04:00'],
      ['2026-03-10T06:30:00Z', '2026-03-10T02:30:00-04:00'],
    ],
  )
})

test('and through the night when they go back, in which an hour comes twice', async () => {
  const story = await begin('2026-10-31T12:00:00Z')
  await using _ = story.cluster
  await story.add(cronJob('30 1 * * *', { timeZone: 'America/New_York' }))
  await story.cluster.advance(hours(2 * 24))
  assert.deepEqual(
    story.made.map(({ at, annotation }) => [at, annotation]),
    [
      ['2026-11-01T05:30:00Z', '2026-11-01T01:30:00-04:00'],
      ['2026-11-01T06:30:00Z', '2026-11-01T01:30:00-05:00'],
      ['2026-11-02T06:30:00Z', '2026-11-02T01:30:00-05:00'],
    ],
  )
})

test('Jobs that take longer than the time between them run beside each other, wait, or make room', async () => {
  const story = await begin('2026-03-01T00:00:30Z')
  await using _ = story.cluster
  for (const concurrencyPolicy of ['Allow', 'Forbid', 'Replace']) {
    const draft = cronJob('* * * * *', { concurrencyPolicy }, endless)
    await story.add({ ...draft, metadata: { ...draft.metadata, name: concurrencyPolicy.toLowerCase() } })
  }
  await story.cluster.advance(200_000)
  const active = async (name: string) => ((await story.cronJob(name)).status.active ?? []).map(one => one.name)
  const minutes = [1, 2, 3].map(minute => Date.parse('2026-03-01T00:00:00Z') / 60_000 + minute)
  assert.deepEqual(
    await active('allow'),
    minutes.map(minute => `allow-${minute}`),
  )
  assert.deepEqual(await active('forbid'), [`forbid-${minutes[0]}`])
  assert.deepEqual(await active('replace'), [`replace-${minutes[2]}`])
  assert.deepEqual(
    new Set(await story.said('JobAlreadyActive')),
    new Set(['Not starting job because prior execution is running and concurrency policy is Forbid']),
  )
  assert.deepEqual(
    await story.said('SuccessfulDelete'),
    (await story.said('SuccessfulDelete')).filter(message => /^Deleted (job replace|pod: )/.test(message ?? '')),
  )

  // The one that held up the others ends, and the last time it was due is made up for at once.
  const [running] = await active('forbid')
  await story.run(story.client.delete(Job, { namespace, name: running! }, { propagationPolicy: 'Background' }))
  await story.settle()
  assert.deepEqual(await active('forbid'), [`forbid-${minutes[2]}`])
  assert.deepEqual(await story.said('MissingJob'), [`Active job went missing: ${running}`])
})

test('a suspended CronJob makes no Jobs; resumed it makes up for the last time it missed', async () => {
  const story = await begin('2026-03-01T00:00:30Z')
  await using _ = story.cluster
  await story.add(cronJob('0 * * * *', { suspend: true }))
  await story.cluster.advance(hours(5))
  assert.deepEqual(story.made, [])
  await story.patchCronJob({ suspend: false })
  await story.cluster.advance(hours(1))
  assert.deepEqual(
    story.made.map(({ annotation }) => annotation),
    ['2026-03-01T05:00:00Z', '2026-03-01T06:00:00Z'],
  )
})

/** As if the controller had been away since the last time it made a Job. */
async function awayFor(ms: number, schedule: string, more: object = {}) {
  const story = await begin('2026-03-10T09:00:30Z')
  await story.add(cronJob(schedule, { suspend: true, ...more }))
  const lastScheduleTime = new Date(story.wallMs() - ms).toISOString().slice(0, 17) + '00Z'
  await story.run(
    story.client.patch(CronJob, { namespace, name: 'tick' }, { type: 'merge', body: { status: { lastScheduleTime } } }, { subresource: 'status' }),
  )
  await story.patchCronJob({ suspend: false })
  await story.settle()
  return story
}

test('a controller that was away for a day makes one Job for the last time it missed, and goes on', async () => {
  const story = await awayFor(hours(24), '*/30 * * * *')
  await using _ = story.cluster
  assert.deepEqual(
    story.made.map(({ annotation }) => annotation),
    ['2026-03-10T09:00:00Z'],
  )
  await story.cluster.advance(1_800_000)
  assert.deepEqual(story.made.map(({ at }) => at).slice(1), ['2026-03-10T09:30:00Z'])
  assert.deepEqual(await story.said('TooManyMissedTimes'), [])
})

test('more than a hundred missed times are told about, and the last one is made up for all the same', async () => {
  const story = await awayFor(hours(24), '* * * * *')
  await using _ = story.cluster
  assert.deepEqual(
    story.made.map(({ annotation }) => annotation),
    ['2026-03-10T09:00:00Z'],
  )
  assert.deepEqual(await story.said('TooManyMissedTimes'), ['too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew'])
})

test('what is later than startingDeadlineSeconds is missed for good', async () => {
  const story = await awayFor(hours(24), '0 0 * * *', { startingDeadlineSeconds: 600 })
  await using _ = story.cluster
  assert.deepEqual(story.made, [])
  await story.cluster.advance(hours(15))
  assert.deepEqual(
    story.made.map(({ at }) => at),
    ['2026-03-11T00:00:00Z'],
  )
})

test('a schedule that is changed holds from then on', async () => {
  const story = await begin('2026-03-01T00:00:30Z')
  await using _ = story.cluster
  await story.add(cronJob('0 0 1 1 *'))
  await story.cluster.advance(hours(1))
  await story.patchCronJob({ schedule: '15 3 * * *' })
  await story.cluster.advance(hours(24))
  assert.deepEqual(
    story.made.map(({ at }) => at),
    ['2026-03-01T03:15:00Z'],
  )
})

test('a schedule that never comes round is told about, and so is a Job that somebody else has made', async () => {
  const story = await begin('2026-03-01T00:00:30Z')
  await using _ = story.cluster
  await story.add(cronJob('0 0 31 2 *'))
  await story.settle()
  assert.deepEqual(await story.said('InvalidSchedule'), ['invalid schedule: 0 0 31 2 * : time difference between two schedules is less than 1 second'])
  const { metadata } = await story.cronJob()
  await story.run(
    story.client.create(Job, {
      metadata: {
        name: 'by-hand',
        namespace,
        annotations: { 'cronjob.kubernetes.io/instantiate': 'manual' },
        ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'tick', uid: metadata.uid!, controller: true }],
      },
      spec: endless,
    } as unknown as Draft<Job>),
  )
  await story.settle()
  assert.ok((await story.said('UnexpectedJob')).includes('Saw a job that the controller did not create or forgot: by-hand'))
  assert.equal((await story.cronJob()).status.active, undefined)
})
