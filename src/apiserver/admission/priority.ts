import type { PriorityClass } from '../../api/kinds/priority_class.ts'
import { forbiddenBy } from '../../api/status.ts'
import type { Store } from '../../store/store.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import type { AdmissionParts } from './plugins.ts'
import { isNewPod, podDraft } from './pods.ts'

/**
 * Gives a Pod the number behind its priority class, and refuses one that brings a number of its own. Of classes there is one
 * default, and those of the system stay.
 */
export function priority({ store }: AdmissionParts): AdmissionPlugin {
  const defaultClass = createDefaultClass(store)
  return {
    name: 'Priority',
    handles: request => isNewPod(request) || isPriorityClass(request),
    async check(request) {
      if (!isPriorityClass(request)) return
      const { kind, operation, name } = request
      if (operation === 'DELETE') {
        if (name === 'system-node-critical' || name === 'system-cluster-critical')
          throw forbiddenBy(kind, name, 'this is a system priority class and cannot be deleted')
        return
      }
      const { metadata, globalDefault } = request.object as PriorityClass
      const other = globalDefault ? await defaultClass() : undefined
      if (other && (operation === 'CREATE' || other.metadata.name !== metadata.name))
        throw forbiddenBy(kind, metadata.name ?? '', `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`)
    },
    async mutate(request) {
      const pod = isNewPod(request) ? podDraft(request) : undefined
      if (!pod) return
      const { spec } = pod
      const refuse = (why: string) => forbiddenBy(request.kind, pod.metadata.name ?? '', why)
      const found = spec.priorityClassName ? await classNamed(store, spec.priorityClassName) : await defaultClass()
      if (spec.priorityClassName && !found) throw refuse(`no PriorityClass with name ${spec.priorityClassName} was found`)
      const value = found?.value ?? 0
      const policy = found?.preemptionPolicy ?? 'PreemptLowerPriority'
      if (spec.priority !== undefined && spec.priority !== value)
        throw refuse(
          `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
        )
      if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy)
        throw refuse(
          `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
        )
      if (found) spec.priorityClassName = found.metadata.name
      spec.priority = value
      spec.preemptionPolicy = policy
    },
  }
}

const PREFIX = '/scheduling.k8s.io/priorityclasses/'

const isPriorityClass = ({ kind, subresource }: AdmissionRequest): boolean => kind.storage.prefix === PREFIX && subresource === ''

const classNamed = async (store: Store, name: string): Promise<PriorityClass | undefined> =>
  (await store.get(PREFIX + name))?.value as PriorityClass | undefined

/** Of several defaults the lowest counts: nobody is raised by accident. Looked for again only after a change of any class. */
function createDefaultClass(store: Store): () => Promise<PriorityClass | undefined> {
  let found: { readonly priorityClass: PriorityClass | undefined } | undefined
  let isFollowing = false
  return async () => {
    if (!isFollowing) {
      isFollowing = true
      store.watch(PREFIX, store.revision, () => (found = undefined))
    }
    if (found) return found.priorityClass
    const { items, revision } = await store.list(PREFIX)
    const defaults = items.map(({ value }) => value as PriorityClass).filter(({ globalDefault }) => globalDefault)
    const [priorityClass] = defaults.sort((a, b) => a.value - b.value)
    // While the list was on its way to us, a class may have changed.
    if (revision === store.revision) found = { priorityClass }
    return priorityClass
  }
}
