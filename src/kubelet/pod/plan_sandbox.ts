/**
 * Whether the Pod has a sandbox to run in, and what to do when it has not.
 *
 * A sandbox that died took its containers' network with it, so a new one means starting everything again, init
 * containers included (Kubernetes: "Pod sandbox changed, it will be killed and re-created").
 */
import type { Pod } from '../../api/kinds/pod.ts'
import type { Millis } from '../../base/clock.ts'
import type { PodSandboxStatus } from '../../runtime/runtime.ts'
import { hasExited, newestOf, runningOf } from './instances.ts'
import { isHostNetwork, regularContainersOf } from './pod_nouns.ts'
import type { Action, ObservedPod, PodMemory } from './pod_state.ts'

export type SandboxPlan =
  | { readonly is: 'usable'; readonly sandbox: PodSandboxStatus }
  | { readonly is: 'act'; readonly action: Action }
  | { readonly is: 'wait' }
  /** It is gone, and the Pod has nothing left that would need another one. */
  | { readonly is: 'finished' }

export function planSandbox(pod: Pod, observed: ObservedPod, memory: PodMemory, now: Millis): SandboxPlan {
  const newest = observed.sandboxes[0]
  const ready = observed.sandboxes.filter(sandbox => sandbox.ready)
  if (memory.sandbox !== 'idle') return { is: 'wait' }
  if (newest && ready.length === 1 && isUsable(pod, newest)) return { is: 'usable', sandbox: newest }
  if ((newest || observed.containers.length > 0) && !needsAnother(pod, observed)) return { is: 'finished' }
  if (memory.starting.size > 0) return { is: 'act', action: { do: 'cancelStart' } }
  if (ready.length > 0 || (newest && runningOf(observed).length > 0))
    return { is: 'act', action: { do: 'stopSandboxes', ids: observed.sandboxes.map(s => s.id) } }
  if (now < memory.retryAt) return { is: 'wait' }
  return { is: 'act', action: { do: 'startSandbox', attempt: newest ? newest.metadata.attempt + 1 : 0, replaces: newest?.id } }
}

export function isUsable(pod: Pod, sandbox: PodSandboxStatus): boolean {
  const network = isHostNetwork(pod) ? 'NODE' : 'POD'
  return sandbox.ready && sandbox.networkMode === network && (network === 'NODE' || sandbox.ips.length > 0)
}

/** A lost sandbox is not made again for a Pod that would not start anything in it (behaviour of computePodActions in the kubelet). */
function needsAnother(pod: Pod, observed: ObservedPod): boolean {
  if (pod.spec.restartPolicy === 'Never') return observed.containers.length === 0
  if (pod.spec.restartPolicy !== 'OnFailure') return true
  return !regularContainersOf(pod).every(({ container }) => {
    const newest = newestOf(observed, container.name)
    return newest && hasExited(newest) && newest.exitCode === 0
  })
}
