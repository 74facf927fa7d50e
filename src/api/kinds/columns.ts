/** The columns most tables share, and short words to declare the others. */
import { formatAge } from '../age.ts'
import type { Column } from '../kind.ts'
import type { KubernetesObject } from '../meta.ts'

type Cell<T> = (object: T, nowMs: number) => string | number

export const nameColumn: Column<KubernetesObject> = {
  name: 'Name',
  type: 'string',
  format: 'name',
  priority: 0,
  doc: 'Name of the object, unique in its namespace.',
  cell: object => object.metadata.name ?? '',
}
export const ageColumn: Column<KubernetesObject> = {
  name: 'Age',
  type: 'string',
  priority: 0,
  doc: 'Time since the object was created.',
  cell: (object, nowMs) => formatAge(object.metadata.creationTimestamp, nowMs),
}
export const createdAtColumn: Column<KubernetesObject> = {
  name: 'Created At',
  type: 'date',
  priority: 0,
  doc: 'When the object was created.',
  cell: object => object.metadata.creationTimestamp ?? '',
}

export const textColumn = <T>(name: string, doc: string, cell: Cell<T>): Column<T> => ({ name, type: 'string', priority: 0, doc, cell })
/** A column only `-o wide` shows. */
export const wideColumn = <T>(name: string, doc: string, cell: Cell<T>): Column<T> => ({ name, type: 'string', priority: 1, doc, cell })
export const integerColumn = <T>(name: string, doc: string, cell: (object: T) => number): Column<T> => ({ name, type: 'integer', priority: 0, doc, cell })
export const booleanColumn = <T>(name: string, doc: string, cell: (object: T) => boolean): Column<T> => ({ name, type: 'boolean', priority: 0, doc, cell })

export const orNone = (text: string | undefined): string => text || '<none>'

/** `a=b,c=d`, keys in order. */
export const printLabels = (labels: { readonly [key: string]: string } | undefined): string =>
  orNone(
    Object.keys(labels ?? {})
      .sort()
      .map(key => `${key}=${labels![key]}`)
      .join(','),
  )
