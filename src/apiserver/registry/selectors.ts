/** The selectors of a list, a watch or a deletecollection, ready to be asked. */
import type { Kind } from '../../api/kind.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import { matchesFields, parseFieldSelector, requiredFieldValue, type FieldRequirement } from '../../api/field_selector.ts'
import { matchesLabels, parseLabelSelector, type LabelRequirement } from '../../api/label_selector.ts'
import { indexedField, type WatchScope } from './watch_hub.ts'

export interface Selection {
  /** True when every object matches. */
  readonly everything: boolean
  /** Where matching objects can be, for reading and watching no more than needed. */
  readonly scope: WatchScope
  matches(object: KubernetesObject): boolean
}

export interface Selectors {
  /** Throws a 400 ApiError when a selector cannot be read. */
  of(kind: Kind, namespace: string, query: URLSearchParams, name?: string): Selection
}

/** Different label selectors that are remembered; each watch and list of a controller brings the same few. */
const REMEMBERED_MAX = 500

export function createSelectors(): Selectors {
  const remembered = new Map<string, readonly LabelRequirement[]>()
  const labelRequirements = (text: string): readonly LabelRequirement[] => {
    const known = remembered.get(text)
    if (known) return known
    const parsed = parseLabelSelector(text)
    if (remembered.size >= REMEMBERED_MAX) remembered.clear()
    remembered.set(text, parsed)
    return parsed
  }
  return {
    of(kind, namespace, query, name) {
      const labels = labelRequirements(query.get('labelSelector') ?? '')
      const fields = parseFieldSelector(query.get('fieldSelector') ?? '', kind.fieldSelectors)
      const byName: FieldRequirement[] = name ? [{ field: 'metadata.name', operator: '=', value: name }] : []
      return selectionOf(kind, namespace, labels, [...byName, ...fields])
    },
  }
}

function selectionOf(kind: Kind, namespace: string, labels: readonly LabelRequirement[], fields: readonly FieldRequirement[]): Selection {
  const index = indexedField(kind)
  const scope = {
    namespace: namespace || (kind.namespaced ? (requiredFieldValue(fields, 'metadata.namespace') ?? '') : ''),
    name: requiredFieldValue(fields, 'metadata.name'),
    // A namespace narrows more than a Node does, and a watcher sits in one bucket only.
    indexed: index && !namespace ? requiredFieldValue(fields, index) : undefined,
  }
  return {
    everything: labels.length === 0 && fields.length === 0,
    scope,
    matches: object =>
      (!scope.namespace || !kind.namespaced || object.metadata.namespace === scope.namespace) &&
      matchesLabels(labels, object.metadata.labels) &&
      (fields.length === 0 || matchesFields(fields, object, kind.fieldSelectors)),
  }
}
