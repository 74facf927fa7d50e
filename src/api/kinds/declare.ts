/** Declares a kind: names what is special about it and fills in what is usual. */
import { cloneJson } from '../deep.ts'
import type { Kind, Verb } from '../kind.ts'
import type { KubernetesObject } from '../meta.ts'
import { unsupportedFieldsOf } from '../unsupported.ts'
import { compileUnsupported } from '../unsupported_warnings.ts'
import { dnsSubdomain } from '../validation/names.ts'
import { createdAtColumn, nameColumn } from './columns.ts'

const ALL_VERBS: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

/** `status` as a subresource, with the verbs it always has. */
export const statusSubresource = { name: 'status', verbs: ['get', 'patch', 'update'] } as const

/** Writers of the status and writers of the rest leave each other's part alone. */
export function keepOtherPart<T extends KubernetesObject & { spec?: unknown; status?: unknown }>(draft: T, old: T, subresource: string): void {
  const kept = subresource === 'status' ? 'spec' : 'status'
  if (old[kept] === undefined) delete draft[kept]
  else draft[kept] = cloneJson(old[kept])
}

type Special<T extends KubernetesObject> = Partial<Kind<T>> & Pick<Kind<T>, 'kind' | 'plural' | 'namespaced' | 'schema'>

export function declareKind<T extends KubernetesObject>(special: Special<T>): Kind<T> {
  const group = special.group ?? ''
  const findUnsupported = compileUnsupported(unsupportedFieldsOf(special.kind))
  return {
    group,
    version: 'v1',
    singular: special.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    verbs: ALL_VERBS,
    subresources: [],
    storage: { prefix: group ? `/${group}/${special.plural}/` : `/${special.plural}/` },
    validateName: dnsSubdomain,
    generation: false,
    unconditionalUpdate: true,
    createOnUpdate: false,
    fieldSelectors: {},
    columns: [nameColumn, createdAtColumn],
    ...special,
    warnings: (object, old) => [...(special.warnings?.(object, old) ?? []), ...findUnsupported(object, old)],
  }
}

/** A kind that is answered and never stored: reviews, bindings, evictions. */
export const declareVirtualKind = <T extends KubernetesObject>(special: Special<T>): Kind<T> => declareKind({ verbs: ['create'], ...special })
