/**
 * GET, PUT and PATCH …/scale: the size of a workload as an object of its own, the same for every kind that has one.
 *
 *   Scale ─▶ spec.replicas ─▶ the workload's own update (admission, validation, generation) ─▶ Scale
 */
import { cloneJson } from '../../api/deep.ts'
import { invalidValue } from '../../api/field_error.ts'
import type { ScaleOf } from '../../api/kind.ts'
import { Scale } from '../../api/kinds/scale.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import { badRequest, invalid } from '../../api/status.ts'
import type { FieldValidation } from '../../api/field_validation.ts'
import type { Parts } from '../parts.ts'
import type { Call, Outcome } from '../registry/call.ts'
import { getObject } from '../registry/get.ts'
import { readPatch } from '../registry/patch.ts'
import { draftOf, readObject } from '../registry/read_object.ts'
import { changeObject } from '../registry/update.ts'
import { writeOptions } from '../registry/write_options.ts'

/** Answers throw an ApiError: 415 for server-side apply, 422 for a size below 0. */
export const scaleObject =
  (parts: Parts, scale: ScaleOf<KubernetesObject>) =>
  async (call: Call): Promise<Outcome> => {
    const { request } = call
    if (request.method === 'GET') return { status: 200, object: scaleOf(scale, (await getObject(parts, call)).object as KubernetesObject) }
    const options = writeOptions(request, request.method === 'PATCH' ? 'PatchOptions' : 'UpdateOptions')
    const read = request.method === 'PATCH' ? patched(parts, call, options.fieldValidation) : replaced(parts, call, options.fieldValidation)
    const outcome = await changeObject(parts, call, options, {
      againOnConflict: !read.namesVersion,
      makeDraft(current) {
        const { metadata, spec } = read.wanted(scaleOf(scale, current))
        if (metadata.name !== call.name) throw badRequest(`the name of the object (${metadata.name ?? ''}) does not match the name on the URL (${call.name})`)
        if (spec.replicas < 0) throw invalid(Scale, call.name, [invalidValue('spec.replicas', spec.replicas, 'must be greater than or equal to 0')])
        const draft = cloneJson(current)
        scale.setWanted(draft, spec.replicas)
        if (metadata.uid) draft.metadata.uid = metadata.uid
        if (metadata.resourceVersion) draft.metadata.resourceVersion = metadata.resourceVersion
        return draft
      },
    })
    return { status: 200, object: scaleOf(scale, outcome.object as KubernetesObject) }
  }

interface WantedScale {
  readonly namesVersion: boolean
  wanted(current: Scale): Scale
}

function replaced(parts: Parts, call: Call, validation: FieldValidation): WantedScale {
  const given = readObject(parts, Scale as never, call.request, validation, call.warnings) as Scale
  given.metadata.name ??= call.name
  return { namesVersion: Boolean(given.metadata.resourceVersion), wanted: () => given }
}

function patched(parts: Parts, call: Call, validation: FieldValidation): WantedScale {
  const patch = readPatch(call, validation)
  const { duplicateFields, namesVersion } = patch
  return {
    namesVersion,
    wanted: current => draftOf(parts, Scale as never, patch.apply(Scale as never, current), { duplicateFields, validation, warnings: call.warnings }) as Scale,
  }
}

/** Of the workload's metadata a Scale carries what says which object, in which version. */
function scaleOf(scale: ScaleOf<KubernetesObject>, workload: KubernetesObject): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = workload.metadata
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: scale.wanted(workload) },
    status: { replicas: scale.actual(workload), selector: scale.selector(workload) },
  }
}
