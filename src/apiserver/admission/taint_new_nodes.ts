import type { Node } from '../../api/kinds/node.ts'
import type { AdmissionPlugin } from './admission.ts'

const NOT_READY = 'node.kubernetes.io/not-ready'

/** A Node that has just registered takes no Pods until somebody has seen it Ready and removed the taint. */
export const taintNewNodes: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  handles: ({ operation, kind }) => operation === 'CREATE' && kind.storage.prefix === '/nodes/',
  mutate({ object }) {
    const node = object as Node
    node.spec ??= {} as Node['spec']
    const taints = node.spec.taints ?? []
    if (taints.some(({ key, effect }) => key === NOT_READY && effect === 'NoSchedule')) return
    node.spec.taints = [...taints, { key: NOT_READY, effect: 'NoSchedule' }]
  },
}
