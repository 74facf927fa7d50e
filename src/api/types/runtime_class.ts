/** What running Pods in another way costs, and where it can be done. */
import { atomicList, map, object, quantity, string, type Infer } from '../schema.ts'
import { toleration } from './scheduling.ts'

export const overhead = object('io.k8s.api.node.v1.Overhead', {
  podFixed: map(quantity(), { doc: 'What every Pod of the class needs on top of its containers.' }),
})

export const runtimeClassScheduling = object('io.k8s.api.node.v1.Scheduling', {
  nodeSelector: map(string(), { atomic: true, doc: 'Labels of the nodes that can run the class; joined with those the Pod asks for.' }),
  tolerations: atomicList(toleration, { doc: 'Taints of those nodes; the Pods of the class put up with them.' }),
})

export interface Overhead extends Infer<typeof overhead> {}
export interface RuntimeClassScheduling extends Infer<typeof runtimeClassScheduling> {}
