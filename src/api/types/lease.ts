/** Leases: heartbeats and leader election. */
import { int32, microTime, object, string, type Infer } from '../schema.ts'

export const leaseSpec = object('io.k8s.api.coordination.v1.LeaseSpec', {
  acquireTime: microTime(),
  holderIdentity: string({ doc: 'Who holds the lease.' }),
  leaseDurationSeconds: int32({ doc: 'How long after renewTime others must wait.' }),
  leaseTransitions: int32(),
  preferredHolder: string(),
  renewTime: microTime({ doc: 'When the holder last said that it is alive.' }),
  strategy: string(),
})

export interface LeaseSpec extends Infer<typeof leaseSpec> {}
