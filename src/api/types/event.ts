/** Parts of core/v1 events. */
import { int32, microTime, object, string, type Infer } from '../schema.ts'

export const eventSource = object('io.k8s.api.core.v1.EventSource', {
  component: string(),
  host: string(),
})

export const eventSeries = object('io.k8s.api.core.v1.EventSeries', {
  count: int32(),
  lastObservedTime: microTime(),
})

export interface EventSource extends Infer<typeof eventSource> {}
export interface EventSeries extends Infer<typeof eventSeries> {}
