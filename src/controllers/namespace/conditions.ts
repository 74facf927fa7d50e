/** What a namespace that is being deleted says of itself (behaviour 11.9.5). Pure. */
import type { NamespaceCondition } from '../../api/types/namespace.ts'
import type { Contents, Remains } from './contents.ts'

/** Of each type: what it says when all is well. */
const WELL = [
  ['NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'],
  ['NamespaceDeletionGroupVersionParsingFailure', 'ParsedGroupVersions', 'All legacy kube types successfully parsed'],
  ['NamespaceDeletionContentFailure', 'ContentDeleted', 'All content successfully deleted, may be waiting on finalization'],
  ['NamespaceContentRemaining', 'ContentRemoved', 'All content successfully removed'],
  ['NamespaceFinalizersRemaining', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
] as const

type Trouble = { readonly reason: string; readonly message: string } | undefined

/** The conditions as they shall be; undefined when they already say all of it. Others keep their place. */
export function updatedConditions(
  present: readonly NamespaceCondition[],
  contents: Pick<Contents, 'remains' | 'failures'>,
  lastTransitionTime: string,
): NamespaceCondition[] | undefined {
  const troubles = troublesOf(contents)
  const conditions = [...present]
  let changed = false
  for (const [type, reason, message] of WELL) {
    const trouble = troubles[type]
    const wanted: NamespaceCondition = { type, status: trouble ? 'True' : 'False', reason, message, ...trouble }
    const index = conditions.findIndex(condition => condition.type === type)
    const known = conditions[index]
    if (known && known.status === wanted.status && known.reason === wanted.reason && known.message === wanted.message) continue
    changed = true
    conditions.splice(index < 0 ? conditions.length : index, 1, { ...wanted, lastTransitionTime })
  }
  return changed ? conditions : undefined
}

function troublesOf({ remains, failures }: Pick<Contents, 'remains' | 'failures'>): Readonly<Record<string, Trouble>> {
  const finalizers = finalizersIn(remains)
  return {
    NamespaceDeletionContentFailure: failures.length > 0 ? failed(failures) : undefined,
    NamespaceContentRemaining:
      remains.length > 0 ? { reason: 'SomeResourcesRemain', message: `Some resources are remaining: ${sorted(remains.map(instances)).join(', ')}` } : undefined,
    NamespaceFinalizersRemaining:
      finalizers.length > 0
        ? { reason: 'SomeFinalizersRemain', message: `Some content in the namespace has finalizers remaining: ${finalizers.join(', ')}` }
        : undefined,
  }
}

const failed = (failures: readonly string[]): Trouble => ({
  reason: 'ContentDeletionFailed',
  message: `Failed to delete all resource types, ${failures.length} remaining: ${sorted(failures).join(', ')}`,
})

const instances = ({ kind, objects }: Remains): string => `${kind.plural}.${kind.group} has ${objects.length} resource instances`

function finalizersIn(remains: readonly Remains[]): string[] {
  const counts = new Map<string, number>()
  for (const { objects } of remains)
    for (const { metadata } of objects) for (const finalizer of metadata.finalizers ?? []) counts.set(finalizer, (counts.get(finalizer) ?? 0) + 1)
  return sorted([...counts].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`))
}

const sorted = (lines: readonly string[]): string[] => [...lines].sort((a, b) => (a < b ? -1 : 1))
