/**
 * Job: Pods run until as many as wanted have succeeded, or too many have failed.
 *
 *   watch Job, Pod ─▶ reconcile ─▶ claim ─▶ planJob ─▶ make or send away Pods ─▶ status ─▶ finalizers of what it has counted
 *
 * The order of the writes is what keeps the numbers right when a process ends between any two of them (tally.ts).
 */
import { deepEqual } from '../../api/deep.ts'
import { Job } from '../../api/kinds/job.ts'
import { hasJobCondition } from '../../api/kinds/job_columns.ts'
import { Pod } from '../../api/kinds/pod.ts'
import { matchesLabelSelector } from '../../api/label_selector.ts'
import { keyOf, keyText } from '../../api/meta.ts'
import { isReason } from '../../api/status.ts'
import type { JobStatus } from '../../api/types/job.ts'
import { messageOf } from '../../base/error_message.ts'
import type { Host } from '../../base/host.ts'
import type { Cache } from '../../client/cache.ts'
import type { Client } from '../../client/client.ts'
import { settled, startController, watches, type Outcome } from '../../client/controller.ts'
import type { EventRecorder } from '../../client/event_recorder.ts'
import { isNamespaceLeaving } from '../namespace_contents.ts'
import { createInBatches } from '../workload/batches.ts'
import { claimObjects, planClaim } from '../workload/claim.ts'
import type { OwnedObjects } from '../workload/owned_objects.ts'
import { ownersTouchedBy } from '../workload/owners.ts'
import type { End } from './back_off.ts'
import { newPod } from './new_pod.ts'
import { planJob, type JobPlan } from './plan_job.ts'
import type { Vacancy } from './plan_pods.ts'
import { isTracked, TRACKING_FINALIZER } from './pods.ts'

export interface JobControllerParts {
  readonly jobs: Cache<Job>
  readonly pods: Cache<Pod>
  readonly ownedPods: OwnedObjects<Pod>
  readonly events: EventRecorder
}

/** Jobs of other managers are left alone. */
const OWN_NAME = 'kubernetes.io/job-controller'

export function startJobController(host: Host, client: Client, { jobs, pods, ownedPods, events }: JobControllerParts) {
  const { clock } = host
  const selects = (job: Job, pod: Pod) => matchesLabelSelector(job.spec.selector, pod.metadata.labels)
  /** By key, of Jobs that are not over: how their last Pods ended, because the Pods themselves may be gone. */
  const remembered = new Map<string, { readonly uid: string; readonly ends: readonly End[] }>()

  return startController(host, client, {
    name: 'job-controller',
    sources: [watches(Job, jobs), watches(Pod, pods, change => ownersTouchedBy(change, Job, jobs, selects))],
    async reconcile(key, api): Promise<Outcome> {
      const job = jobs.get(key)
      if (!job || isFinished(job) || !isOurs(job)) {
        remembered.delete(keyText(key))
        return settled
      }
      const claim = planClaim(job, [...ownedPods.of(job), ...ownedPods.orphans(key.namespace)], pod => selects(job, pod))
      const mine = await claimObjects(api, { ownerKind: Job, owner: job, kind: Pod, finalizer: TRACKING_FINALIZER }, claim)

      const memory = remembered.get(keyText(key))
      const plan = planJob(job, mine, memory?.uid === job.metadata.uid ? memory!.ends : [], clock.wall())
      remembered.set(keyText(key), { uid: job.metadata.uid!, ends: plan.lastEnds })

      const { made, failure } = await createInBatches(plan.make.length, index => makePod(api, job, plan.make[index]!))
      await Promise.all([...plan.sendAway.map(pod => sendAway(api, job, pod)), ...plan.end.map(pod => remove(api, job, pod))])
      await writeStatus(api, job, plan, withActive(plan.status, plan.make.length - made))
      await Promise.all(plan.release.map(pod => letGo(api, pod)))
      if (failure !== undefined && !isNamespaceLeaving(failure)) throw failure
      return plan.againMs === undefined ? settled : { again: plan.againMs }
    },
  })

  async function makePod(api: Client, job: Job, vacancy: Vacancy): Promise<void> {
    try {
      const pod = await api.create(Pod, newPod(job, vacancy))
      events.normal(job, 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`)
    } catch (error) {
      if (!isNamespaceLeaving(error)) events.warning(job, 'FailedCreate', `Error creating: ${messageOf(error)}`)
      throw error
    }
  }

  /** Let go first, so that its end counts for nothing. */
  async function sendAway(api: Client, job: Job, pod: Pod): Promise<void> {
    if (isTracked(pod)) await letGo(api, pod)
    await remove(api, job, pod)
  }

  async function remove(api: Client, job: Job, pod: Pod): Promise<void> {
    try {
      await api.delete(Pod, keyOf(pod), { uid: pod.metadata.uid })
      events.normal(job, 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`)
    } catch (error) {
      if (isReason(error, 'NotFound') || isReason(error, 'Conflict')) return
      events.warning(job, 'FailedDelete', `Error deleting: ${messageOf(error)}`)
      throw error
    }
  }

  async function writeStatus(api: Client, job: Job, plan: JobPlan, status: JobStatus): Promise<void> {
    if (deepEqual(job.status, status)) return
    await api.updateStatus(Job, { ...job, status })
    for (const { type, reason, message } of plan.events) events[type](job, reason, message)
  }
}

/** Takes the finalizer off. Throws ApiError, unless the Pod is gone or another one of its name has come. */
export async function letGo(api: Client, pod: Pod): Promise<void> {
  const metadata = { uid: pod.metadata.uid, '$deleteFromPrimitiveList/finalizers': [TRACKING_FINALIZER] }
  try {
    await api.patch(Pod, keyOf(pod), { type: 'strategic', body: { metadata } })
  } catch (error) {
    if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
  }
}

export const isFinished = (job: Job): boolean => hasJobCondition(job, 'Complete') || hasJobCondition(job, 'Failed')

export const isOurs = ({ spec }: Job): boolean => spec.managedBy === undefined || spec.managedBy === OWN_NAME

/** Of the Pods that were planned some were refused. */
function withActive({ active = 0, ...status }: JobStatus, refused: number): JobStatus {
  return active - refused > 0 ? { ...status, active: active - refused } : status
}
