/** What one Pod, container or claim of a namespace may ask for, and what it gets that asks for nothing. */
import { atomicList, map, object, quantity, required, string, type Infer } from '../schema.ts'

export const limitRangeItem = object('io.k8s.api.core.v1.LimitRangeItem', {
  default: map(quantity(), { doc: 'The limit of containers that name none.' }),
  defaultRequest: map(quantity(), { doc: 'The request of containers that name none.' }),
  max: map(quantity(), { doc: 'The most that may be used.' }),
  maxLimitRequestRatio: map(quantity(), { doc: 'How many times the request the limit may be.' }),
  min: map(quantity(), { doc: 'The least that must be asked for.' }),
  type: required(string({ doc: 'What this is about: Container, Pod or PersistentVolumeClaim.' })),
})

export const limitRangeSpec = object('io.k8s.api.core.v1.LimitRangeSpec', {
  limits: required(atomicList(limitRangeItem, { doc: 'The limits, at most one for each type.' })),
})

export interface LimitRangeItem extends Infer<typeof limitRangeItem> {}
export interface LimitRangeSpec extends Infer<typeof limitRangeSpec> {}
