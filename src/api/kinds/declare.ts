/** Declares a kind: names what is special about it and fills in what is usual. */
import type { Kind, Verb } from '../kind.ts'
import type { KubernetesObject } from '../meta.ts'
import { unsupportedFieldsOf } from '../unsupported.ts'
import { compileUnsupported } from '../unsupported_warnings.ts'
import { dnsSubdomain } from '../validation/names.ts'
import { createdAtColumn, nameColumn } from './columns.ts'

const ALL_VERBS: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

/** `status` as a subresource, with the verbs it always has. */
export const statusSubresource = { name: 'status', verbs: ['get', 'patch', 'update'] } as const

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
