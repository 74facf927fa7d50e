import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { described, object, required, string, type Infer } from '../schema.ts'
import { overhead, runtimeClassScheduling } from '../types/runtime_class.ts'
import { validateRuntimeClass, validateRuntimeClassUpdate } from '../validation/runtime_class.ts'
import { ageColumn, nameColumn, textColumn } from './columns.ts'
import { declareKind } from './declare.ts'

const schema = object(
  'io.k8s.api.node.v1.RuntimeClass',
  {
    ...objectFields,
    handler: required(string({ doc: 'What the container runtime calls this way of running Pods, such as runc. It never changes.' })),
    overhead: described(overhead, 'What Pods of the class need besides what their containers ask for.'),
    scheduling: described(runtimeClassScheduling, 'Which nodes can run Pods of the class; every node, if nothing is said.'),
  },
  { doc: 'A name for a way of running containers. Pods ask for it by runtimeClassName.' },
)

export interface RuntimeClass extends Infer<typeof schema> {}

export const RuntimeClass: Kind<RuntimeClass> = declareKind<RuntimeClass>({
  group: 'node.k8s.io',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  namespaced: false,
  schema,
  unconditionalUpdate: false,
  validate: validateRuntimeClass,
  validateUpdate: validateRuntimeClassUpdate,
  columns: [nameColumn, textColumn('Handler', 'What the runtime calls it.', ({ handler }) => handler), ageColumn],
})
