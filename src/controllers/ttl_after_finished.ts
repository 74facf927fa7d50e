/**
 * Jobs that say how long they want to stay when they are over are deleted then, and their Pods before them.
 *
 *   watch Job ─▶ over? ─▶ at its end + ttlSecondsAfterFinished: look at the Job itself once more, and delete it
 */
import { Job } from '../api/kinds/job.ts'
import { keyOf } from '../api/meta.ts'
import { isReason } from '../api/status.ts'
import type { Millis } from '../base/clock.ts'
import type { Host } from '../base/host.ts'
import type { Cache } from '../client/cache.ts'
import type { Client } from '../client/client.ts'
import { settled, startController, watches } from '../client/controller.ts'

export function startTtlAfterFinishedController(host: Host, client: Client, { jobs }: { jobs: Cache<Job> }) {
  const { clock } = host
  return startController(host, client, {
    name: 'ttl-after-finished-controller',
    sources: [watches(Job, jobs)],
    async reconcile(key, api) {
      const remainingMs = remainingMsOf(jobs.get(key), clock.wall())
      if (remainingMs === undefined) return settled
      if (remainingMs > 0) return { again: remainingMs }
      try {
        // Somebody may have given it more time a moment ago.
        const job = await api.get(Job, key)
        const stillMs = remainingMsOf(job, clock.wall())
        if (stillMs === undefined) return settled
        if (stillMs > 0) return { again: stillMs }
        await api.delete(Job, keyOf(job), { uid: job.metadata.uid, propagationPolicy: 'Foreground' })
      } catch (error) {
        if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
      }
      return settled
    },
  })
}

/** Undefined: it is not to be deleted, or somebody has asked for that already. */
function remainingMsOf(job: Job | undefined, wallMs: Millis): Millis | undefined {
  const ttl = job?.spec.ttlSecondsAfterFinished
  if (!job || ttl === undefined || job.metadata.deletionTimestamp) return undefined
  const end = job.status.conditions?.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True')
  return end?.lastTransitionTime ? Date.parse(end.lastTransitionTime) + ttl * 1000 - wallMs : undefined
}
