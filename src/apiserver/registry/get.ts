import { notFound, tooLargeResourceVersion } from '../../api/status.ts'
import type { Stored } from '../../store/store.ts'
import type { Parts } from '../parts.ts'
import type { Call, Outcome } from './call.ts'
import { keyIn } from './keys.ts'
import { readRevision } from './list_options.ts'

/** GET of one object. With a resourceVersion: not older than that. */
export async function getObject(parts: Parts, call: Call): Promise<Outcome> {
  const atLeast = readRevision(call.request.query.get('resourceVersion'))
  if (atLeast > parts.store.revision) throw tooLargeResourceVersion(atLeast, parts.store.revision)
  const stored = await storedObject(parts, call)
  return { status: 200, object: parts.views.of(call.kind, stored).object, stored }
}

/** Throws NotFound. */
export async function storedObject({ store }: Parts, { kind, namespace, name }: Pick<Call, 'kind' | 'namespace' | 'name'>): Promise<Stored> {
  const stored = await store.get(keyIn(kind, namespace, name))
  if (!stored) throw notFound(kind, name)
  return stored
}
