/**
 * Takes back what an eviction, or a preemption, wrote into a Pod that is still there two minutes later: nobody is
 * taking it away, and whoever reads the condition would be misled. What the kubelet writes stands, because it ends the
 * Pod by itself, in its own time.
 */
import { DISRUPTION_TIMEOUT_MS } from '../../api/disruption.ts'
import { Pod } from '../../api/kinds/pod.ts'
import { timestamp } from '../../api/meta.ts'
import { isActive, podCondition, setCondition } from '../../api/pod.ts'
import { isReason } from '../../api/status.ts'
import type { Millis } from '../../base/clock.ts'
import type { Host } from '../../base/host.ts'
import type { CacheOf } from '../../client/caches.ts'
import type { Client } from '../../client/client.ts'
import { settled, startController, watches } from '../../client/controller.ts'

const TYPE = 'DisruptionTarget'

export function startStaleDisruptionController(host: Host, client: Client, { cacheOf }: { readonly cacheOf: CacheOf }) {
  const pods = cacheOf(Pod)
  return startController(host, client, {
    name: 'stale-pod-disruption',
    sources: [watches(Pod, pods, ({ key, object }) => (object && staleAtMs(object) !== undefined ? [key] : []))],
    async reconcile(key, api) {
      const pod = pods.get(key)
      const atMs = pod && staleAtMs(pod)
      if (!pod || atMs === undefined) return settled
      const leftMs = atMs - host.clock.wall()
      if (leftMs > 0) return { again: leftMs }
      const conditions = setCondition(pod.status.conditions, { type: TYPE, status: 'False' }, timestamp(host.clock.wall()))
      try {
        await api.updateStatus(Pod, { ...pod, status: { ...pod.status, conditions } })
      } catch (error) {
        // Whatever was written meanwhile comes by the watch.
        if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
      }
      return settled
    },
  })
}

/** When the condition has stood for too long; undefined where it may stand. */
function staleAtMs(pod: Pod): Millis | undefined {
  const condition = podCondition(pod, TYPE)
  if (!isActive(pod) || condition?.status !== 'True' || condition.reason === 'TerminationByKubelet') return undefined
  return Date.parse(condition.lastTransitionTime ?? '') + DISRUPTION_TIMEOUT_MS || 0
}
