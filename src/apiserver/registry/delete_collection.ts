import type { Kind } from '../../api/kind.ts'
import { isReason } from '../../api/status.ts'
import { forEachAtOnce } from '../../base/at_once.ts'
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
  await forEachAtOnce(found.views, PARALLEL_MAX, async ({ object: { metadata } }) => {
    try {
      await deleteWith(parts, { ...call, namespace: metadata.namespace ?? '', name: metadata.name! }, { ...how, uid: metadata.uid })
    } catch (error) {
      // Somebody else has deleted it, or put another in its place: either way this one is gone.
      if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
    }
  })
  return found
}
