/** Sends containers on their way out: the Killing event, the preStop hook, the signal and the kill. */
import type { Pod } from '../../api/kinds/pod.ts'
import { messageOf } from '../../base/error_message.ts'
import { runHook } from '../container/lifecycle_hooks.ts'
import { podIPOf } from '../container/start_container.ts'
import { unlessAborted } from './jobs.ts'
import type { PerformerParts } from './perform.ts'
import { containersOf, fieldPathOf } from './pod_nouns.ts'
import type { Action } from './pod_state.ts'

export interface Stopper {
  begin(pod: Pod, action: Extract<Action, { do: 'beginStop' }>): void
  signal(pod: Pod, id: string, timeoutMs: number): void
}

const STOP_RETRY_MS = 1000

export function createStopper({ context, memory, observer, jobs }: PerformerParts): Stopper {
  const { host, runtime, events } = context
  const { clock } = host

  function beginStop(pod: Pod, { id, name, graceMs, message, hook }: Extract<Action, { do: 'beginStop' }>): void {
    const before = memory.stops.get(id)
    memory.stops.set(id, { graceMs, beganAt: clock.wall(), hook: hook ? 'running' : (before?.hook ?? 'none'), killAt: before?.killAt, retryAt: 0 })
    const named = containersOf(pod).find(({ container }) => container.name === name)
    if (message) events.normal(pod, 'Killing', message, named && fieldPathOf(named))
    const preStop = named?.container.lifecycle?.preStop
    if (!hook || !named || !preStop) return
    jobs.start(`preStop ${id}`, async signal => {
      try {
        await unlessAborted(
          runHook(context, preStop, { pod, container: named.container, containerId: id, podIP: podIPOf(context, pod, observer.last.sandboxes[0]) }, signal),
          signal,
        )
      } catch (error) {
        // The kubelet stops: the next one runs the hook again.
        if (signal.aborted) return
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
    // A shorter grace makes a second call beside the first: the runtime kills at the earlier of the two.
    jobs.start(`stop ${id} ${timeoutMs}`, async () => {
      try {
        await runtime.stopContainer(id, timeoutMs)
        await observer.learnContainer(id)
      } catch (error) {
        observer.doubt()
        events.warning(pod, 'FailedKillPod', `error killing pod: ${messageOf(error)}`)
        const latest = memory.stops.get(id)
        if (latest) memory.stops.set(id, { ...latest, killAt: undefined, retryAt: clock.wall() + STOP_RETRY_MS })
      }
    })
  }

  return { begin: beginStop, signal }
}
