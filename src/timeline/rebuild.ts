/**
 * The timeline of a Pod of any cluster, read off what its API still tells: conditions, container states, EndpointSlices and
 * Events. All of these count in whole seconds, keep the last of what came again, and leave out what nobody writes down; so
 * spans are `derived`, or `unknown` where it must have happened and nobody can say when.
 */
import type { EndpointSlice } from '../api/kinds/endpoint_slice.ts'
import type { Event } from '../api/kinds/event.ts'
import type { Pod } from '../api/kinds/pod.ts'
import { PodTimeline } from '../api/kinds/pod_timeline.ts'
import { apiVersionOf } from '../api/kind.ts'
import { controllerOf } from '../api/meta.ts'
import { isDeleting, isTerminal, podCondition } from '../api/pod.ts'
import type { TimelineSpan } from '../api/types/pod_timeline.ts'
import type { Millis } from '../base/clock.ts'
import { defined, derived, instantOf } from './derived_span.ts'
import { containerSpans } from './rebuild_containers.ts'
import { endpointSpans } from './rebuild_endpoints.ts'
import { readEvents, type PodEvents } from './rebuild_events.ts'
import { timelineName } from './record/render.ts'

/** What a cluster has in one namespace, or in all. */
export interface ClusterObjects {
  readonly pods: readonly Pod[]
  readonly endpointSlices: readonly EndpointSlice[]
  readonly events: readonly Event[]
}

/** Of every Pod there is, and of those that are gone and still have Events. */
export function rebuildTimelines({ pods, endpointSlices, events }: ClusterObjects): PodTimeline[] {
  const byUid = readEvents(events)
  const there = new Set(pods.map(({ metadata }) => metadata.uid))
  const gone = [...byUid.values()].filter(({ uid }) => !there.has(uid))
  return [...pods.map(pod => rebuildTimeline(pod, endpointSlices, byUid.get(pod.metadata.uid ?? ''))), ...gone.flatMap(timelineOfEvents)]
}

export function rebuildTimeline(pod: Pod, endpointSlices: readonly EndpointSlice[], events: PodEvents | undefined): PodTimeline {
  const owner = controllerOf(pod)
  const { metadata, spec, status } = pod
  const { uid = '', name = '', namespace, creationTimestamp, labels } = metadata
  return timeline(
    { uid, name, namespace, creationTimestamp, labels },
    {
      node: spec.nodeName,
      ip: status.podIP,
      phase: status.phase,
      ...(owner && { owner: `${owner.kind}/${owner.name}` }),
    },
    [...setUpSpans(pod), ...containerSpans(pod, events), ...servingSpans(pod, endpointSlices), ...stopSpans(pod, events)],
  )
}

/** Nothing but Events is left: who reported, and when. */
function timelineOfEvents(events: PodEvents): PodTimeline[] {
  const spans: TimelineSpan[] = []
  if (events.scheduledAt !== undefined) spans.push(derived('Scheduling', undefined, events.scheduledAt))
  for (const [container, { pulls, startedAt }] of events.containers) {
    for (const { fromMs, toMs, reason, message } of pulls) spans.push(derived('ImagePull', fromMs, toMs, { container, reason, message }))
    for (const at of startedAt) spans.push({ ...derived('Container', at, undefined, { container }), origin: 'unknown' })
  }
  const { killingAt, preempted } = events
  if (killingAt !== undefined)
    spans.push({ ...derived('Terminating', killingAt, undefined, { reason: preempted ? 'Preempted' : 'Deleted' }), origin: 'unknown' })
  if (spans.length === 0) return []
  const { uid, name, namespace } = events
  return [timeline({ uid, name, namespace }, { node: events.node }, [...spans, { type: 'Deletion', origin: 'unknown' }])]
}

function timeline(
  {
    uid,
    ...metadata
  }: { uid: string; name: string; namespace?: string | undefined; creationTimestamp?: string | null | undefined; labels?: Record<string, string> | undefined },
  pod: { node?: string | undefined; ip?: string | undefined; phase?: string | undefined; owner?: string },
  spans: readonly TimelineSpan[],
): PodTimeline {
  const { name, namespace, creationTimestamp, labels } = metadata
  return {
    apiVersion: apiVersionOf(PodTimeline),
    kind: PodTimeline.kind,
    metadata: { name: timelineName({ name, uid }), ...defined({ namespace, creationTimestamp: creationTimestamp ?? undefined, labels }), uid },
    pod: { name, uid, ...defined(pod) },
    spans: spans.toSorted((a, b) => sortKey(a) - sortKey(b)),
  }
}

const sortKey = ({ startAt, finishAt }: TimelineSpan): number => (startAt ? Date.parse(startAt) : finishAt ? Date.parse(finishAt) : Infinity)

function setUpSpans(pod: Pod): TimelineSpan[] {
  const { metadata, spec, status } = pod
  const created = instantOf(metadata.creationTimestamp)
  const scheduled = podCondition(pod, 'PodScheduled')
  if (!spec.nodeName) return [derived('Scheduling', created, undefined, { reason: scheduled?.reason, message: scheduled?.message })]
  const boundMs = scheduled?.status === 'True' ? instantOf(scheduled.lastTransitionTime) : undefined
  const seenMs = instantOf(status.startTime)
  const sandbox = podCondition(pod, 'PodReadyToStartContainers')
  const sandboxMs = sandbox?.status === 'True' ? instantOf(sandbox.lastTransitionTime) : undefined
  const spans = [derived('Scheduling', created, boundMs)]
  if (seenMs === undefined) return [...spans, derived('Delivery', boundMs, undefined)]
  spans.push(derived('Delivery', boundMs, seenMs))
  if ((spec.volumes ?? []).length > 0) spans.push({ type: 'Volumes', origin: 'unknown' })
  // When its making began nobody writes down.
  spans.push({ ...derived('Sandbox', undefined, sandboxMs), origin: 'unknown' })
  return spans
}

function servingSpans(pod: Pod, endpointSlices: readonly EndpointSlice[]): TimelineSpan[] {
  const ready = podCondition(pod, 'Ready')
  const changedMs = instantOf(ready?.lastTransitionTime)
  const spans: TimelineSpan[] = []
  if (ready?.status === 'True') spans.push(derived('Ready', changedMs, undefined))
  else if (changedMs !== undefined && hadBeenReady(pod, changedMs))
    spans.push({ ...derived('Ready', undefined, changedMs, { reason: ready?.reason }), origin: 'unknown' })
  return [...spans, ...endpointSpans(pod, endpointSlices)]
}

/** The condition is False from the first look at the Pod on: if it became so after a container had started, it had been True. */
function hadBeenReady({ status }: Pod, changedMs: Millis): boolean {
  const starts = (status.containerStatuses ?? []).flatMap(
    ({ state, lastState }) => instantOf(lastState?.terminated?.startedAt ?? state?.running?.startedAt ?? state?.terminated?.startedAt) ?? [],
  )
  return starts.length > 0 && changedMs > Math.min(...starts)
}

function stopSpans(pod: Pod, events: PodEvents | undefined): TimelineSpan[] {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod.metadata
  const dueMs = instantOf(deletionTimestamp)
  const disruption = podCondition(pod, 'DisruptionTarget')
  const reason = disruption?.status === 'True' ? disruption.reason : undefined
  const spans: TimelineSpan[] = []
  if (dueMs !== undefined)
    spans.push(
      derived('Deletion', dueMs - (deletionGracePeriodSeconds ?? 0) * 1_000, undefined, { reason, message: `grace ${deletionGracePeriodSeconds ?? 0}s` }),
    )
  if (!isDeleting(pod) && !isTerminal(pod)) return spans
  if (isDeleting(pod)) {
    const why = { reason: reason ?? 'Deleted' }
    spans.push(events?.killingAt === undefined ? { type: 'Terminating', origin: 'unknown', ...why } : derived('Terminating', events.killingAt, undefined, why))
  }
  const sandbox = podCondition(pod, 'PodReadyToStartContainers')
  if (sandbox?.status === 'False') spans.push({ ...derived('SandboxStop', undefined, instantOf(sandbox.lastTransitionTime)), origin: 'unknown' })
  return spans
}
