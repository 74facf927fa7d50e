import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { boolean, int32, object, required, string, type Infer } from '../schema.ts'
import { validatePriorityClass, validatePriorityClassUpdate } from '../validation/priority_class.ts'
import { compileValues } from '../validation/values.ts'
import { ageColumn, booleanColumn, integerColumn, nameColumn, textColumn } from './columns.ts'
import { declareKind } from './declare.ts'

const schema = object(
  'io.k8s.api.scheduling.v1.PriorityClass',
  {
    ...objectFields,
    description: string({ doc: 'When to use this class.' }),
    globalDefault: boolean({ doc: 'True gives it to Pods that name no class; one class only.' }),
    preemptionPolicy: string({
      values: ['PreemptLowerPriority', 'Never'],
      default: 'PreemptLowerPriority',
      doc: 'Whether Pods of this class may push out others.',
    }),
    value: required(int32({ doc: 'The priority; higher goes first.' })),
  },
  { doc: 'A name for a priority of Pods.' },
)

const valuesErrors = compileValues(schema)

export interface PriorityClass extends Infer<typeof schema> {}

export const PriorityClass: Kind<PriorityClass> = declareKind<PriorityClass>({
  group: 'scheduling.k8s.io',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  shortNames: ['pc'],
  namespaced: false,
  schema,
  validate: priorityClass => [...valuesErrors(priorityClass, ''), ...validatePriorityClass(priorityClass)],
  validateUpdate: validatePriorityClassUpdate,
  columns: [
    nameColumn,
    integerColumn('Value', 'The priority.', ({ value }) => value),
    booleanColumn('Global-Default', 'Whether Pods without a class get it.', ({ globalDefault }) => globalDefault ?? false),
    ageColumn,
    textColumn('PreemptionPolicy', 'Whether it may push out other Pods.', ({ preemptionPolicy }) => preemptionPolicy),
  ],
})
