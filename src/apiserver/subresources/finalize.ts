import { cloneJson } from '../../api/deep.ts'
import type { Namespace } from '../../api/kinds/namespace.ts'
import { conflict, staleWrite } from '../../api/status.ts'
import type { Parts } from '../parts.ts'
import type { Call, Outcome } from '../registry/call.ts'
import { isHeld } from '../registry/delete.ts'
import { storedObject } from '../registry/get.ts'
import { readObject } from '../registry/read_object.ts'
import { writeOptions } from '../registry/write_options.ts'

const CONFLICT_TRIES = 5

/** PUT namespaces/<name>/finalize: sets spec.finalizers and nothing else; the Namespace goes with the last of them. */
export async function finalizeNamespace(parts: Parts, call: Call): Promise<Outcome> {
  const options = writeOptions(call.request, 'UpdateOptions')
  const given = readObject(parts, call.kind, call.request, options.fieldValidation, call.warnings) as Namespace
  for (let attempt = 1; ; attempt++) {
    const current = await storedObject(parts, call)
    const draft = cloneJson(current.value) as Namespace
    const { resourceVersion, uid } = given.metadata
    if (uid && uid !== draft.metadata.uid)
      throw conflict(call.kind, call.name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${draft.metadata.uid}`)
    if (resourceVersion && resourceVersion !== draft.metadata.resourceVersion) throw staleWrite(call.kind, call.name)
    draft.spec = { ...draft.spec, finalizers: given.spec?.finalizers ?? [] }
    if (options.dryRun) return { status: 200, object: draft }

    const isEmpty = draft.metadata.deletionTimestamp !== undefined && !isHeld(draft)
    const commit = await parts.store.commit([{ key: current.key, value: isEmpty ? undefined : draft, expect: current.revision }])
    if (commit.done) return isEmpty ? { status: 200, object: draft } : { status: 200, object: commit.stored[0]!.value, stored: commit.stored[0] }
    if (resourceVersion || attempt === CONFLICT_TRIES) throw staleWrite(call.kind, call.name)
  }
}
