/** Timelines written by hand, as a cluster records them: for tests of drawings. */
import type { PodTimeline } from '../../api/kinds/pod_timeline.ts'
import { microTimestamp } from '../../api/meta.ts'
import type { TimelineSpan } from '../../api/types/pod_timeline.ts'
import type { Millis } from '../../base/clock.ts'

/** 2026-03-01 12:00:00 UTC. */
export const BEGAN_WALL_MS = 1_772_366_400_000
/** What the monotonic clock said then. */
export const BEGAN_MS = 5_000

type Extra = Omit<Partial<TimelineSpan>, 'type' | 'startAt' | 'finishAt' | 'startMs' | 'finishMs'>

/** Milliseconds after the beginning; without an end it goes on. */
export function span(type: TimelineSpan['type'], fromMs: Millis, toMs: Millis | undefined, extra: Extra = {}): TimelineSpan {
  return {
    type,
    startAt: microTimestamp(BEGAN_WALL_MS + fromMs),
    startMs: BEGAN_MS + fromMs,
    ...(toMs !== undefined && { finishAt: microTimestamp(BEGAN_WALL_MS + toMs), finishMs: BEGAN_MS + toMs }),
    origin: 'recorded',
    ...extra,
  }
}

export function podTimeline(name: string, spans: readonly TimelineSpan[], pod: Partial<PodTimeline['pod']> = {}, namespace = 'default'): PodTimeline {
  const uid = `uid-${name}`
  return {
    apiVersion: 'timeline.poise.dev/v1alpha1',
    kind: 'PodTimeline',
    metadata: { name: `${name}.${uid.slice(0, 8)}`, namespace },
    pod: { name, uid, node: 'node-a', ip: '10.244.0.7', owner: 'ReplicaSet/web-5d4f', phase: 'Running', ...pod },
    spans: spans.toSorted((a, b) => (a.startMs ?? 0) - (b.startMs ?? 0)),
  }
}

/** Two seconds of pulling, an init container, 1.2 s until it answers. Still there. */
export const startingSpans = (at: Millis = 0): TimelineSpan[] => [
  span('Scheduling', at, at + 4),
  span('Delivery', at + 4, at + 9),
  span('Volumes', at + 9, at + 31, { message: 'kube-api-access' }),
  span('Sandbox', at + 31, at + 212),
  span('ImagePull', at + 212, at + 230, { container: 'migrate', reason: 'AlreadyPresent' }),
  span('ContainerStart', at + 230, at + 318, { container: 'migrate' }),
  span('InitContainer', at + 318, at + 1_020, { container: 'migrate', reason: 'Completed', exitCode: 0 }),
  span('ImagePull', at + 1_024, at + 2_590, { container: 'web', reason: 'Pulled', message: 'registry.example/web:2 (41 MB)' }),
  span('ContainerStart', at + 2_590, at + 2_688, { container: 'web' }),
  span('Container', at + 2_688, undefined, { container: 'web' }),
  span('Probe', at + 2_901, at + 3_402, { container: 'web', probe: 'readiness', result: 'failure', count: 2, message: 'connection refused' }),
  span('Probe', at + 3_901, undefined, { container: 'web', probe: 'readiness', result: 'success', count: 41 }),
  span('Ready', at + 3_903, undefined),
  span('Endpoint', at + 2_710, at + 3_921, { service: 'web', reason: 'EndpointNotReady' }),
  span('Endpoint', at + 3_921, undefined, { service: 'web', reason: 'EndpointReady' }),
  span('RulesProgrammed', at + 3_921, at + 3_934, { service: 'web', node: 'node-a', reason: 'EndpointReady' }),
  span('RulesProgrammed', at + 3_921, at + 3_958, { service: 'web', node: 'node-b', reason: 'EndpointReady' }),
]

/** The life of one Pod from its creation until it is gone, an hour later. */
export function completeSpans(lifeMs: Millis = 3_600_000): TimelineSpan[] {
  const asked = lifeMs
  return [
    ...startingSpans().map(one => (one.finishMs === undefined ? closed(one, ENDS[one.type]!(asked)) : one)),
    span('Endpoint', asked + 6, asked + 5_240, { service: 'web', reason: 'EndpointServing' }),
    span('RulesProgrammed', asked + 6, asked + 21, { service: 'web', node: 'node-a', reason: 'EndpointServing' }),
    span('RulesProgrammed', asked + 6, asked + 48, { service: 'web', node: 'node-b', reason: 'EndpointServing' }),
    span('Deletion', asked, asked + 5_410),
    span('Terminating', asked + 3, asked + 5_402),
    span('PreStop', asked + 4, asked + 5_006, { container: 'web', reason: 'Completed' }),
    span('Term', asked + 5_007, asked + 5_219, { container: 'web', message: 'TERM' }),
    span('SandboxStop', asked + 5_222, asked + 5_390),
  ]
}

const ENDS: Readonly<Partial<Record<TimelineSpan['type'], (askedMs: Millis) => Millis>>> = {
  Container: asked => asked + 5_219,
  Probe: asked => asked - 400,
  Ready: asked => asked + 3,
  Endpoint: asked => asked + 6,
}

function closed(one: TimelineSpan, toMs: Millis): TimelineSpan {
  const { type, startMs = BEGAN_MS, ...rest } = one
  const { startAt: _start, finishAt: _finish, finishMs: _finishMs, ...extra } = rest
  return span(type, startMs - BEGAN_MS, toMs, { ...extra, ...(type === 'Container' && { reason: 'Completed', exitCode: 0 }) })
}

/** No handler for TERM, and a grace of two seconds: killed, while a node still sends requests there. */
export const killedSpans = (): TimelineSpan[] => [
  span('Scheduling', 0, 3),
  span('Delivery', 3, 8),
  span('Sandbox', 8, 180),
  span('ImagePull', 181, 183, { container: 'web', reason: 'AlreadyPresent' }),
  span('ContainerStart', 183, 260, { container: 'web' }),
  span('Container', 260, 9_010, { container: 'web', reason: 'Error', exitCode: 137 }),
  span('Ready', 262, 7_002),
  span('Endpoint', 280, 7_006, { service: 'web', reason: 'EndpointReady' }),
  span('Endpoint', 7_006, 9_030, { service: 'web', reason: 'EndpointTerminating' }),
  span('RulesProgrammed', 7_006, 9_044, { service: 'web', node: 'node-b', reason: 'EndpointTerminating' }),
  span('Deletion', 7_000, 9_190),
  span('Terminating', 7_002, 9_180),
  span('Term', 7_003, 9_010, { container: 'web', message: 'TERM' }),
  span('Kill', 9_004, 9_004, { container: 'web', reason: 'GraceExceeded' }),
  span('SandboxStop', 9_012, 9_178),
]
