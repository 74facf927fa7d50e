import { isReason } from '../api/status.ts'

/**
 * For objects that every namespace has: a refusal because the namespace is going (or gone), or because somebody else
 * was faster, needs no other try. The cache will tell what is the case now.
 */
export function unlessSettled(error: unknown): void {
  if (!isReason(error, 'AlreadyExists') && !isReason(error, 'NotFound') && !isNamespaceLeaving(error)) throw error
}

/** Nothing new can be made in a namespace that is being deleted. */
export const isNamespaceLeaving = (error: unknown): boolean =>
  isReason(error, 'Forbidden') && (error.status.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') ?? false)
