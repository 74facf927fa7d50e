/** Sends containers on their way out: the Killing event, the preStop hook, the signal and the kill. */
import type { Pod } from '../../api/kinds/pod.ts'
import type { OpenStep } from '../../base/lifecycle_trace.ts'
import { messageOf } from '../../base/error_message.ts'
import { runHook } from '../container/lifecycle_hooks.ts'
import { containerNameOf, restartCountOf } from '../container/labels.ts'
import { podIPOf } from '../container/start_container.ts'
import { hasExited } from './instances.ts'
import { unlessAborted } from './jobs.ts'
import type { PerformerParts } from './perform.ts'
import { containersOf, fieldPathOf, tracedPod } from './pod_nouns.ts'
import type { Action } from './pod_state.ts'
import { monotonic } from './trace_containers.ts'

export interface Stopper {
  begin(pod: Pod, action: Extract<Action, { do: 'beginStop' }>): void
  signal(pod: Pod, id: string, timeoutMs: number): void
}

const STOP_RETRY_MS = 1000
const KILLED_EXIT_CODE = 137

export function createStopper({ context, memory, observer, jobs }: PerformerParts): Stopper {
  const { host, runtime, events, trace } = context
  const { clock } = host
  /** What is told of the containers on their way out, by id. */
  const told = new Map<string, { readonly reason: string; hook?: OpenStep; term?: OpenStep }>()
  const about = (id: string) => {
    const container = observer.last.containers.find(one => one.id === id)
    return container && { container: containerNameOf(container), restart: restartCountOf(container) }
  }

  function beginStop(pod: Pod, { id, name, graceMs, message, reason, hook }: Extract<Action, { do: 'beginStop' }>): void {
    const before = memory.stops.get(id)
    memory.stops.set(id, { graceMs, beganAt: clock.wall(), hook: hook ? 'running' : (before?.hook ?? 'none'), killAt: before?.killAt, retryAt: 0 })
    if (!told.has(id)) told.set(id, { reason })
    const named = containersOf(pod).find(({ container }) => container.name === name)
    if (message) events.normal(pod, 'Killing', message, named && fieldPathOf(named))
    const preStop = named?.container.lifecycle?.preStop
    if (!hook || !named || !preStop) return
    const traced = trace.begin(tracedPod(pod), { type: 'PreStop', ...about(id) })
    told.get(id)!.hook = traced
    jobs.start(`preStop ${id}`, async signal => {
      try {
        await unlessAborted(
          runHook(context, preStop, { pod, container: named.container, containerId: id, podIP: podIPOf(context, pod, observer.last.sandboxes[0]) }, signal),
          signal,
        )
        traced.end()
      } catch (error) {
        // The kubelet stops: the next one runs the hook again.
        if (signal.aborted) return
        traced.end({ reason: 'FailedPreStopHook', message: messageOf(error) })
        host.log.info('preStop hook failed', { pod: pod.metadata.name, container: name, error: messageOf(error) })
        events.warning(pod, 'FailedPreStopHook', 'PreStopHook failed', fieldPathOf(named))
      } finally {
        const stop = memory.stops.get(id)
        if (stop) memory.stops.set(id, { ...stop, hook: 'done' })
      }
    })
  }

  function signal(pod: Pod, id: string, timeoutMs: number): void {
    const stop = memory.stops.get(id)
    if (!stop) return
    memory.stops.set(id, { ...stop, killAt: clock.wall() + timeoutMs })
    const telling = told.get(id)
    telling?.hook?.end({ reason: 'GraceExceeded' })
    if (telling) telling.term ??= trace.begin(tracedPod(pod), { type: 'Term', ...about(id), reason: telling.reason })
    // A shorter grace makes a second call beside the first: the runtime kills at the earlier of the two.
    jobs.start(`stop ${id} ${timeoutMs}`, async () => {
      try {
        await runtime.stopContainer(id, timeoutMs)
        await observer.learnContainer(id)
        tellEnd(pod, id)
      } catch (error) {
        observer.doubt()
        events.warning(pod, 'FailedKillPod', `error killing pod: ${messageOf(error)}`)
        const latest = memory.stops.get(id)
        if (latest) memory.stops.set(id, { ...latest, killAt: undefined, retryAt: clock.wall() + STOP_RETRY_MS })
      }
    })
  }

  function tellEnd(pod: Pod, id: string): void {
    const container = observer.last.containers.find(one => one.id === id)
    const telling = told.get(id)
    if (!container || !hasExited(container) || !telling?.term) return
    told.delete(id)
    const atMs = container.finishedAt ? monotonic(clock, container.finishedAt) : undefined
    telling.term.end({ atMs, exitCode: container.exitCode })
    const killAt = memory.stops.get(id)?.killAt ?? Infinity
    if (container.exitCode === KILLED_EXIT_CODE && container.finishedAt >= killAt)
      trace.note(tracedPod(pod), { type: 'Kill', ...about(id), reason: 'GraceExceeded', atMs })
  }

  return { begin: beginStop, signal }
}
