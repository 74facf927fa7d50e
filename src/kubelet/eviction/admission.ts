/** Whether a node that is short of something takes a Pod (behaviour 6.6). */
import type { Pod } from '../../api/kinds/pod.ts'
import { isCriticalPod, qosClass, tolerates } from '../../api/pod.ts'
import type { Refusal } from '../node/admission.ts'
import { conditionMessage } from './messages.ts'
import type { PressureCondition } from './signals.ts'

/** Short of memory alone, it takes whoever has asked for some, and whoever says that he can live with it. */
export function refusalUnderPressure(pod: Pod, conditions: readonly PressureCondition[]): Refusal | undefined {
  if (conditions.length === 0 || isCriticalPod(pod)) return undefined
  if (conditions.length === 1 && conditions[0] === 'MemoryPressure') {
    if (qosClass(pod) !== 'BestEffort') return undefined
    if ((pod.spec.tolerations ?? []).some(toleration => tolerates(toleration, MEMORY_TAINT))) return undefined
  }
  return { reason: 'Evicted', message: conditionMessage(conditions) }
}

const MEMORY_TAINT = { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule', value: '' } as const
