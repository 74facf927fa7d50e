/** Pushes Pods out for one of higher priority: each gets the condition that says why, and then its own grace. */
import { Pod } from '../api/kinds/pod.ts'
import { keyOf, timestamp } from '../api/meta.ts'
import { isDeleting, setCondition } from '../api/pod.ts'
import { isReason } from '../api/status.ts'
import type { Host } from '../base/host.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/event_recorder.ts'

export interface Preemptor {
  readonly pod: Pod
  readonly schedulerName: string
  readonly nodeName: string
  readonly events: EventRecorder
}

/** False if one of them could not be deleted: then the room is not made. Those that are gone, or on their way already, need nothing. */
export async function pushOut(host: Host, client: Client, victims: readonly Pod[], { pod, schedulerName, nodeName, events }: Preemptor): Promise<boolean> {
  const results = await Promise.all(
    victims
      .filter(victim => !isDeleting(victim))
      .map(async victim => {
        try {
          await tell(host, client, victim, `${schedulerName}: preempting to accommodate a higher priority pod`)
          await client.delete(Pod, keyOf(victim), { uid: victim.metadata.uid })
        } catch (error) {
          if (isReason(error, 'NotFound')) return true
          host.log.warn('a Pod could not be pushed out', { pod: victim.metadata.name, error: String(error) })
          return false
        }
        events.normal(victim, 'Preempted', `Preempted by pod ${pod.metadata.uid} on node ${nodeName}`)
        return true
      }),
  )
  return results.every(Boolean)
}

async function tell({ clock }: Host, client: Client, victim: Pod, message: string): Promise<void> {
  const next = { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler', message } as const
  const condition = setCondition(victim.status.conditions, next, timestamp(clock.wall())).find(({ type }) => type === next.type)
  await client.patch(
    Pod,
    keyOf(victim),
    { type: 'strategic', body: { metadata: { uid: victim.metadata.uid }, status: { conditions: [condition] } } },
    { subresource: 'status' },
  )
}
