/** Leases: heartbeats and leader election. */
import { int32, microTime, object, string, type Infer } from '../schema.ts'

export const leaseSpec = object('io.k8s.api.coordination.v1.LeaseSpec', {
  acquireTime: microTime(),
  holderIdentity: string(),
  leaseDurationSeconds: int32(),
  leaseTransitions: int32(),
  preferredHolder: string(),
  renewTime: microTime(),
  strategy: string(),
})

export interface LeaseSpec extends Infer<typeof leaseSpec> {}
