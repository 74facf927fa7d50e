/** Watches what happens to the Pods of a namespace on a cluster that records no timelines, and reads timelines off it. */
import { EndpointSlice } from '../api/kinds/endpoint_slice.ts'
import { Event } from '../api/kinds/event.ts'
import { Pod } from '../api/kinds/pod.ts'
import type { PodTimeline } from '../api/kinds/pod_timeline.ts'
import type { Host } from '../base/host.ts'
import { createCache } from '../client/reflector.ts'
import type { Client } from '../client/client.ts'
import { rebuildTimelines } from '../timeline/rebuild.ts'
import { firstLists } from './first_lists.ts'

export interface LifeWatch {
  /** Of Pods that are there, and of those that have gone since. */
  timelines(): PodTimeline[]
  stop(): void
}

/** Repetitions may be many; the oldest Pods have long been told of. */
const PODS_MAX = 2_000

export async function watchLives(host: Pick<Host, 'clock' | 'log' | 'spawn'>, client: Client, namespace: string): Promise<LifeWatch> {
  const pods = createCache(host, client, Pod, { namespace })
  const endpointSlices = createCache(host, client, EndpointSlice, { namespace })
  const events = createCache(host, client, Event, { namespace })
  const seen = new Map<string, Pod>()
  const listening = pods.onChange(({ object }) => {
    if (!object) return
    const uid = object.metadata.uid ?? ''
    // In the order they were last heard of.
    seen.delete(uid)
    seen.set(uid, object)
    if (seen.size > PODS_MAX) seen.delete(seen.keys().next().value!)
  })
  const stop = () => {
    listening.stop()
    for (const cache of [pods, endpointSlices, events]) cache.stop()
  }
  await firstLists(host.clock, namespace, [
    ['pods', pods],
    ['endpointslices', endpointSlices],
    ['events', events],
  ])
  return {
    timelines: () => rebuildTimelines({ pods: [...seen.values()], endpointSlices: endpointSlices.list(), events: events.list() }),
    stop,
  }
}
