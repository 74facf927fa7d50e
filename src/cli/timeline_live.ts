/** Timelines that are kept up by watches: those a cluster records, or what can be made of its objects as they change. */
import { EndpointSlice } from '../api/kinds/endpoint_slice.ts'
import { Event } from '../api/kinds/event.ts'
import { Pod } from '../api/kinds/pod.ts'
import { PodTimeline } from '../api/kinds/pod_timeline.ts'
import type { Host } from '../base/host.ts'
import type { Client } from '../client/client.ts'
import { createCache } from '../client/reflector.ts'
import { withArrivals } from '../timeline/arrivals.ts'
import { rebuildTimelines } from '../timeline/rebuild.ts'
import { createTimelineRecorder } from '../timeline/record/recorder.ts'
import type { Scope } from './timeline_source.ts'

export interface LiveTimelines {
  timelines(): readonly PodTimeline[]
  /** Resolves when the first lists are in. */
  readonly synced: Promise<unknown>
  onChange(listener: () => void): void
  stop(): void
}

export function followRecorded(host: Host, client: Client, scope: Scope): LiveTimelines {
  const cache = createCache(host, client, PodTimeline, scope)
  return { timelines: () => cache.list(), synced: cache.synced, onChange: listener => void cache.onChange(listener), stop: cache.stop }
}

/** How many Pods are remembered after they are gone. */
const GONE_MAX = 500

export function followObjects(host: Host, client: Client, { namespace, labelSelector }: Scope): LiveTimelines {
  const pods = createCache(host, client, Pod, { ...(namespace !== undefined && { namespace }), ...(labelSelector && { labelSelector }) })
  const slices = createCache(host, client, EndpointSlice, namespace === undefined ? {} : { namespace })
  const events = createCache(host, client, Event, namespace === undefined ? {} : { namespace })
  const recorder = createTimelineRecorder(host.clock)
  recorder.follow({ pods, endpointSlices: slices })
  /** As they were seen last, by uid, in the order in which they went. */
  const gone = new Map<string, Pod>()
  pods.onChange(({ object, previous }) => {
    if (object || !previous) return
    gone.set(previous.metadata.uid ?? '', previous)
    for (const uid of gone.keys()) if (gone.size > GONE_MAX) gone.delete(uid)
  })
  return {
    timelines() {
      const followed = new Map(recorder.readings.list(namespace).map(timeline => [timeline.pod.uid, timeline]))
      const seen = [...pods.list(), ...gone.values()]
      const uids = new Set(seen.map(({ metadata }) => metadata.uid))
      const known = labelSelector === undefined ? events.list() : events.list().filter(({ involvedObject }) => uids.has(involvedObject.uid))
      return rebuildTimelines({ pods: seen, endpointSlices: slices.list(), events: known }).map(timeline =>
        withArrivals(timeline, followed.get(timeline.pod.uid), gone.has(timeline.pod.uid)),
      )
    },
    // Events and EndpointSlices may be forbidden: their lists are tried on and on, and nobody waits for them.
    synced: pods.synced,
    onChange(listener) {
      for (const cache of [pods, slices, events]) cache.onChange(listener)
    },
    stop() {
      for (const cache of [pods, slices, events]) cache.stop()
    },
  }
}
