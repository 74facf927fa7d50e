import type { Kind } from '../../api/kind.ts'
import { isReason } from '../../api/status.ts'
import type { Parts } from '../parts.ts'
import type { Call } from './call.ts'
import { deleteWith, warnOfDefaultPolicy } from './delete.ts'
import { readDeleteOptions } from './delete_options.ts'
import { listObjects, type ObjectList } from './list.ts'

/** Deletes under way at the same time. */
const PARALLEL_MAX = 16

/** DELETE of a collection: everything that matches is deleted as by itself. Answers with what was found. */
export async function deleteCollection(parts: Parts, call: Call & { readonly kind: Kind }): Promise<ObjectList> {
  const how = readDeleteOptions(call.request)
  warnOfDefaultPolicy(call, how)
  const found = await listObjects(parts, call.kind, call.namespace, call.request.query)
  const rest = found.views.map(view => view.object.metadata)
  const worker = async (): Promise<void> => {
    for (;;) {
      const metadata = rest.shift()
      if (!metadata) return
      try {
        await deleteWith(parts, { ...call, namespace: metadata.namespace ?? '', name: metadata.name! }, { ...how, uid: metadata.uid })
      } catch (error) {
        // Somebody else has deleted it, or put another in its place: either way this one is gone.
        if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(PARALLEL_MAX, rest.length) }, worker))
  return found
}
