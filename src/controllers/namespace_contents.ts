import { isReason } from '../api/status.ts'

/**
 * For objects that every namespace has: a refusal because the namespace is going (or gone), or because somebody else
 * was faster, needs no other try. The cache will tell what is the case now.
 */
export function unlessSettled(error: unknown): void {
  const isSettled =
    isReason(error, 'AlreadyExists') ||
    isReason(error, 'NotFound') ||
    (isReason(error, 'Forbidden') && error.status.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating'))
  if (!isSettled) throw error
}
