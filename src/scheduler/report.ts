/** Tells a Pod in its status that it found no node, and which node is kept for it. */
import { Pod } from '../api/kinds/pod.ts'
import { keyOf, timestamp } from '../api/meta.ts'
import { podCondition } from '../api/pod.ts'
import type { Clock } from '../base/clock.ts'
import type { Client, Patch } from '../client/client.ts'

export interface Verdict {
  readonly reason: 'Unschedulable' | 'SchedulerError'
  readonly message: string
  /** '' takes it back; undefined leaves it as it is. */
  readonly nominatedNodeName?: string | undefined
}

/** Undefined when the Pod says all of it already. */
export function planReport(pod: Pod, { reason, message, nominatedNodeName }: Verdict, clock: Clock): Patch | undefined {
  const condition = podCondition(pod, 'PodScheduled')
  const saysSo = condition?.status === 'False' && condition.reason === reason && condition.message === message
  const isNominatedSo = nominatedNodeName === undefined || nominatedNodeName === (pod.status.nominatedNodeName ?? '')
  if (saysSo && isNominatedSo) return undefined
  const lastTransitionTime = condition?.status === 'False' && condition.lastTransitionTime ? condition.lastTransitionTime : timestamp(clock.wall())
  return {
    type: 'strategic',
    body: {
      metadata: { uid: pod.metadata.uid },
      status: {
        ...(!isNominatedSo && { nominatedNodeName: nominatedNodeName || null }),
        ...(!saysSo && { conditions: [{ type: 'PodScheduled', status: 'False', reason, message, lastProbeTime: null, lastTransitionTime }] }),
      },
    },
  }
}

/** Never throws: a Pod that is gone need not be told, and the others are told again at their next try. */
export async function report(client: Client, clock: Clock, pod: Pod, verdict: Verdict): Promise<void> {
  const patch = planReport(pod, verdict, clock)
  if (patch) await client.patch(Pod, keyOf(pod), patch, { subresource: 'status' }).catch(() => undefined)
}
