/** Questions the kubelet asks a container again and again. */
import { described, int32, int64, object, type Infer } from '../schema.ts'
import { execAction, grpcAction, httpGetAction, tcpSocketAction } from './handler.ts'

export const probe = object(
  'io.k8s.api.core.v1.Probe',
  {
    exec: described(execAction, 'Run a command in the container; exit code 0 is success.'),
    failureThreshold: int32({ default: 3, zeroIsUnset: true, doc: 'So many failures in a row count as failed.' }),
    grpc: described(grpcAction, 'Ask the standard gRPC health service.'),
    httpGet: described(httpGetAction, 'Send a GET request; a status from 200 to 399 is success.'),
    initialDelaySeconds: int32({ doc: 'Seconds to wait after the container has started.' }),
    periodSeconds: int32({ default: 10, zeroIsUnset: true, doc: 'Seconds between two probes.' }),
    successThreshold: int32({ default: 1, zeroIsUnset: true, doc: 'So many successes in a row count as healthy again.' }),
    tcpSocket: described(tcpSocketAction, 'Open a connection; that it opens is success.'),
    terminationGracePeriodSeconds: int64({ doc: 'Grace when this probe is the reason for the stop, in place of that of the Pod.' }),
    timeoutSeconds: int32({ default: 1, zeroIsUnset: true, doc: 'An answer that takes longer is a failure.' }),
  },
  { doc: 'A question asked again and again, and how its answers count.' },
)

export interface Probe extends Infer<typeof probe> {}
