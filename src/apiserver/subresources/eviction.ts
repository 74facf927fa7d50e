import { Eviction } from '../../api/kinds/eviction.ts'
import { Pod } from '../../api/kinds/pod.ts'
import { timestamp } from '../../api/meta.ts'
import { isTerminal, setCondition } from '../../api/pod.ts'
import { badRequest, success } from '../../api/status.ts'
import type { Parts } from '../parts.ts'
import type { Call, Outcome } from '../registry/call.ts'
import { checkPreconditions, deleteWith, withoutCollector } from '../registry/delete.ts'
import { readObject } from '../registry/read_object.ts'
import { rewriteObject } from '../registry/rewrite.ts'
import { writeOptions } from '../registry/write_options.ts'

/**
 * POST pods/<name>/eviction: a delete that says why, and that disruption budgets may refuse
 * (there are none yet, so it always goes through).
 */
export async function evictPod(parts: Parts, call: Call): Promise<Outcome> {
  const options = writeOptions(call.request, 'CreateOptions')
  const eviction = readObject(parts, Eviction as never, call.request, options.fieldValidation, call.warnings) as Eviction
  const { name, namespace } = call
  if (eviction.metadata.name && eviction.metadata.name !== name) throw badRequest('name in URL does not match name in Eviction object')
  const { deleteOptions } = eviction
  const dryRun = options.dryRun || (deleteOptions?.dryRun?.length ?? 0) > 0
  const how = withoutCollector(
    {
      graceSeconds: deleteOptions?.gracePeriodSeconds,
      uid: deleteOptions?.preconditions?.uid,
      resourceVersion: deleteOptions?.preconditions?.resourceVersion,
      propagation: deleteOptions?.propagationPolicy as never,
      dryRun,
    },
    call.warnings,
  )

  await rewriteObject(parts, Pod, namespace, name, pod => {
    checkPreconditions(Pod as never, pod, how)
    if (dryRun || isTerminal(pod) || pod.metadata.deletionTimestamp) return false
    pod.status.conditions = setCondition(
      pod.status.conditions,
      {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'EvictionByEvictionAPI',
        message: 'Eviction API: evicting',
      },
      timestamp(parts.clock.wall()),
    )
    return true
  })
  // The condition was a write of its own, so the version the client named has passed.
  await deleteWith(parts, { ...call, kind: Pod as never }, { ...how, resourceVersion: undefined })
  return { status: 201, object: { ...success(), code: 201 } }
}
