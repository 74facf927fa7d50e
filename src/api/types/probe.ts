/** Questions the kubelet asks a container again and again. */
import { int32, int64, object, type Infer } from '../schema.ts'
import { execAction, grpcAction, httpGetAction, tcpSocketAction } from './handler.ts'

export const probe = object('io.k8s.api.core.v1.Probe', {
  exec: execAction,
  failureThreshold: int32({ default: 3, zeroIsUnset: true }),
  grpc: grpcAction,
  httpGet: httpGetAction,
  initialDelaySeconds: int32(),
  periodSeconds: int32({ default: 10, zeroIsUnset: true }),
  successThreshold: int32({ default: 1, zeroIsUnset: true }),
  tcpSocket: tcpSocketAction,
  terminationGracePeriodSeconds: int64(),
  timeoutSeconds: int32({ default: 1, zeroIsUnset: true }),
})

export interface Probe extends Infer<typeof probe> {}
