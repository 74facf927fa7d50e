/** Leases. */
import type { FieldError } from '../field_error.ts'
import type { Lease } from '../kinds/lease.ts'
import { nonNegative, positive } from './rules.ts'

export const validateLease = ({ spec }: Lease): FieldError[] => [
  ...positive(spec.leaseDurationSeconds, 'spec.leaseDurationSeconds'),
  ...nonNegative(spec.leaseTransitions, 'spec.leaseTransitions'),
]
