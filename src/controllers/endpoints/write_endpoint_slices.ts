import { deepEqual } from '../../api/deep.ts'
import { EndpointSlice } from '../../api/kinds/endpoint_slice.ts'
import type { Service } from '../../api/kinds/service.ts'
import { keyOf } from '../../api/meta.ts'
import { isReason } from '../../api/status.ts'
import type { Client } from '../../client/client.ts'
import { TRIGGER_TIME_ANNOTATION } from './backends.ts'
import { unlessSettled } from '../namespace_contents.ts'
import type { SliceChanges } from './plan_endpoint_slices.ts'

export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name'
export const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by'

/** What every slice of one Service carries, beside its endpoints. */
export interface SliceMetadata {
  readonly service: Service
  readonly labels: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  /** Of the change that is being written; left out, nobody knows. */
  readonly triggerTime: string | undefined
}

/** Slices whose endpoints stay are written only if their labels do not say what they should. */
export async function writeEndpointSlices(api: Client, { create, update, remove }: SliceChanges, existing: readonly EndpointSlice[], wanted: SliceMetadata) {
  const { service, labels } = wanted
  const { namespace = '', name = '', uid = '' } = service.metadata
  const annotations = { ...wanted.annotations, ...(wanted.triggerTime && { [TRIGGER_TIME_ANNOTATION]: wanted.triggerTime }) }
  const touched = new Set([...update.map(({ slice }) => slice), ...remove])
  const mislabelled = existing.filter(slice => !touched.has(slice) && !deepEqual(slice.metadata.labels, labels))
  const updates = [...update, ...mislabelled.map(slice => ({ slice, ports: slice.ports ?? [], endpoints: slice.endpoints }))]
  await Promise.all([
    ...updates.map(({ slice, ports, endpoints }) =>
      api.update(EndpointSlice, { ...slice, metadata: { ...slice.metadata, labels, annotations }, ports: [...ports], endpoints: [...endpoints] }),
    ),
    ...create.map(({ ports, endpoints }) =>
      api
        .create(EndpointSlice, {
          metadata: {
            namespace,
            generateName: `${name}-`,
            labels,
            annotations,
            ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name, uid, controller: true, blockOwnerDeletion: true }],
          },
          addressType: 'IPv4',
          ports: [...ports],
          endpoints: [...endpoints],
        })
        .catch(unlessSettled),
    ),
    ...remove.map(slice => removeSlice(api, slice)),
  ])
}

export const removeSlice = (api: Client, slice: EndpointSlice): Promise<unknown> =>
  api.delete(EndpointSlice, keyOf(slice)).catch(error => {
    if (!isReason(error, 'NotFound')) throw error
  })
