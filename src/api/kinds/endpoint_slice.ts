import { objectFields } from '../meta.ts'
import type { Kind } from '../kind.ts'
import { atomicList, object, required, string, type Infer } from '../schema.ts'
import { endpoint, endpointPort } from '../types/endpoint_slice.ts'
import { validateEndpointSlice, validateEndpointSliceUpdate } from '../validation/endpoints.ts'
import { compileValues } from '../validation/values.ts'
import { ageColumn, nameColumn, textColumn } from './columns.ts'
import { declareKind } from './declare.ts'

const schema = object(
  'io.k8s.api.discovery.v1.EndpointSlice',
  {
    ...objectFields,
    addressType: required(string({ values: ['IPv4', 'IPv6', 'FQDN'] })),
    endpoints: required(atomicList(endpoint)),
    ports: atomicList(endpointPort),
  },
  { doc: 'Some of the addresses behind a Service, and whether each is ready, serving and terminating.' },
)

const valuesErrors = compileValues(schema)

export interface EndpointSlice extends Infer<typeof schema> {}

const SHOWN_MAX = 3

export const EndpointSlice: Kind<EndpointSlice> = declareKind<EndpointSlice>({
  group: 'discovery.k8s.io',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  namespaced: true,
  schema,
  setDefaults: slice => {
    const { ports } = slice
    // Left out, they are empty lists: validation then says what is missing.
    slice.endpoints ??= []
    for (const endpoint of slice.endpoints) endpoint.addresses ??= []
    for (const port of ports ?? []) port.name ??= ''
  },
  validate: slice => [...valuesErrors(slice, ''), ...validateEndpointSlice(slice)],
  validateUpdate: validateEndpointSliceUpdate,
  columns: [
    nameColumn,
    textColumn('AddressType', 'IPv4, IPv6 or FQDN.', ({ addressType }) => addressType),
    textColumn('Ports', 'The ports of every address.', ({ ports }) =>
      printFirst((ports ?? []).map(({ port, name }) => (port === undefined ? name || '*' : String(port)))),
    ),
    textColumn('Endpoints', 'The addresses, ready or not.', ({ endpoints }) => printFirst(endpoints.flatMap(({ addresses }) => addresses))),
    ageColumn,
  ],
})

function printFirst(items: readonly string[]): string {
  const shown = items.slice(0, SHOWN_MAX).join(',')
  return items.length > SHOWN_MAX ? `${shown} + ${items.length - SHOWN_MAX} more...` : shown || '<unset>'
}
