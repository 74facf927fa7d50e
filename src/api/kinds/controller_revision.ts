import { deepEqual } from '../deep.ts'
import { invalidValue } from '../field_error.ts'
import type { Kind } from '../kind.ts'
import { objectFields } from '../meta.ts'
import { any, int64, object, required, type Infer } from '../schema.ts'
import { nonNegative } from '../validation/rules.ts'
import { ageColumn, integerColumn, nameColumn, orNone, textColumn } from './columns.ts'
import { declareKind } from './declare.ts'

const schema = object(
  'io.k8s.api.apps.v1.ControllerRevision',
  {
    ...objectFields,
    data: any({ doc: 'What the workload was like: for StatefulSets and DaemonSets a patch that brings its template back.' }),
    revision: required(int64({ doc: 'Which revision this is; the newest has the highest number.' })),
  },
  { doc: 'How a StatefulSet or DaemonSet was at one time, kept so that it can be brought back.' },
)

export interface ControllerRevision extends Infer<typeof schema> {}

export const ControllerRevision: Kind<ControllerRevision> = declareKind<ControllerRevision>({
  group: 'apps',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
  namespaced: true,
  schema,
  validate: ({ revision }) => nonNegative(revision, 'revision'),
  validateUpdate: ({ data }, old) => (deepEqual(data, old.data) ? [] : [invalidValue('data', data, 'field is immutable')]),
  columns: [
    nameColumn,
    textColumn('Controller', 'The workload it is a revision of.', printController),
    integerColumn('Revision', 'Its number.', ({ revision }) => revision),
    ageColumn,
  ],
})

function printController({ metadata }: ControllerRevision): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller)
  if (!owner) return orNone(undefined)
  const group = owner.apiVersion.includes('/') ? `.${owner.apiVersion.split('/')[0]}` : ''
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`
}
