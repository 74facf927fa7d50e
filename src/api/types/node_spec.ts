/** What a node is told. */
import { atomicList, boolean, object, required, setOf, string, type Infer } from '../schema.ts'
import { taint } from './scheduling.ts'

export const configMapNodeConfigSource = object('io.k8s.api.core.v1.ConfigMapNodeConfigSource', {
  name: required(string()),
  kubeletConfigKey: required(string()),
  namespace: required(string()),
  resourceVersion: string(),
  uid: string(),
})

export const nodeConfigSource = object('io.k8s.api.core.v1.NodeConfigSource', {
  configMap: configMapNodeConfigSource,
})

export const nodeSpec = object('io.k8s.api.core.v1.NodeSpec', {
  configSource: nodeConfigSource,
  externalID: string(),
  podCIDR: string(),
  podCIDRs: setOf(string(), { patchMerge: true }),
  providerID: string(),
  taints: atomicList(taint, { doc: 'Reasons for Pods to stay away.' }),
  unschedulable: boolean({ doc: 'True keeps new Pods away: kubectl cordon.' }),
})

export interface ConfigMapNodeConfigSource extends Infer<typeof configMapNodeConfigSource> {}
export interface NodeConfigSource extends Infer<typeof nodeConfigSource> {}
export interface NodeSpec extends Infer<typeof nodeSpec> {}
