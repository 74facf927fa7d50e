import { encodeText } from '../../base/bytes.ts'
import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { boolean, bytes, map, object, present, string, type Infer } from '../schema.ts'
import { validateSecret, validateSecretUpdate } from '../validation/data.ts'
import { ageColumn, nameColumn, textColumn } from './columns.ts'
import { declareKind } from './declare.ts'

const schema = object(
  'io.k8s.api.core.v1.Secret',
  {
    ...objectFields,
    data: map(bytes(), { doc: 'The values, in base64.' }),
    immutable: boolean({ doc: 'True forbids any later change of the data.' }),
    stringData: map(string(), { doc: 'For writing only: plain text that goes into data and wins over what is there.' }),
    type: present(string({ doc: 'What the secret is for; Opaque if nothing is said.' })),
  },
  { doc: 'Secret values that Pods take as environment variables or files.' },
)

export interface Secret extends Infer<typeof schema> {}

export const Secret: Kind<Secret> = declareKind<Secret>({
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
  schema,
  setDefaults: setSecretDefaults,
  validate: validateSecret,
  validateUpdate: validateSecretUpdate,
  fieldSelectors: { type: ({ type }) => type },
  columns: [
    nameColumn,
    textColumn('Type', 'What the secret is for.', ({ type }) => type),
    textColumn('Data', 'Number of entries.', ({ data }) => Object.keys(data ?? {}).length),
    ageColumn,
  ],
})

/** stringData is a convenience for writing: nobody ever reads it back. */
function setSecretDefaults(secret: Secret): void {
  secret.type ||= 'Opaque'
  if (!secret.stringData) return
  secret.data ??= {}
  for (const [key, text] of Object.entries(secret.stringData)) secret.data[key] = encodeBase64(text)
  delete secret.stringData
}

function encodeBase64(text: string): string {
  let binary = ''
  for (const byte of encodeText(text)) binary += String.fromCharCode(byte)
  return btoa(binary)
}
