/** Jobs and CronJobs over a whole cluster in virtual time, and the verbs their stories are told with. */
import assert from 'node:assert/strict'
import { CronJob } from '../../src/api/kinds/cron_job.ts'
import { Event } from '../../src/api/kinds/event.ts'
import { Job } from '../../src/api/kinds/job.ts'
import { hasJobCondition } from '../../src/api/kinds/job_columns.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { timestamp } from '../../src/api/meta.ts'
import type { Draft } from '../../src/client/client.ts'
import { startVirtualCluster, type VirtualClusterOptions } from '../../src/launch/virtual_cluster.ts'

export const namespace = 'default'

export const sh = (script: string, restartPolicy = 'Never') => ({
  spec: { restartPolicy, terminationGracePeriodSeconds: 2, containers: [{ name: 'main', image: 'busybox:1', command: ['sh', '-c', script] }] },
})

export const job = (spec: object, name = 'work') => ({ metadata: { name, namespace }, spec: { template: sh('true'), ...spec } }) as unknown as Draft<Job>

export type JobStory = Awaited<ReturnType<typeof beginJobs>>

/** Without nodes (`nodes: 0`) the story itself says what becomes of each Pod, at the millisecond it wants. */
export async function beginJobs(options: Partial<VirtualClusterOptions> = {}) {
  const cluster = await startVirtualCluster({ seed: 1, ...options })
  const { client, run, world } = cluster
  const wallMs = () => world.host('control-plane').clock.wall()
  const key = (name: string) => ({ namespace, name })
  return {
    cluster,
    client,
    run,
    world,
    wallMs,
    job: (name = 'work') => run(client.get(Job, key(name))),
    cronJob: (name = 'tick') => run(client.get(CronJob, key(name))),
    async jobs() {
      return (await run(client.list(Job, { namespace }))).items
    },
    create: (spec: object, name = 'work') => run(client.create(Job, job(spec, name))),
    patch: (spec: object, name = 'work') => run(client.patch(Job, key(name), { type: 'merge', body: { spec } })),
    patchCronJob: (spec: object, name = 'tick') => run(client.patch(CronJob, key(name), { type: 'merge', body: { spec } })),
    async pods(labelSelector?: string) {
      return (await run(client.list(Pod, { namespace, ...(labelSelector && { labelSelector }) }))).items
    },
    /** Those that have not ended and are not on their way out, in the order of their indexes or names. */
    async active() {
      return (await this.pods()).filter(({ metadata, status }) => !metadata.deletionTimestamp && status.phase !== 'Failed' && status.phase !== 'Succeeded')
    },
    /** The container of the Pod ends now. */
    async ends(pod: Pod, exitCode: number, more: object = {}) {
      const at = timestamp(wallMs())
      const terminated = { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt: at, finishedAt: at }
      const status = {
        phase: exitCode === 0 ? 'Succeeded' : 'Failed',
        containerStatuses: [{ name: 'main', image: 'busybox:1', imageID: '', ready: false, restartCount: 0, state: { terminated }, lastState: {} }],
        ...more,
      }
      await run(client.patch(Pod, { namespace, name: pod.metadata.name! }, { type: 'merge', body: { status } }, { subresource: 'status' }))
    },
    async endsAll(exitCode: number) {
      for (const pod of await this.active()) await this.ends(pod, exitCode)
    },
    /** Lets a few moments pass, in which the controllers do what is to be done now. */
    settle: () => cluster.advance(100),
    async until(holds: () => Promise<boolean>, limitMs = 600_000, stepMs = 100) {
      for (let waitedMs = 0; waitedMs < limitMs; waitedMs += stepMs) {
        if (await holds()) return
        await cluster.advance(stepMs)
      }
      assert.fail('it never came about')
    },
    async untilDone(condition: 'Complete' | 'Failed' = 'Complete', name = 'work') {
      await this.until(async () => hasJobCondition(await this.job(name), condition))
      return this.job(name)
    },
    /** `Failed BackoffLimitExceeded: Job has …`, of the conditions that are True. */
    async conditions(name = 'work') {
      const { conditions = [] } = (await this.job(name)).status
      return conditions.filter(({ status }) => status === 'True').map(({ type, reason, message }) => `${type} ${reason}: ${message}`)
    },
    async said(...reasons: string[]) {
      const { items } = await run(client.list(Event, { namespace }))
      return items.filter(({ reason }) => reasons.includes(reason!)).map(({ message }) => message)
    },
  }
}

export const numbersOf = ({ status: { active = 0, ready = 0, terminating = 0, succeeded = 0, failed = 0 } }: Job) => ({
  active,
  ready,
  terminating,
  succeeded,
  failed,
})
