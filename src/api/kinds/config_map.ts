import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { boolean, bytes, map, object, string, type Infer } from '../schema.ts'
import { validateConfigMap, validateConfigMapUpdate } from '../validation/data.ts'
import { ageColumn, nameColumn, textColumn } from './columns.ts'
import { declareKind } from './declare.ts'

const schema = object(
  'io.k8s.api.core.v1.ConfigMap',
  {
    ...objectFields,
    binaryData: map(bytes(), { doc: 'Values that are not UTF-8 text, in base64.' }),
    data: map(string(), { doc: 'Values that are text. No key may also be in binaryData.' }),
    immutable: boolean({ doc: 'True forbids any later change of the data.' }),
  },
  { doc: 'Configuration that Pods take as environment variables or files.' },
)

export interface ConfigMap extends Infer<typeof schema> {}

export const ConfigMap: Kind<ConfigMap> = declareKind<ConfigMap>({
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  namespaced: true,
  schema,
  validate: validateConfigMap,
  validateUpdate: validateConfigMapUpdate,
  columns: [
    nameColumn,
    textColumn('Data', 'Number of entries.', ({ data, binaryData }) => Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length),
    ageColumn,
  ],
})
