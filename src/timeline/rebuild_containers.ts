/** Pulls, starts, runs, probes and signals of a Pod's containers, from their states and from Events. */
import type { Pod } from '../api/kinds/pod.ts'
import { isDeleting, isSidecar, podCondition } from '../api/pod.ts'
import type { TimelineSpan } from '../api/types/pod_timeline.ts'
import type { Millis } from '../base/clock.ts'
import { derived, instantOf } from './derived_span.ts'
import type { ContainerEvents, PodEvents } from './rebuild_events.ts'

type Container = Pod['spec']['containers'][number]
type ContainerStatus = NonNullable<Pod['status']['containerStatuses']>[number]
type Terminated = NonNullable<NonNullable<ContainerStatus['state']>['terminated']>

/** One life of a container's process. */
interface Run {
  readonly restart: number
  readonly fromMs: Millis | undefined
  readonly ended:
    | { readonly atMs: Millis | undefined; readonly exitCode: number; readonly reason: string | undefined; readonly message: string | undefined }
    | undefined
}

/** A container is created in less; what is longer ago belongs to an earlier one. */
const CREATE_MS_MAX = 2_000

const NO_EVENTS: ContainerEvents = { pulls: [], startedAt: [], restarts: [], stoppingAt: [], failedProbes: [], failedHooks: [] }

export function containerSpans(pod: Pod, events: PodEvents | undefined): TimelineSpan[] {
  const { spec, status } = pod
  const all: readonly (readonly [Container, ContainerStatus | undefined, boolean])[] = [
    ...(spec.initContainers ?? []).map(container => [container, named(status.initContainerStatuses, container.name), !isSidecar(container)] as const),
    ...spec.containers.map(container => [container, named(status.containerStatuses, container.name), false] as const),
  ]
  return all.flatMap(([container, state, isInit]) => {
    const said = events?.containers.get(container.name) ?? NO_EVENTS
    const runs = state ? runsOf(state) : []
    return [
      ...startSpans(container.name, runs, said),
      ...runSpans(container.name, runs, isInit ? 'InitContainer' : 'Container'),
      ...hookSpans(container, runs, said),
      ...probeSpans(pod, container, state, said),
      ...stopSpans(pod, container, runs, said),
    ]
  })
}

const named = (statuses: readonly ContainerStatus[] | undefined, name: string): ContainerStatus | undefined => statuses?.find(status => status.name === name)

/** Oldest first: the API keeps the one that is and the one before. */
function runsOf({ state, lastState, restartCount }: ContainerStatus): Run[] {
  const runs: Run[] = []
  const ended = (terminated: Terminated, restart: number): Run => ({
    restart,
    fromMs: instantOf(terminated.startedAt),
    ended: { atMs: instantOf(terminated.finishedAt), exitCode: terminated.exitCode, reason: terminated.reason, message: terminated.message },
  })
  // While it waits for its next start, the count is that of the next one where there was one before.
  const isBetween = !state?.running && !state?.terminated
  const current = isBetween ? restartCount + 1 : restartCount
  if (lastState?.terminated) runs.push(ended(lastState.terminated, Math.max(0, current - 1)))
  if (state?.terminated) runs.push(ended(state.terminated, restartCount))
  if (state?.running) runs.push({ restart: restartCount, fromMs: instantOf(state.running.startedAt), ended: undefined })
  return runs
}

function startSpans(container: string, runs: readonly Run[], { pulls }: ContainerEvents): TimelineSpan[] {
  const spans = pulls.map(({ fromMs, toMs, reason, message }) => derived('ImagePull', fromMs, toMs, { container, reason: reason || undefined, message }))
  if (pulls.length === 0 && runs.length > 0) spans.push({ type: 'ImagePull', container, origin: 'unknown' })
  for (const { fromMs, restart } of runs) {
    if (fromMs === undefined) continue
    // The call to create it follows the look at its image at once. Of many such looks Events keep the first and the last.
    const pull = pulls.findLast(({ toMs }) => toMs !== undefined && toMs <= fromMs + 999 && toMs >= fromMs - CREATE_MS_MAX)
    spans.push(derived('ContainerStart', pull && Math.min(pull.toMs!, fromMs), fromMs, { container, restart }))
  }
  return spans
}

function runSpans(container: string, runs: readonly Run[], type: 'InitContainer' | 'Container'): TimelineSpan[] {
  const first = runs[0]
  const earlier =
    first && first.restart > 0
      ? [{ type, container, message: `${first.restart} earlier ${first.restart === 1 ? 'run' : 'runs'}`, origin: 'unknown' as const }]
      : []
  const spans = runs.flatMap(({ fromMs, ended, restart }): TimelineSpan[] => {
    if (!ended) return [derived(type, fromMs, undefined, { container, restart })]
    const { atMs, exitCode, reason, message } = ended
    const span = derived(type, fromMs, atMs, { container, restart, exitCode, reason, message })
    const kill = derived('Kill', atMs, atMs, { container, restart, reason: 'OOMKilled' })
    return reason === 'OOMKilled'
      ? [{ ...span, ...(atMs === undefined && { origin: 'unknown' as const }) }, kill]
      : [{ ...span, ...(atMs === undefined && { origin: 'unknown' as const }) }]
  })
  return [...earlier, ...spans]
}

function hookSpans({ name, lifecycle }: Container, runs: readonly Run[], { failedHooks }: ContainerEvents): TimelineSpan[] {
  if (!lifecycle?.postStart || runs.length === 0) return []
  const failed = failedHooks.filter(({ hook }) => hook === 'PostStart')
  return [{ type: 'PostStart', container: name, origin: 'unknown', ...(failed.length > 0 && { reason: 'FailedPostStartHook' }) }]
}

function probeSpans(pod: Pod, container: Container, state: ContainerStatus | undefined, { failedProbes }: ContainerEvents): TimelineSpan[] {
  const { name } = container
  const spans = failedProbes.map(({ probe, fromMs, toMs, count, message }) =>
    derived('Probe', fromMs, toMs, { container: name, probe: probe as TimelineSpan['probe'], result: 'failure', count, message }),
  )
  if (!container.readinessProbe || !state?.ready) return spans
  const probed = pod.spec.containers.filter(({ readinessProbe }) => readinessProbe)
  const ready = podCondition(pod, 'ContainersReady')
  // With one such probe in the Pod its first success is what made the containers ready; with several it may be any of them.
  const since = probed.length === 1 && ready?.status === 'True' ? instantOf(ready.lastTransitionTime) : undefined
  return [...spans, derived('Probe', since, undefined, { container: name, probe: 'readiness', result: 'success' })]
}

/** How it was told to end: because its Pod goes, or because a probe wants it started anew. */
function stopSpans(pod: Pod, { name, lifecycle }: Container, runs: readonly Run[], said: ContainerEvents): TimelineSpan[] {
  const spans: TimelineSpan[] = []
  const endOf = (atMs: Millis) => runs.find(({ ended }) => ended?.atMs !== undefined && ended.atMs >= atMs - 999)?.ended?.atMs
  for (const { atMs, reason } of said.restarts) spans.push(...signal(atMs, endOf(atMs), reason))
  const last = runs.at(-1)
  const stoppingAt = said.stoppingAt.at(-1)
  if (isDeleting(pod) && stoppingAt !== undefined) spans.push(...signal(stoppingAt, endOf(stoppingAt), 'Deleted'))
  else if (isDeleting(pod) && last) spans.push({ type: 'Term', container: name, reason: 'Deleted', origin: 'unknown' })
  return spans

  function signal(atMs: Millis, endedMs: Millis | undefined, reason: string): TimelineSpan[] {
    if (!lifecycle?.preStop) return [derived('Term', atMs, endedMs, { container: name, reason })]
    const failed = said.failedHooks.find(({ hook }) => hook === 'PreStop')
    const hook = { ...derived('PreStop', atMs, failed?.atMs, { container: name, reason: failed && 'FailedPreStopHook' }), origin: 'unknown' as const }
    return [hook, { ...derived('Term', undefined, endedMs, { container: name, reason }), origin: 'unknown' }]
  }
}
