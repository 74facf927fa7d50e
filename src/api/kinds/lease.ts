import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { object, present, type Infer } from '../schema.ts'
import { leaseSpec } from '../types/lease.ts'
import { validateLease } from '../validation/lease.ts'
import { ageColumn, nameColumn, textColumn } from './columns.ts'
import { declareKind } from './declare.ts'

const schema = object(
  'io.k8s.api.coordination.v1.Lease',
  {
    ...objectFields,
    spec: present(leaseSpec),
  },
  { doc: 'Who holds something and until when: heartbeats of nodes, leaders of controllers.' },
)

export interface Lease extends Infer<typeof schema> {}

export const Lease: Kind<Lease> = declareKind<Lease>({
  group: 'coordination.k8s.io',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
  schema,
  unconditionalUpdate: false,
  createOnUpdate: true,
  validate: validateLease,
  columns: [nameColumn, textColumn('Holder', 'Who holds it.', ({ spec }) => spec.holderIdentity ?? ''), ageColumn],
})
