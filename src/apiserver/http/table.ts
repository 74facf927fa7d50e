/** Tables: what `kubectl get` prints is decided here, by the columns of the kind. */
import type { Kind } from '../../api/kind.ts'
import type { KubernetesObject } from '../../api/meta.ts'
import { invalid } from '../../api/status.ts'
import { notSupported } from '../../api/field_error.ts'
import type { Millis } from '../../base/clock.ts'
import type { ListMeta } from '../registry/list.ts'

export type IncludeObject = 'None' | 'Metadata' | 'Object'

export interface TableOptions {
  readonly apiVersion: string
  readonly include: IncludeObject
  readonly wallMs: Millis
  /** Left out of all but the first event of a watch. */
  readonly withColumns?: boolean
}

/** The query parameter includeObject. Throws a 422 ApiError for a value that is none. */
export function includeObject(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject') || 'Metadata'
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value
  throw invalid({ group: 'meta.k8s.io', plural: 'tableoptions', kind: 'TableOptions' }, '', [
    notSupported('includeObject', value, ['Metadata', 'None', 'Object']),
  ])
}

export function tableOf(kind: Kind, objects: readonly KubernetesObject[], metadata: ListMeta, options: TableOptions): object {
  return {
    kind: 'Table',
    apiVersion: options.apiVersion,
    metadata,
    columnDefinitions:
      options.withColumns === false
        ? []
        : kind.columns.map(column => ({
            name: column.name,
            type: column.type,
            format: column.format ?? '',
            description: column.doc,
            priority: column.priority,
          })),
    rows: objects.map(object => rowOf(kind, object, options)),
  }
}

function rowOf(kind: Kind, object: KubernetesObject, { include, apiVersion, wallMs }: TableOptions): object {
  const conditions = kind.rowConditions?.(object) ?? []
  return {
    cells: kind.columns.map(column => column.cell(object, wallMs)),
    ...(conditions.length > 0 && { conditions }),
    object: include === 'None' ? null : include === 'Object' ? object : partialMetadata(object, apiVersion),
  }
}

export const partialMetadata = ({ metadata }: KubernetesObject, apiVersion: string): object => ({ kind: 'PartialObjectMetadata', apiVersion, metadata })
