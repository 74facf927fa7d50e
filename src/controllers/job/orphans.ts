/**
 * Pods that wait to be counted by a Job that will never do so, because it is gone, or over, or not theirs any more: their
 * finalizer comes off, so that they can go.
 */
import { Job } from '../../api/kinds/job.ts'
import { Pod } from '../../api/kinds/pod.ts'
import { controllerOf, keyOf } from '../../api/meta.ts'
import { isReason } from '../../api/status.ts'
import type { Host } from '../../base/host.ts'
import type { Cache } from '../../client/cache.ts'
import type { Client } from '../../client/client.ts'
import { settled, startController, watches } from '../../client/controller.ts'
import type { OwnedObjects } from '../workload/owned_objects.ts'
import { isFinished, isOurs, letGo } from './job.ts'
import { isTracked } from './pods.ts'

export interface JobOrphansParts {
  readonly jobs: Cache<Job>
  readonly pods: Cache<Pod>
  readonly ownedPods: OwnedObjects<Pod>
}

export function startJobOrphansController(host: Host, client: Client, { jobs, pods, ownedPods }: JobOrphansParts) {
  return startController(host, client, {
    name: 'job-orphans',
    sources: [
      watches(Pod, pods, ({ key, object }) => (object && isTracked(object) ? [key] : [])),
      watches(Job, jobs, ({ object, previous }) => {
        const left = object === undefined ? previous : isFinished(object) ? object : undefined
        return left ? ownedPods.of(left).filter(isTracked).map(keyOf) : []
      }),
    ],
    async reconcile(key, api) {
      const pod = pods.get(key)
      if (!pod || !isTracked(pod) || willCount(pod, jobs.get(jobKeyOf(pod)))) return settled
      // The cache of Jobs may be behind that of Pods.
      if (willCount(pod, await currentJob(api, pod))) return settled
      await letGo(api, pod)
      return settled
    },
  })
}

const jobKeyOf = (pod: Pod) => ({ namespace: pod.metadata.namespace ?? '', name: controllerOf(pod)?.name ?? '' })

/** Whoever manages a Job that is not ours manages its Pods, too. */
function willCount(pod: Pod, job: Job | undefined): boolean {
  if (!job || job.metadata.uid !== controllerOf(pod)?.uid) return false
  return !isFinished(job) || !isOurs(job)
}

async function currentJob(api: Client, pod: Pod): Promise<Job | undefined> {
  if (controllerOf(pod)?.kind !== Job.kind) return undefined
  try {
    return await api.get(Job, jobKeyOf(pod))
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined
    throw error
  }
}
