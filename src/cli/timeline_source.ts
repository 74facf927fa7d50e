/** Where timelines come from: recorded by the cluster itself, or rebuilt from what its API tells. */
import { EndpointSlice } from '../api/kinds/endpoint_slice.ts'
import { Event } from '../api/kinds/event.ts'
import { Pod } from '../api/kinds/pod.ts'
import { PodTimeline } from '../api/kinds/pod_timeline.ts'
import type { Kind } from '../api/kind.ts'
import type { KubernetesObject } from '../api/meta.ts'
import { ApiError, isReason } from '../api/status.ts'
import type { Client } from '../client/client.ts'
import { rebuildTimelines } from '../timeline/rebuild.ts'

export interface Scope {
  /** Undefined: all. */
  readonly namespace?: string
  readonly labelSelector?: string
}

export interface ReadTimelines {
  readonly timelines: readonly PodTimeline[]
  readonly isRecorded: boolean
  /** What could not be looked at. */
  readonly blindSpots: readonly string[]
}

export async function readTimelines(client: Client, scope: Scope): Promise<ReadTimelines> {
  const recorded = await recordedTimelines(client, scope)
  if (recorded) return { timelines: recorded, isRecorded: true, blindSpots: [] }
  const { namespace, labelSelector } = scope
  const blindSpots: string[] = []
  const ifAllowed = async <T extends KubernetesObject>(kind: Kind<T>, what: string): Promise<readonly T[]> => {
    try {
      return (await client.list(kind, { namespace })).items
    } catch (error) {
      if (!isReason(error, 'Forbidden')) throw error
      blindSpots.push(`${kind.kind}s may not be read here: ${what} is missing.`)
      return []
    }
  }
  const [pods, endpointSlices, events] = await Promise.all([
    client.list(Pod, { namespace, labelSelector }).then(({ items }) => items),
    ifAllowed(EndpointSlice, 'when each Pod was behind a Service'),
    ifAllowed(Event, 'how long images were pulled, and which probes failed,'),
  ])
  const uids = new Set(pods.map(({ metadata }) => metadata.uid))
  // Of Pods that are gone nobody knows the labels any more.
  const known = labelSelector === undefined ? events : events.filter(({ involvedObject }) => uids.has(involvedObject.uid))
  return { timelines: rebuildTimelines({ pods, endpointSlices, events: known }), isRecorded: false, blindSpots }
}

/** Undefined on clusters that have never heard of timelines, and on those that do not record them. */
export async function recordedTimelines(client: Client, scope: Scope): Promise<readonly PodTimeline[] | undefined> {
  try {
    return (await client.list(PodTimeline, scope)).items
  } catch (error) {
    // Rights are given for what exists: a cluster without timelines refuses whoever may not do everything.
    if (error instanceof ApiError && [403, 404, 503].includes(error.code)) return undefined
    throw error
  }
}

export const HOW_REBUILT =
  'This cluster records no timelines: these are read off Pods, EndpointSlices and Events, exact to the second; what nobody has written down is marked unknown.'
