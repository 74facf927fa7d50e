/** The older list of the addresses behind a Service. */
import { atomicList, int32, object, required, string, type Infer } from '../schema.ts'
import { objectReference } from './reference.ts'

export const endpointAddress = object(
  'io.k8s.api.core.v1.EndpointAddress',
  {
    hostname: string(),
    ip: required(string()),
    nodeName: string(),
    targetRef: objectReference,
  },
  { atomic: true },
)

export const endpointPort = object(
  'io.k8s.api.core.v1.EndpointPort',
  {
    name: string(),
    appProtocol: string(),
    port: required(int32()),
    protocol: string({ values: ['TCP', 'UDP', 'SCTP'], default: 'TCP' }),
  },
  { atomic: true },
)

export const endpointSubset = object('io.k8s.api.core.v1.EndpointSubset', {
  addresses: atomicList(endpointAddress),
  notReadyAddresses: atomicList(endpointAddress),
  ports: atomicList(endpointPort),
})

export interface EndpointAddress extends Infer<typeof endpointAddress> {}
export interface EndpointPort extends Infer<typeof endpointPort> {}
export interface EndpointSubset extends Infer<typeof endpointSubset> {}
