/**
 * A seed draws Jobs and a CronJob, how their Pods end, and what goes wrong between their controllers and the API: lost
 * requests and replies, cut watches, slow answers, and controllers that die between any two writes and begin anew.
 *
 * At every write no Job has more Pods than it may; when all is over each end was counted once, and no Pod is held back.
 */
import assert from 'node:assert/strict'
import { CronJob } from '../../src/api/kinds/cron_job.ts'
import { Job } from '../../src/api/kinds/job.ts'
import { hasJobCondition } from '../../src/api/kinds/job_columns.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { ServiceAccount } from '../../src/api/kinds/service_account.ts'
import { controllerOf, stampResourceVersion, timestamp, type KubernetesObject } from '../../src/api/meta.ts'
import { isActive } from '../../src/api/pod.ts'
import type { Random } from '../../src/base/random.ts'
import { createClient } from '../../src/client/api_client.ts'
import { createCaches } from '../../src/client/caches.ts'
import type { Client, Draft } from '../../src/client/client.ts'
import { createEventRecorder } from '../../src/client/events.ts'
import { createCluster, type Cluster } from '../../src/cluster/cluster.ts'
import { administrator, controllerManagerUser } from '../../src/cluster/identities.ts'
import { startCronJobController } from '../../src/controllers/cron_job/cron_job.ts'
import { startJobController } from '../../src/controllers/job/job.ts'
import { startJobOrphansController } from '../../src/controllers/job/orphans.ts'
import { createOwnedObjects } from '../../src/controllers/workload/owned_objects.ts'
import { checkStore, type Checker } from '../../src/sim/checkers/checker.ts'
import { revisionsGrow } from '../../src/sim/checkers/revisions.ts'
import { createLink, type Link } from '../../src/sim/link.ts'
import { traceStore } from '../../src/sim/store_trace.ts'
import { createSimulatedTokenIssuer } from '../../src/sim/tokens.ts'
import { createWorld, type World } from '../../src/sim/world.ts'
import { createMemoryStore } from '../../src/store/memory_store.ts'
import type { Store } from '../../src/store/store.ts'

const namespace = 'default'
const STORM_MS = 600_000
/** The longest back-off is ten minutes, and there may be some of them. */
const CALM_MS = 6 * 3_600_000
const TRACKING = 'batch.kubernetes.io/job-tracking'

export interface JobSwarmResult {
  readonly hash: string
  readonly pods: number
  readonly failures: number
  readonly crashes: number
}

export async function jobSwarm(seed: number): Promise<JobSwarmResult> {
  const world = createWorld({ seed: `jobs/${seed}` })
  const random = world.random.fork('swarm')
  const store = createMemoryStore({ stamp: stampResourceVersion })
  traceStore(world, store)
  checkStore(world, store, [revisionsGrow(), noneTooMany(), onlyOneOf('forbid')])
  const cluster = apiAlone(world, store)
  const client = cluster.client(administrator)
  await world.finish(cluster.apiServer.bootstrap())
  await world.finish(client.create(ServiceAccount, { metadata: { name: 'default', namespace } }))

  const ends = endPods(world, store, client, random.fork('ends'))
  const drafts = drawJobs(random.fork('jobs'))
  for (const draft of drafts) world.schedule(random.below(60_000), () => void client.create(Job, draft), `user creates ${draft.metadata.name}`)
  await world.finish(client.create(CronJob, forbidding()))

  const controllers = startControllers(world, cluster)
  const storm = random.fork('storm')
  controllers.fail(storm)
  const crashes = 2 + storm.below(5)
  for (let i = 0; i < crashes; i++) world.schedule(storm.below(STORM_MS), () => controllers.restart(), 'the controllers die')
  await world.advance(STORM_MS)
  controllers.mend()
  await world.finish(client.patch(CronJob, { namespace, name: 'forbid' }, { type: 'merge', body: { spec: { suspend: true } } }))
  for (let waited = 0; waited < CALM_MS && !(await areOver(world, client)); waited += 60_000) await world.advance(60_000)

  for (const draft of drafts) await isCounted(world, client, draft.metadata.name!, ends)
  for (const { metadata } of (await world.finish(client.list(Pod, { namespace }))).items)
    assert.ok(!metadata.finalizers?.includes(TRACKING), `nobody lets ${metadata.name} go`)
  await controllers.stop()
  return { hash: world.trace.hash(), pods: ends.size, failures: [...ends.values()].filter(end => !end.isSuccess).length, crashes }
}

/** An API server and nobody else: what acts is for the story to say. */
function apiAlone(world: World, store: Store): Cluster {
  const host = world.host('api')
  return createCluster({
    host,
    store,
    tokens: createSimulatedTokenIssuer(host.clock),
    caCertificate: 'simulated',
    serviceCidr: '10.96.0.0/16',
    clusterDomain: 'cluster.local',
    dnsIP: '10.96.0.10',
  })
}

const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox:1' }] } }

function drawJobs(random: Random): readonly Draft<Job>[] {
  const draft = (name: string, spec: object) => {
    const [completions, parallelism] = [1 + random.below(12), 1 + random.below(5)]
    return { metadata: { name, namespace }, spec: { completions, parallelism, backoffLimit: 100, template, ...spec } } as unknown as Draft<Job>
  }
  return [
    draft('plain', {}),
    draft('patient', { podReplacementPolicy: 'Failed' }),
    draft('indexed', { completionMode: 'Indexed' }),
    draft('each', { completionMode: 'Indexed', backoffLimitPerIndex: 2 }),
    draft('queue', { completions: undefined, parallelism: 1 + random.below(4) }),
    draft('doomed', { backoffLimit: 0 }),
  ]
}

const forbidding = () =>
  ({
    metadata: { name: 'forbid', namespace },
    spec: { schedule: '* * * * *', concurrencyPolicy: 'Forbid', jobTemplate: { spec: { backoffLimit: 1, template } } },
  }) as unknown as Draft<CronJob>

/** By uid of the Pod: whose it was, and whether it succeeded without anybody having asked it to go. */
type Ends = Map<string, { readonly jobUid: string; readonly isSuccess: boolean }>

/** Stands in for nodes: every Pod runs for a while and ends; some are deleted meanwhile. What became of each is remembered. */
function endPods(world: World, store: Store, client: Client, random: Random): Ends {
  const ends: Ends = new Map()
  store.watch('/pods/', store.revision, ({ stored, previous }) => {
    const pod = stored?.value as Pod | undefined
    if (!pod) return
    if (!previous) {
      ends.set(pod.metadata.uid!, { jobUid: ownerUid(pod), isSuccess: false })
      const isSuccess = random.below(4) > 0
      world.schedule(500 + random.below(20_000), () => void end(pod, isSuccess), `${pod.metadata.name} ends`)
      if (random.below(20) === 0) world.schedule(random.below(20_000), () => void remove(pod), `user deletes ${pod.metadata.name}`)
      return
    }
    const isSuccess = pod.status.phase === 'Succeeded' && !(previous!.value as Pod).metadata.deletionTimestamp
    if (isSuccess) ends.set(pod.metadata.uid!, { jobUid: ownerUid(pod), isSuccess })
  })
  const key = ({ metadata }: Pod) => ({ namespace, name: metadata.name! })
  const end = async (pod: Pod, isSuccess: boolean) => {
    const at = timestamp(world.host('api').clock.wall())
    const terminated = { exitCode: isSuccess ? 0 : 1, reason: isSuccess ? 'Completed' : 'Error', startedAt: at, finishedAt: at }
    const containerStatuses = [{ name: 'main', image: 'busybox:1', imageID: '', ready: false, restartCount: 0, state: { terminated }, lastState: {} }]
    const body = { metadata: { uid: pod.metadata.uid }, status: { phase: isSuccess ? 'Succeeded' : 'Failed', containerStatuses } }
    await client.patch(Pod, key(pod), { type: 'merge', body }, { subresource: 'status' }).catch(() => undefined)
  }
  const remove = (pod: Pod) => client.delete(Pod, key(pod), { uid: pod.metadata.uid }).catch(() => undefined)
  return ends
}

/** The process of the controllers, which dies and begins anew with nothing but what the API knows. */
function startControllers(world: World, cluster: Cluster) {
  let host = world.host('controllers')
  let link: Link
  let running: readonly { stop(): Promise<void> }[] = []
  let faults: Parameters<Link['setFaults']>[0] = {}
  const start = () => {
    link = createLink({ caller: host, handle: cluster.handle })
    link.setFaults(faults)
    const client = createClient(link.transport, { user: controllerManagerUser })
    const { of } = createCaches(host, client)
    const [jobs, pods] = [of(Job), of(Pod)]
    const ownedPods = createOwnedObjects(pods)
    const events = (component: string) => createEventRecorder(host, client, { component })
    running = [
      startJobController(host, client, { jobs, pods, ownedPods, events: events('job-controller') }),
      startJobOrphansController(host, client, { jobs, pods, ownedPods }),
      startCronJobController(host, client, { cronJobs: of(CronJob), jobs, ownedJobs: createOwnedObjects(jobs), events: events('cronjob-controller') }),
    ]
  }
  start()
  return {
    fail(random: Random) {
      faults = {
        loseRequest: [random.below(25), 100],
        loseReply: [random.below(25), 100],
        cutWatch: [random.below(3), 100],
        slow: { ratio: [1, 20], ms: 300 },
      }
      link.setFaults(faults)
    },
    mend() {
      faults = {}
      link.setFaults(faults)
    },
    restart() {
      host.crash()
      host = host.restart()
      start()
    },
    stop: () => world.finish(Promise.all(running.map(controller => controller.stop()))),
  }
}

async function areOver(world: World, client: Client): Promise<boolean> {
  const { items } = await world.finish(client.list(Job, { namespace }))
  return items.every(isOver)
}

const isOver = (job: Job): boolean => hasJobCondition(job, 'Complete') || hasJobCondition(job, 'Failed')

/** Every Pod of the Job that ended is in its numbers, once. */
async function isCounted(world: World, client: Client, name: string, ends: Ends): Promise<void> {
  const job = await world.finish(client.get(Job, { namespace, name }))
  const { spec, status, metadata } = job
  const shown = `${name}: ${JSON.stringify(status)}`
  assert.ok(isOver(job), shown)
  assert.deepEqual([status.active, status.terminating, status.uncountedTerminatedPods], [undefined, 0, {}], shown)
  const own = [...ends.values()].filter(({ jobUid }) => jobUid === metadata.uid)
  const succeeded = own.filter(({ isSuccess }) => isSuccess).length
  assert.equal((status.succeeded ?? 0) + (status.failed ?? 0), own.length, shown)
  assert.ok((status.succeeded ?? 0) >= succeeded, shown)
  if (hasJobCondition(job, 'Complete') && spec.completions !== undefined) assert.equal(status.succeeded, spec.completions, shown)
}

const ownerUid = (object: KubernetesObject): string => controllerOf(object)?.uid ?? ''

function noneTooMany(): Checker {
  const active = new Map<string, Set<string>>()
  const limits = new Map<string, number>()
  return {
    name: 'never more Pods than parallelism',
    prefix: '/',
    see({ key, stored, previous }) {
      if (key.startsWith('/batch/jobs/') && stored) {
        const { metadata, spec } = stored.value as Job
        limits.set(metadata.uid!, spec.parallelism!)
      }
      if (!key.startsWith('/pods/')) return undefined
      const pod = (stored ?? previous)!.value as Pod
      const owner = ownerUid(pod)
      const pods = active.get(owner) ?? new Set()
      active.set(owner, pods)
      if (stored && isActive(pod)) pods.add(key)
      else pods.delete(key)
      return pods.size > limits.get(owner)! ? `${controllerOf(pod)?.name} has ${pods.size} Pods and may have ${limits.get(owner)}` : undefined
    },
  }
}

function onlyOneOf(cronJob: string): Checker {
  const running = new Set<string>()
  return {
    name: `never two Jobs of ${cronJob}`,
    prefix: '/batch/jobs/',
    see({ key, stored }) {
      const job = stored?.value as Job | undefined
      if (job && controllerOf(job)?.name !== cronJob) return undefined
      if (job && !isOver(job)) running.add(key)
      else running.delete(key)
      return running.size > 1 ? [...running].join() : undefined
    },
  }
}
