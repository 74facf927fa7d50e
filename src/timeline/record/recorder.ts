/**
 * Records what happens to Pods, for as long as memory allows; always on.
 *
 *   kubelets ── trace ──────────┐
 *   Pods, EndpointSlices ───────┼─▶ records ─▶ PodTimelines, made when somebody asks for them
 *   proxies ── programmed ──────┘   (Nodes: whose proxy is waited for no more)
 *
 * All instants are of one clock: that of the process the control plane runs in.
 */
import type { EndpointSlice } from '../../api/kinds/endpoint_slice.ts'
import type { Node } from '../../api/kinds/node.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import type { TimelineReadings } from '../../api/timelines.ts'
import type { Clock } from '../../base/clock.ts'
import type { LifecycleTrace } from '../../base/lifecycle_trace.ts'
import type { Cache } from '../../client/cache.ts'
import { followEndpoints, type EndpointFollower, type ProgrammedStep } from './follow_endpoints.ts'
import { followPods } from './follow_pods.ts'
import { createNodeTrace, type NodeTrace } from './node_trace.ts'
import { createRecords, type TimelineLimits } from './records.ts'

export interface TimelineRecorder {
  readonly readings: TimelineReadings
  /** Begins to follow what the API has. Once. `nodes`: where proxies tell what they have programmed. */
  follow(objects: { readonly pods: Cache<Pod>; readonly endpointSlices: Cache<EndpointSlice>; readonly nodes?: Cache<Node> }): { stop(): void }
  /** For the kubelet of a node. Asked again for the same node: its kubelet has crashed, and begins anew. */
  traceOf(node: string): LifecycleTrace
  /** A node's proxy has done a step. */
  programmed(node: string, step: ProgrammedStep): void
}

export function createTimelineRecorder(clock: Clock, limits?: TimelineLimits): TimelineRecorder {
  const records = createRecords(clock, limits)
  const traces = new Map<string, NodeTrace>()
  let endpoints: EndpointFollower | undefined
  return {
    readings: records.readings,
    follow({ pods, endpointSlices, nodes }) {
      const follower = followEndpoints(records, endpointSlices)
      endpoints = follower
      const removed = nodes?.onChange(({ key, object }) => object ?? follower.forget(key.name))
      const followed = [followPods(records, pods), follower, ...(removed ? [removed] : [])]
      return { stop: () => followed.forEach(one => one.stop()) }
    },
    traceOf(node) {
      traces.get(node)?.abandon()
      const trace = createNodeTrace(records)
      traces.set(node, trace)
      return trace
    },
    programmed: (node, step) => endpoints?.programmed(node, step),
  }
}
