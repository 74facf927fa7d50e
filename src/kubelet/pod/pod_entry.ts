/** One Pod of the node, in the hands of its worker; and what follows for it from what the API, the manifests and the kubelet want. */
import type { Pod } from '../../api/kinds/pod.ts'
import { CONFIG_SOURCE_ANNOTATION, isStaticPod, isTerminal } from '../../api/pod.ts'
import type { KubeletContext } from '../context.ts'
import type { Preemption, Refusal } from '../node/admission.ts'
import { specGraceMs } from './pod_nouns.ts'
import type { DesiredPod, Termination } from './pod_state.ts'
import type { PodWorker } from './pod_worker.ts'

export interface Entry {
  pod: Pod
  worker: PodWorker
  killed: Termination | undefined
  /** finished: its worker has ended, its last status is written and its volumes are gone. */
  state: 'working' | 'finished'
  isRemoved: boolean
  isDeleteSent: boolean
  /** Its worker has ended: nothing of it runs. */
  hasStopped: boolean
}

const KILL_WAIT_MS_MIN = 10_000

/** Who kills a Pod for the node's sake cannot wait for ever: half as long again as its grace, and then says so. */
export function watchKill({ host, events }: KubeletContext, { pod, worker }: Entry, { graceMs }: Termination, stopped: AbortSignal): void {
  const { clock } = host
  const complain = () => events.warning(pod, 'ExceededGracePeriod', 'Container runtime did not kill the pod within specified grace period.')
  const timer = clock.at(clock.now() + Math.max(KILL_WAIT_MS_MIN, graceMs * 1.5), complain, 'every kill')
  const over = () => timer.cancel()
  worker.ended.then(over, over)
  stopped.addEventListener('abort', over, { once: true })
}

/** Until nothing of it runs any more, whatever the API says. */
export const takesRoom = ({ pod, state, killed, hasStopped }: Entry): boolean => state === 'working' && !hasStopped && !killed?.isRefusal && !isTerminal(pod)

/** For whom nobody would be pushed out. */
export const refusalIn = (verdict: Refusal | Preemption | undefined): Refusal | undefined =>
  verdict && 'preempt' in verdict ? { reason: 'Preempting', message: 'other Pods would have to go' } : verdict

/** Where a Pod is from is the kubelet's to say: whoever writes it into a Pod of the API makes no static Pod of it. */
export const ofTheApi = (pod: Pod): Pod =>
  isStaticPod(pod) ? { ...pod, metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, [CONFIG_SOURCE_ANNOTATION]: 'api' } } } : pod

export function desiredOf({ pod, killed, isRemoved }: Pick<Entry, 'pod' | 'killed' | 'isRemoved'>): DesiredPod {
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata
  const graceMs = deletionTimestamp ? Math.max(1, deletionGracePeriodSeconds ?? 1) * 1000 : specGraceMs(pod)
  // The mirror of a static Pod stays until it has ended, and shows how.
  const byApi: Termination | undefined = isRemoved
    ? { because: isStaticPod(pod) ? 'deleted' : 'removed', graceMs }
    : deletionTimestamp
      ? { because: 'deleted', graceMs }
      : undefined
  // Whoever writes a terminal phase ends the Pod: nothing of it may run any more.
  const ended: Termination | undefined = killed ?? (isTerminal(pod) ? { because: 'finished', graceMs: specGraceMs(pod) } : undefined)
  if (!byApi || !ended) return { pod, termination: byApi ?? ended }
  const { failure, disruption } = ended
  return { pod, termination: { because: byApi.because, graceMs: Math.min(byApi.graceMs, ended.graceMs), failure, disruption } }
}
