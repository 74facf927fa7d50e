/** Namespaces. */
import { invalidValue, type FieldError } from '../field_error.ts'
import type { Namespace } from '../kinds/namespace.ts'
import { qualifiedName } from './names.ts'
import { forEachAt } from './rules.ts'

export const validateNamespace = ({ spec }: Namespace): FieldError[] =>
  forEachAt(spec.finalizers, 'spec.finalizers', (finalizer, at) => {
    const problems = qualifiedName(finalizer)
    if (problems.length === 0 && !finalizer.includes('/') && finalizer !== 'kubernetes')
      problems.push('name is neither a standard finalizer name nor is it fully qualified')
    return problems.map(problem => invalidValue(at, finalizer, problem))
  })

/** The phase only says whether the deletion has begun. */
export function validateNamespaceUpdate({ metadata, status }: Namespace, _old: Namespace, subresource: string): FieldError[] {
  if (subresource !== 'status') return []
  if (!metadata.deletionTimestamp && status.phase !== 'Active')
    return [invalidValue('status.Phase', status.phase, "may only be 'Active' if `deletionTimestamp` is empty")]
  if (metadata.deletionTimestamp && status.phase !== 'Terminating')
    return [invalidValue('status.Phase', status.phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")]
  return []
}
