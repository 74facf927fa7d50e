import { Binding } from '../../api/kinds/binding.ts'
import { Pod } from '../../api/kinds/pod.ts'
import { timestamp } from '../../api/meta.ts'
import { setCondition } from '../../api/pod.ts'
import { notSupported, requiredValue } from '../../api/field_error.ts'
import { conflict, invalid, success } from '../../api/status.ts'
import type { Parts } from '../parts.ts'
import type { Call, Outcome } from '../registry/call.ts'
import { readObject } from '../registry/read_object.ts'
import { rewriteObject } from '../registry/rewrite.ts'
import { writeOptions } from '../registry/write_options.ts'

const resource = { group: '', plural: 'pods/binding', kind: 'Binding' }

/** POST pods/<name>/binding: puts a Pod on a Node. Throws Conflict when it has one already. */
export async function bindPod(parts: Parts, call: Call): Promise<Outcome> {
  const options = writeOptions(call.request, 'CreateOptions')
  const binding = readObject(parts, Binding as never, call.request, options.fieldValidation, call.warnings) as Binding
  // Posted to the old collection of bindings, the name is in the body.
  const name = call.name || (binding.metadata.name ?? '')
  const { target, metadata } = binding
  if (target?.kind && target.kind !== 'Node') throw invalid(resource, name, [notSupported('target.kind', target.kind, ['Node', '<empty>'])])
  if (!target?.name) throw invalid(resource, name, [requiredValue('target.name')])

  await rewriteObject(parts, Pod, call.namespace, name, pod => {
    const refuse = (why: string) => conflict(resource, name, why)
    if (metadata.uid && metadata.uid !== pod.metadata.uid)
      throw refuse(`Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${pod.metadata.uid}`)
    if (metadata.resourceVersion && metadata.resourceVersion !== pod.metadata.resourceVersion)
      throw refuse(
        `Precondition failed: ResourceVersion in precondition: ${metadata.resourceVersion}, ResourceVersion in object meta: ${pod.metadata.resourceVersion}`,
      )
    if (pod.metadata.deletionTimestamp) throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`)
    if (pod.spec.nodeName) throw refuse(`pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`)
    if (pod.spec.schedulingGates?.length) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`)
    pod.spec.nodeName = target.name
    // The room that was kept for it is no longer kept.
    delete pod.status.nominatedNodeName
    if (metadata.annotations) pod.metadata.annotations = { ...pod.metadata.annotations, ...metadata.annotations }
    pod.status.conditions = setCondition(pod.status.conditions, { type: 'PodScheduled', status: 'True' }, timestamp(parts.clock.wall()))
    return !options.dryRun
  })
  return { status: 201, object: { ...success(), code: 201 } }
}
