import type { Pod } from '../../api/kinds/pod.ts'
import { isAvailable, isReady, podCondition } from '../../api/pod.ts'
import type { Millis } from '../../base/clock.ts'

/** When the next Pod will have been ready for long enough. Undefined: none is waiting for that. */
export function nextAvailableMs(pods: readonly Pod[], minReadySeconds: number, wallMs: Millis): Millis | undefined {
  const waits = pods
    .filter(pod => isReady(pod) && !isAvailable(pod, minReadySeconds, wallMs))
    .map(pod => Date.parse(podCondition(pod, 'Ready')?.lastTransitionTime ?? '') + minReadySeconds * 1000 - wallMs)
    .filter(ms => ms > 0)
  return waits.length > 0 ? Math.min(...waits) : undefined
}
