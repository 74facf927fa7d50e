import type { Service } from '../../api/kinds/service.ts'
import type { Pod } from '../../api/kinds/pod.ts'
import { keyText, type ObjectKey } from '../../api/meta.ts'
import { podCondition } from '../../api/pod.ts'

/**
 * When what is being applied to a Service's endpoints came about, for those who measure how long it took
 * (the annotation endpoints.kubernetes.io/last-change-trigger-time).
 */
export interface TriggerTimes {
  /** The earliest change since the last call for this Service, as it stands in the objects; undefined when none of them tells. */
  next(service: Service, pods: readonly Pod[]): string | undefined
  forget(service: ObjectKey): void
}

export function createTriggerTimes(): TriggerTimes {
  const known = new Map<string, { readonly uid: string; readonly pods: ReadonlyMap<string, string> }>()
  return {
    next(service, pods) {
      const { namespace = '', name = '', uid = '', creationTimestamp } = service.metadata
      const key = keyText({ namespace, name })
      const previous = known.get(key)
      const times = new Map(pods.flatMap(pod => entryOf(pod)))
      known.set(key, { uid, pods: times })
      const changed = previous?.uid === uid ? [...times].filter(([pod, time]) => previous.pods.get(pod) !== time).map(([, time]) => time) : []
      const created = previous?.uid === uid || !creationTimestamp ? [] : [creationTimestamp]
      return [...changed, ...created].sort()[0]
    },
    forget: service => void known.delete(keyText(service)),
  }
}

function entryOf(pod: Pod): [string, string][] {
  const time = podCondition(pod, 'Ready')?.lastTransitionTime
  return time && pod.metadata.uid ? [[pod.metadata.uid, time]] : []
}
