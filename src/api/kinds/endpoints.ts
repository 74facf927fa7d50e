import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { atomicList, object, type Infer } from '../schema.ts'
import { endpointSubset } from '../types/endpoints.ts'
import { validateEndpoints } from '../validation/endpoints.ts'
import { ageColumn, nameColumn, orNone, textColumn } from './columns.ts'
import { declareKind } from './declare.ts'

const schema = object(
  'io.k8s.api.core.v1.Endpoints',
  {
    ...objectFields,
    subsets: atomicList(endpointSubset),
  },
  { doc: 'The addresses behind a Service, in the older form. EndpointSlice is the newer one.' },
)

export interface Endpoints extends Infer<typeof schema> {}

const SHOWN_MAX = 3

export const Endpoints: Kind<Endpoints> = declareKind<Endpoints>({
  kind: 'Endpoints',
  plural: 'endpoints',
  singular: 'endpoints',
  shortNames: ['ep'],
  namespaced: true,
  schema,
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  validate: validateEndpoints,
  columns: [nameColumn, textColumn('Endpoints', 'The ready addresses.', printEndpoints), ageColumn],
})

function printEndpoints({ subsets }: Endpoints): string {
  const all = (subsets ?? []).flatMap(({ addresses, ports }) =>
    ports?.length
      ? ports.flatMap(({ port }) => (addresses ?? []).map(({ ip }) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)))
      : (addresses ?? []).map(({ ip }) => ip),
  )
  const shown = all.slice(0, SHOWN_MAX).join(',')
  return all.length > SHOWN_MAX ? `${shown} + ${all.length - SHOWN_MAX} more...` : orNone(shown)
}
