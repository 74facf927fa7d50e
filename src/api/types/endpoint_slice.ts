/** The addresses behind a Service, in slices. */
import { atomicList, boolean, int32, map, object, present, required, setOf, string, type Infer } from '../schema.ts'
import { objectReference } from './reference.ts'

export const endpointConditions = object('io.k8s.api.discovery.v1.EndpointConditions', {
  ready: boolean(),
  serving: boolean(),
  terminating: boolean(),
})

export const forNode = object('io.k8s.api.discovery.v1.ForNode', {
  name: required(string()),
})

export const forZone = object('io.k8s.api.discovery.v1.ForZone', {
  name: required(string()),
})

export const endpointHints = object('io.k8s.api.discovery.v1.EndpointHints', {
  forNodes: atomicList(forNode),
  forZones: atomicList(forZone),
})

export const endpoint = object('io.k8s.api.discovery.v1.Endpoint', {
  addresses: required(setOf(string())),
  conditions: present(endpointConditions),
  deprecatedTopology: map(string()),
  hints: endpointHints,
  hostname: string(),
  nodeName: string(),
  targetRef: objectReference,
  zone: string(),
})

export const endpointPort = object(
  'io.k8s.api.discovery.v1.EndpointPort',
  {
    name: string(),
    appProtocol: string(),
    port: int32(),
    protocol: string({ values: ['TCP', 'UDP', 'SCTP'], default: 'TCP' }),
  },
  { atomic: true },
)

export interface EndpointConditions extends Infer<typeof endpointConditions> {}
export interface ForNode extends Infer<typeof forNode> {}
export interface ForZone extends Infer<typeof forZone> {}
export interface EndpointHints extends Infer<typeof endpointHints> {}
export interface Endpoint extends Infer<typeof endpoint> {}
export interface EndpointPort extends Infer<typeof endpointPort> {}
